"""What schemathesis cannot know: values that only the code can judge, and things that have to exist before they are named."""

import hashlib
import os
import re
from datetime import date

import requests
import schemathesis
from hypothesis import strategies as st

API, KEY = os.environ["ZWEIWEG_API"], os.environ["ZWEIWEG_KEY"]
PDF = open(os.path.join(os.path.dirname(__file__), "../../examples/invoice.pdf"), "rb").read()


def call(method, path, body):
    answer = requests.request(method, API + path, json=body, headers={"Authorization": f"Bearer {KEY}"}, timeout=30)
    answer.raise_for_status()
    return answer.json()


def uploaded_document():
    announcement = {"record": "contract", "kind": "invoice", "number": "1", "issued_on": "2026-11-20"}
    announcement |= {"content_type": "application/pdf", "size": len(PDF), "sha256": hashlib.sha256(PDF).hexdigest()}
    announced = call("POST", "/v1/documents", announcement)
    upload = announced["upload"]
    requests.request(upload["method"], upload["url"], data=PDF, headers=upload["headers"], timeout=30).raise_for_status()
    return announced["id"]


# What requests name: made anew before each run, under ids that nothing else here uses.
PATIENT = {"id": "patient", "name": "Erika Beispiel", "email": "erika@example.org", "mobile": "+4915112345678"}
call("PUT", "/v1/record-types/contract", {"self_service": {"allowed": True}})
for record in ["contract", "linked"]:
    call("PUT", f"/v1/records/{record}", {"record_type": "contract", "recipients": [PATIENT]})
DOCUMENT = uploaded_document()
DELIVERY = {"record": "contract", "recipient": "patient", "documents": [DOCUMENT]}
EXISTING = {"record_type": "contract", "record": "contract", "recipient": "patient", "linked_record": "linked"}


def symbols(count):
    return st.text("23456789BCDFGHJKLMNPQRSTVWXZ", min_size=count, max_size=count)


# What is surely accepted, where the description's own pattern lets more through than the code.
PATTERNS = {
    "email": r"^[a-z]{1,8}(\.[a-z]{1,8})?@([a-z]{1,8}\.)?example\.org$",
    "mobile": r"^\+49151[0-9]{8}$",
    "time-zone": r"^(Europe/Berlin|America/Argentina/Ushuaia|Pacific/Chatham|UTC)$",
    "uri": r"^https://[a-z]{1,8}\.example\.org(/[a-z]{0,8})?(\?[a-z]{1,8}=[a-z]{1,8})?$",
}
# The same where what the pattern refuses might be accepted too.
WORD = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)
FORMATS = {
    "date": st.dates(date(1900, 1, 1), date(2999, 12, 31)).map(str),
    "draft": st.just(call("POST", "/v1/deliveries/preview", DELIVERY)["draft"]),
    "line": st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=50),
    "email-template": st.builds("{}\n${{link}}\n${{referenz}}\n<#if zusatzText?has_content>${{zusatzText}}</#if>".format, WORD),
    "message-template": st.builds("{}\n${{code}} ${{referenz}}".format, WORD),
    "public-name": st.text("ABCÄÖÜabcäöü 0123€&-„“ł", min_size=1, max_size=15).map("P{}".format),
    "spoken-reference": st.builds("{}{}{}".format, symbols(4), st.sampled_from(["", "-", " ", " – "]), symbols(4).map(str.lower)),
    "subject-template": st.builds("{} ${{praxis}} (${{anzahl}})".format, WORD),
}
for name, strategy in FORMATS.items():
    schemathesis.openapi.format(name, strategy)


@schemathesis.hook
def before_load_schema(context, schema):
    """Clients shall ignore new fields of answers; here an answer has the described ones and no others.

    Where values are drawn, a pattern goes before a format, so it is taken out where a format above says more.
    """
    sharpen(schema["components"]["schemas"])
    sharpen(schema["paths"])


def sharpen(node):
    if isinstance(node, list):
        for item in node:
            sharpen(item)
    elif isinstance(node, dict):
        if node.get("type") == "object" and "properties" in node:
            node.setdefault("additionalProperties", False)
        if node.get("format") in PATTERNS:
            node["pattern"] = PATTERNS[node.pop("format")]
        elif node.get("format") in FORMATS:
            for keyword in ["pattern", "minLength", "maxLength"]:
                node.pop(keyword, None)
        for item in node.values():
            sharpen(item)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Lets well-formed names mean something that exists; what is malformed on purpose stays as it is."""
    if case.method in ("PUT", "DELETE") and case.path_parameters.get("id") in EXISTING.values():
        case.path_parameters["id"] = "another"
    if not isinstance(case.body, dict) or breaks_format(case):
        return
    name_existing(case.body)
    if case.operation.path == "/v1/templates/{kind}/{channel}/{language}" and case.path_parameters["channel"] in ("email", "message"):
        # The body's fields say which of the two it is for.
        case.path_parameters["channel"] = "email" if "subject" in case.body else "message"


def breaks_format(case):
    """Whether a value breaks its format on purpose: a body that is changed is judged anew, and then without formats."""
    mutations = getattr(case.meta.phase.data, "mutations", None) if case.meta else None
    return any("format" in (mutation.keywords or ()) for mutation in mutations or ())


def name_existing(body):
    for field, existing in EXISTING.items():
        if is_id(body.get(field)):
            body[field] = existing
    documents = body.get("documents")
    if isinstance(documents, list) and len(documents) == 1 and is_id(documents[0]):
        body["documents"] = [DOCUMENT]
    items = body.get("items")
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict) and is_id(item.get("document")) and re.fullmatch("[0-9]{8}-[a-z0-9]{25}", item["document"]):
            item["document"] = DOCUMENT
    recipients = body.get("recipients")
    for at, recipient in enumerate(recipients if isinstance(recipients, list) else []):
        if isinstance(recipient, dict):
            name_existing(recipient)
            if is_id(recipient.get("id")):
                recipient["id"] = f"recipient-{at}"


def is_id(value):
    return isinstance(value, str) and re.fullmatch("[A-Za-z0-9_-]{1,64}", value) is not None
