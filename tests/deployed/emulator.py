"""The emulator of AWS (ministack) on a free port of this machine, with the one thing that our functions miss in it.

    emulator.py FOLDER

keeps what it keeps in FOLDER, writes its address to FOLDER/address, and serves until it is ended.
It starts each function's `bootstrap` as a process with this process's environment and the template's variables, so the environment holds nothing of the machine's.

It calls functions without the list of cookies that API Gateway's payload 2.0 has, so the list is made here from the header.
"""

import os
import socket
import sys
from pathlib import Path

folder = Path(sys.argv.pop()).resolve()
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
address = f"http://127.0.0.1:{port}"
path = os.environ["PATH"]
os.environ.clear()
os.environ |= {
    "PATH": path,
    "HOME": str(folder),
    "TMPDIR": str(folder),
    "STATE_DIR": str(folder),
    "BIND_HOST": "127.0.0.1",
    "GATEWAY_PORT": str(port),
    "MINISTACK_REGION": "eu-central-1",
    "AWS_ENDPOINT_URL": address,
    # Every other service is left out; this one would listen on a port of its own.
    "IOT_MTLS_ENABLED": "0",
}

# It reads its environment while it is imported.
from ministack import app  # noqa: E402
from ministack.services import lambda_svc  # noqa: E402

call = lambda_svc._execute_function_with_config_scope


def call_with_cookies(function, event):
    cookies = event.get("headers", {}).get("cookie")
    if event.get("version") == "2.0" and cookies:
        event["cookies"] = [cookie.strip() for cookie in cookies.split(";")]
    return call(function, event)


lambda_svc._execute_function_with_config_scope = call_with_cookies
(folder / "address").write_text(address)
app.main()
