"""Deploys the template with the release build to the emulator at ADDRESS, and drives the main job over the deployed API.

    journey.py ADDRESS FOLDER

`sam deploy`, template.yaml, the binaries and the operator's command are the real ones. What the emulator cannot do, and what is done here instead:

- It makes no alarm that computes with several metrics: those are left out of the copy of the template that `sam build` makes.
- It does not read routes and authorizer from the OpenAPI body that SAM makes: they are made by calls, from that very body as the deployed stack has it.
- It hands functions no list of cookies: emulator.py makes one.
- It checks no permissions, no signature's age and no bucket policy, knows no throttles, and writes no access log.
- SES tells nobody what became of an e-mail, and nobody but SES may put its events on the bus: `feedback` is called with one of AWS's own documents, after the rule was asked whether it takes that.
- Whatever the name in BaseUrl, the API answers under the emulator's address; the name stands in the headers.

Each step says what it is and how long it took; the first that fails is named, and ends everything.
"""

import contextlib
import hashlib
import json
import platform
import re
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

import boto3
import requests
import yaml

ADDRESS, FOLDER = sys.argv[1], Path(sys.argv[2])
STACK, REGION = "zweiweg", "eu-central-1"
PAGES = "https://dokumente.example.org"
PDF = Path("examples/invoice.pdf").read_bytes()
CODE = re.compile(r"\b[2-9B-DF-HJ-NP-TV-XZ]{3}-[2-9B-DF-HJ-NP-TV-XZ]{3}\b")
PATIENTS = {"patient": "+4915112345678", "parent": "+4915112345679", "insurer": "+4915112345670"}


@contextlib.contextmanager
def step(name):
    """One step: its name, and how long it took. A failure names it and ends the process."""
    began = time.monotonic()
    try:
        yield
    except Exception as error:
        sys.exit(f"deployed: FAILED at: {name}\n{type(error).__name__}: {error}")
    print(f"deployed: {name}: {time.monotonic() - began:.1f} s", flush=True)


def expect(what, is_so):
    if not is_so:
        raise AssertionError(what)


def until(what, seconds, look):
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        expect(f"not within {seconds} s: {what}", time.monotonic() < deadline)
        time.sleep(0.2)
    return found


def run(*command):
    """What a command says. It reaches the emulator alone."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(FOLDER),
        "SAM_CLI_TELEMETRY": "0",
        "AWS_ENDPOINT_URL": ADDRESS,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }
    done = subprocess.run(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    expect(f"{command[0]} ended with {done.returncode}:\n{done.stdout}", done.returncode == 0)
    return done.stdout


def aws(service):
    return boto3.client(service, endpoint_url=ADDRESS, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")


# ---- the deployment


def deploy():
    """The stack's outputs, and its resources by their names in the template."""
    architecture = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]
    parameters = [f"Architecture={architecture}", f"BaseUrl={PAGES}", "MailFrom=praxispost@example.org"]
    options = ["--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-progressbar", "--no-confirm-changeset"]
    run(".venv/bin/sam", "build", "--build-dir", str(FOLDER / "build"))
    leave_out_what_cannot_be_deployed(FOLDER / "build/template.yaml")
    built = ["--template-file", str(FOLDER / "build/template.yaml")]
    run(".venv/bin/sam", "deploy", "--stack-name", STACK, *built, *options, "--parameter-overrides", *parameters)
    formation = aws("cloudformation")
    outputs = formation.describe_stacks(StackName=STACK)["Stacks"][0]["Outputs"]
    resources = formation.describe_stack_resources(StackName=STACK)["StackResources"]
    return (
        {output["OutputKey"]: output["OutputValue"] for output in outputs},
        {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources},
    )


def leave_out_what_cannot_be_deployed(file):
    """Alarms over several metrics, in the copy that sam build made; says which."""
    template = yaml.safe_load(file.read_text())
    resources = template["Resources"]
    left_out = [name for name, resource in resources.items() if resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]]
    for name in left_out:
        del resources[name]
    file.write_text(yaml.safe_dump(template, sort_keys=False))
    print(f"deployed: left out: {', '.join(left_out)}")


