#!/usr/bin/env bash
# Every call of the practices' API once, with curl, in an order in which a practice's program would make them.
#
#   cargo run -- serve --ready-file ready.json &
#   examples/api.sh ready.json
#
# Stops at the first call that does not answer the status in front of it. What each call takes and answers: GET /v1/openapi.json.
set -euo pipefail

ready=${1:?usage: examples/api.sh READY_FILE}
file=$(dirname "${BASH_SOURCE[0]}")/invoice.pdf

# A member of the JSON on standard input: `read_json upload url`.
read_json() { python3 -c 'import functools, json, sys; print(functools.reduce(lambda value, name: value[name], sys.argv[1:], json.load(sys.stdin)))' "$@"; }

api=$(read_json api <"$ready")/v1
key="Authorization: Bearer $(read_json api_key <"$ready")"

# Runs curl, shows the call and what comes back, keeps the body in $answer, and insists on the status.
expect() {
  local status=$1 output
  shift
  output=$("$@" --silent --show-error --write-out '\n%{http_code} %{method} %{url}')
  answer=${output%$'\n'*}
  output=${output##*$'\n'}
  printf '\n%s\n%s\n' "$output" "$answer"
  [[ $output == "$status "* ]] || { echo "expected $status"; exit 1; }
}
new_key() { echo "Idempotency-Key: $(date +%s%N)-$RANDOM"; }

# ---- what the API says of itself; the only call without a key
expect 200 curl "$api/openapi.json"

# ---- the practice
expect 200 curl -H "$key" "$api/settings" -X PUT -d '{"name": "Praxis am Park", "reply_to": "praxis@example.org", "phone": "0441 234567", "sms_allowed": true}'
expect 200 curl -H "$key" "$api/settings"

# ---- records: defaults for a group, then a patient's file
expect 200 curl -H "$key" "$api/record-types/standard" -X PUT -d '{"channel": "sms", "self_service": {"allowed": true}}'
expect 200 curl -H "$key" "$api/record-types/standard"
expect 200 curl -H "$key" "$api/record-types?limit=10"
expect 200 curl -H "$key" "$api/records/akte-4711" -X PUT -d '{"record_type": "standard", "recipients": [
  {"id": "patient", "name": "Erika Beispiel", "email": "erika@example.org", "mobile": "+4915112345678"}]}'
expect 200 curl -H "$key" "$api/records/akte-4711"
expect 200 curl -H "$key" "$api/records"

# ---- the practice's own words
expect 200 curl -H "$key" "$api/templates"
expect 200 curl -H "$key" "$api/templates/invoice/message/de" -X PUT -d '{"body": "${praxis}\nCode: ${code}\nReferenz: ${referenz}"}'
expect 200 curl -H "$key" "$api/templates/invoice/message/de"
expect 204 curl -H "$key" "$api/templates/invoice/message/de" -X DELETE

# ---- webhooks; the secret that signs is shown here alone
expect 200 curl -H "$key" "$api/webhooks/praxisprogramm" -X PUT -d '{"url": "https://hooks.example.org/zweiweg", "events": ["delivery.opened", "delivery.closed"]}'
expect 200 curl -H "$key" "$api/webhooks/praxisprogramm"
expect 200 curl -H "$key" "$api/webhooks"
expect 200 curl -H "$key" "$api/webhooks/praxisprogramm/test" -X POST

# ---- a document: announce it, then send its bytes where the answer says
sha256=$(python3 -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$file")
expect 201 curl -H "$key" -H "$(new_key)" "$api/documents" -d '{"record": "akte-4711", "kind": "invoice", "number": "2026-0815", "issued_on": "2026-11-20",
  "content_type": "application/pdf", "size": '"$(wc -c <"$file")"', "sha256": "'"$sha256"'"}'
document=$(read_json id <<<"$answer")
url=$(read_json upload url <<<"$answer")
headers=()
while read -r header; do headers+=(-H "$header"); done < <(python3 -c 'import json, sys; [print(f"{name}: {value}") for name, value in json.load(sys.stdin)["upload"]["headers"].items()]' <<<"$answer")
expect 200 curl "${headers[@]}" "$url" -X PUT --data-binary "@$file"
expect 200 curl -H "$key" "$api/documents/$document"
expect 200 curl -H "$key" "$api/documents?record=akte-4711"
expect 200 curl -H "$key" "$api/documents/$document" -X PATCH -d '{"released": true}'

# ---- look first, then send exactly that: the e-mail with the link, the SMS with the code
expect 200 curl -H "$key" "$api/deliveries/preview" -d '{"record": "akte-4711", "recipient": "patient", "documents": ["'"$document"'"]}'
draft=$(read_json draft <<<"$answer")
expect 201 curl -H "$key" -H "$(new_key)" "$api/deliveries" -d '{"draft": "'"$draft"'"}'
delivery=$(read_json id <<<"$answer")
reference=$(read_json reference <<<"$answer")

# ---- what became of it, a new code on the phone, and taking it back
expect 200 curl -H "$key" "$api/deliveries/$delivery"
expect 200 curl -H "$key" "$api/deliveries?state=open&reference=$reference"
expect 201 curl -H "$key" -H "$(new_key)" "$api/deliveries/$delivery/code" -d '{"channel": "spoken"}'
expect 204 curl -H "$key" "$api/deliveries/$delivery" -X DELETE
expect 200 curl -H "$key" "$api/usage"
expect 200 curl -H "$key" "$api/audit?record=akte-4711&limit=10"

# ---- many at once: tried first, then sent; one item cannot be sent, and is tried again once that is mended
ended() { until [[ $(curl --silent -H "$key" "$api/invoice-runs/$run" | read_json state) == finished ]]; do sleep 0.2; done; }
items='{"items": [{"document": "'"$document"'", "recipient": "patient"}, {"document": "'"$document"'", "recipient": "gone"}]'
expect 202 curl -H "$key" -H "$(new_key)" "$api/invoice-runs" -d "$items"', "dry_run": true}'
run=$(read_json id <<<"$answer")
ended
expect 200 curl -H "$key" "$api/invoice-runs/$run/items?state=failed"
expect 202 curl -H "$key" -H "$(new_key)" "$api/invoice-runs" -d "$items"'}'
run=$(read_json id <<<"$answer")
ended
expect 200 curl -H "$key" "$api/invoice-runs/$run"
expect 202 curl -H "$key" -H "$(new_key)" "$api/invoice-runs/$run/retry" -d '{"state": "failed"}'
ended
expect 409 curl -H "$key" "$api/invoice-runs/$run/cancel" -X POST

# ---- what is deleted is gone
expect 204 curl -H "$key" "$api/documents/$document" -X DELETE
expect 204 curl -H "$key" "$api/records/akte-4711" -X DELETE
expect 204 curl -H "$key" "$api/record-types/standard" -X DELETE
expect 204 curl -H "$key" "$api/webhooks/praxisprogramm" -X DELETE
printf '\nEvery call answered as expected.\n'