def make_routes(resources):
    """The routes of the deployed stack's OpenAPI body, with its authorizer; how many there are."""
    gateway, api = aws("apigatewayv2"), resources["HttpApi"]
    template = aws("cloudformation").get_template(StackName=STACK, TemplateStage="Processed")["TemplateBody"]
    body = template["Resources"]["HttpApi"]["Properties"]["Body"]

    def function(uri):
        name = re.search(r"(\w+)(?:\.|\", \")Arn", json.dumps(uri))[1]
        return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/arn:aws:lambda:{REGION}:000000000000:function:{resources[name]}/invocations"

    authorizers = {}
    for name, scheme in body["components"]["securitySchemes"].items():
        asked = scheme["x-amazon-apigateway-authorizer"]
        made = gateway.create_authorizer(
            ApiId=api,
            Name=name,
            AuthorizerType=asked["type"].upper(),
            AuthorizerUri=function(asked["authorizerUri"]),
            AuthorizerPayloadFormatVersion=asked["authorizerPayloadFormatVersion"],
            AuthorizerResultTtlInSeconds=asked["authorizerResultTtlInSeconds"],
            EnableSimpleResponses=asked["enableSimpleResponses"],
            IdentitySource=asked["identitySource"],
        )
        authorizers[name] = made["AuthorizerId"]
    routes = [(f"{method.upper()} {path}", route) for path, methods in body["paths"].items() for method, route in methods.items()]
    for key, route in routes:
        asked = route["x-amazon-apigateway-integration"]
        made = gateway.create_integration(
            ApiId=api,
            IntegrationType=asked["type"].upper(),
            IntegrationUri=function(asked["uri"]),
            PayloadFormatVersion=asked["payloadFormatVersion"],
        )
        guards = [authorizers[name] for scheme in route.get("security", []) for name in scheme if name != "NONE"]
        guard = {"AuthorizationType": "CUSTOM", "AuthorizerId": guards[0]} if guards else {}
        gateway.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{made['IntegrationId']}", **guard)
    return len(routes)


# ---- who uses it


class Practice:
    """A practice's program, with its key."""

    def __init__(self, host, key):
        self.host, self.key, self.requests = host, key, 0

    def call(self, status, method, path, body=None):
        """The answer's JSON; fails unless it has this status."""
        self.requests += 1
        headers = {"Host": self.host, "Idempotency-Key": f"request-{self.requests}"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        answer = requests.request(method, ADDRESS + path, json=body, headers=headers, timeout=30)
        expect(f"{method} {path}: {answer.status_code} {answer.text}", answer.status_code == status)
        return answer.json() if answer.content else None

    def document(self, number):
        """Announces an invoice, uploads it where the answer says, and sees it ready: its id."""
        announced = {"record": "r1", "kind": "invoice", "number": number, "issued_on": "2026-11-20", "content_type": "application/pdf"}
        announced |= {"size": len(PDF), "sha256": hashlib.sha256(PDF).hexdigest(), "released": True}
        made = self.call(201, "POST", "/v1/documents", announced)
        upload = made["upload"]
        requests.request(upload["method"], upload["url"], data=PDF, headers=upload["headers"], timeout=30).raise_for_status()
        state = self.call(200, "GET", f"/v1/documents/{made['id']}")["state"]
        expect(f"the document is {state}", state == "ready")
        return made["id"]


class Patient:
    """A patient's browser, which opened the link of an e-mail."""

    def __init__(self, host, link):
        self.host, self.path, self.cookies = host, link.removeprefix(PAGES), {}

    def call(self, status, method, path, form=None):
        """The answer; fails unless it has this status."""
        headers = {"Host": self.host, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if method == "POST":
            headers |= {"Origin": PAGES, "Sec-Fetch-Site": "same-origin"}
        answer = requests.request(method, ADDRESS + path.removeprefix(PAGES), data=form, headers=headers, allow_redirects=False, timeout=30)
        expect(f"{method} {path}: {answer.status_code} {answer.text}", answer.status_code == status)
        # Kept by hand: a client that goes by the rules would not hand cookies for https to http.
        self.cookies |= dict(pair.split(";")[0].split("=", 1) for pair in answer.raw.headers.getlist("Set-Cookie"))
        return answer

    def form(self, action):
        """The hidden field of the page's form that posts there."""
        page = self.call(200, "GET", self.path).text
        form = next(form for form in page.split("<form")[1:] if re.search(rf'action="[^"]*{action}[?"]', form))
        return re.search(r'name="form" value="([^"]+)"', form)[1]

    def enter(self, status, code):
        token = self.path.rsplit("/", 1)[1]
        return self.call(status, "POST", self.path, {"form": self.form(token), "code": code})

    def download(self):
        """The bytes of each document on the page."""
        page = self.call(200, "GET", f"{self.path}/documents").text
        documents = dict.fromkeys(re.findall(r'href="[^"]*/documents/([0-9a-z-]+)', page))
        targets = [self.call(303, "GET", f"{self.path}/documents/{document}").headers["Location"] for document in documents]
        files = [requests.get(target, timeout=30) for target in targets]
        for file in files:
            file.raise_for_status()
        return [file.content for file in files]


def emails():
    """What SES was given, oldest first."""
    return [mail for mails in requests.get(f"{ADDRESS}/_ministack/ses/messages", timeout=30).json()["messages"].values() for mail in mails]


def texts(number):
    """What SNS was given for this number, oldest first."""
    messages = requests.get(f"{ADDRESS}/_ministack/sns/sms-messages", timeout=30).json()["sms_messages"]
    return [message["Message"] for message in messages.get(number, [])]


def link_of(mail):
    return re.search(re.escape(PAGES) + r"/d/[2-9B-DF-HJ-NP-TV-XZ]{28}", mail["BodyText"])[0]


# ---- the main job

with step("sam build, sam deploy"):
    outputs, resources = deploy()
with step("routes and authorizer"):
    count = make_routes(resources)
    host = outputs["ApiAddress"].removeprefix("https://").split(".")[0] + ".execute-api.localhost"
    print(f"deployed: {count} routes of {host}")
with step("the operator verifies the e-mail domain and makes a practice"):
    aws("sesv2").create_email_identity(EmailIdentity="example.org")
    operator = ["target/debug/operator", "--endpoint", ADDRESS, "--table", outputs["TableName"]]
    said = run(*operator, "practice", "create", "praxis-am-park", "--name", "Praxis am Park")
    practice = Practice(host, said.split()[-1])
with step("the authorizer: 401 without a key, 403 with a wrong one, none for the API's description"):
    Practice(host, None).call(401, "GET", "/v1/settings")
    Practice(host, practice.key[:-4] + "2222").call(403, "GET", "/v1/settings")
    expect("OpenAPI", Practice(host, None).call(200, "GET", "/v1/openapi.json")["openapi"].startswith("3.1"))
with step("settings, record type, record"):
    settings = {"name": "Praxis am Park", "sms_allowed": True, "phone": "0441 234567", "reply_to": "praxis@example.org"}
    practice.call(200, "PUT", "/v1/settings", settings)
    practice.call(200, "PUT", "/v1/record-types/std", {"channel": "sms", "self_service": {"allowed": True}})
    recipients = [{"id": id, "name": id.title(), "email": f"{id}@example.org", "mobile": mobile} for id, mobile in PATIENTS.items()]
    practice.call(200, "PUT", "/v1/records/r1", {"record_type": "std", "recipients": recipients})
with step("a document, uploaded to the bucket"):
    document = practice.document("1")
with step("preview and sending"):
    preview = practice.call(200, "POST", "/v1/deliveries/preview", {"record": "r1", "recipient": "patient", "documents": [document]})
    expect(f"sendable: {preview['problems']}", preview["sendable"])
    sent = practice.call(201, "POST", "/v1/deliveries", {"draft": preview["draft"]})
with step("link by e-mail, code by SMS, and neither with the other"):
    [mail], [message] = emails(), texts(PATIENTS["patient"])
    link, code = link_of(mail), preview["code"]
    expect("the e-mail has the reference", sent["reference"] in mail["BodyText"] and mail["To"] == ["patient@example.org"])
    expect("the message has reference and code", sent["reference"] in message and code in message)
    expect("the e-mail has no code", code not in json.dumps(mail))
    expect("the message has no link", "/d/" not in message)
with step("code page, wrong code, right code"):
    patient = Patient(host, link)
    expect("the page has the reference", sent["reference"] in patient.call(200, "GET", patient.path).text)
    wrong = "222-222" if code != "222-222" else "333-333"
    patient.enter(401, wrong)
    patient.enter(303, code)
with step("documents and download, byte by byte"):
    expect("the same bytes", patient.download() == [PDF])
with step("a new code by self-service opens, the old one does not"):
    other = Patient(host, link)
    other.call(303, "POST", f"{other.path}/code", {"form": other.form("/code")})
    new = CODE.search(texts(PATIENTS["patient"])[1])[0]
    other.enter(401, code)
    other.enter(303, new)
with step("an invoice run, along the table's stream"):
    items = [{"document": practice.document(str(number)), "recipient": id} for number in range(2, 6) for id in PATIENTS]
    started = practice.call(202, "POST", "/v1/invoice-runs", {"items": items})
    path = f"/v1/invoice-runs/{started['id']}"
    ended = until("the run's end", 60, lambda: (run := practice.call(200, "GET", path))["finished_at"] and run)
    expect(f"{ended}", ended["counts"]["sent"] == len(items))
    mails, codes = emails()[1:], [text for number in PATIENTS.values() for text in texts(number)][2:]
    expect("an e-mail and a message for each item", len(mails) == len(codes) == len(items))
    expect("a link of its own in each", len({link_of(mail) for mail in mails}) == len(items))
with step("feedback: SES says that the e-mail arrived"):
    table = boto3.resource("dynamodb", endpoint_url=ADDRESS, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test").Table(outputs["TableName"])
    rows = table.scan(ConsistentRead=True)["Items"]
    [partition] = {row["pk"] for row in rows if row["pk"].startswith("LINK#") and row.get("id") == sent["id"]}
    detail = json.loads(Path("tests/tests/feedback/events/delivery.json").read_text())
    detail["mail"]["messageId"] = sent["email"]["message_id"]
    detail["mail"]["tags"] |= {"delivery": [partition.removeprefix("LINK#")], "ses:configuration-set": [resources["ConfigurationSet"]]}
    event = {"version": "0", "id": "1", "detail-type": "Email Delivered", "source": "aws.ses", "account": "000000000000"}
    event |= {"time": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), "region": REGION, "resources": [], "detail": detail}
    pattern = aws("events").describe_rule(Name=resources["FeedbackSaid"])["EventPattern"]
    expect("the rule takes the event", aws("events").test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"])
    answer = aws("lambda").invoke(FunctionName=resources["Feedback"], Payload=json.dumps(event))
    expect(f"{answer}", "FunctionError" not in answer)
    state = practice.call(200, "GET", f"/v1/deliveries/{sent['id']}")
    expect(f"{state}", state["email"]["status"] == "delivered")
with step("the audit, along the table's stream"):

    def audit():
        rows = practice.call(200, "GET", "/v1/audit?record=r1&limit=100")["items"]
        return Counter((row["action"], row["outcome"]) for row in rows if row.get("delivery") == sent["id"])

    said_at_once = Counter({("email", "accepted"): 1, ("message", "accepted"): 1, ("entry", "right"): 2, ("downloaded", "done"): 1})
    until("its rows", 20, lambda: said_at_once <= audit())
with step("revoked at once"):
    practice.call(204, "DELETE", f"/v1/deliveries/{sent['id']}")
    other.call(410, "GET", other.path)
with step("the schedule settles what the stream leaves open"):
    until("both wrong entries", 90, lambda: audit()["entry", "wrong"] == 2)
with step("logs of every function, with no secret and nobody's address in them"):
    logs, lines = aws("logs"), {}
    for group in logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{STACK}/")["logGroups"]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        lines[group["logGroupName"].rsplit("/", 1)[1]] = "\n".join(event["message"] for page in pages for event in page["events"])
    secrets = [practice.key, link.rsplit("/", 1)[1], sent["reference"], code, new]
    secrets += [secret.replace("-", "") for secret in secrets] + [f"{id}@example.org" for id in PATIENTS] + list(PATIENTS.values())
    for name, text in lines.items():
        # The emulator's own line of each call is in there, and after it what the function wrote.
        expect(f"{name} was called and logs", "REPORT RequestId" in text)
        expect(f"{name} keeps secrets", not any(secret in text for secret in secrets))
    for name, said in {"verify": "POST /d/{token}", "issue": "POST /v1/deliveries", "download": "GET /d/{token}/documents"}.items():
        expect(f"{name} logs routes", f'"route":"{said}"' in lines[name])
    expect(f"ten functions: {sorted(lines)}", len(lines) == len(list(Path("functions").iterdir())))
