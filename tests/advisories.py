#!/usr/bin/env python3
"""Asks OSV (https://google.github.io/osv.dev/api/) whether anything in Cargo.lock has a known fault.

Ends with 1 and names each that deny.toml does not put up with. Where the service cannot be reached, it says so loudly and ends with 0:
whether the code is right does not depend on the network.
"""

import argparse
import json
import pathlib
import sys
import tomllib
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
AT_ONCE = 500  # The service takes up to 1,000.
SECONDS = 20


def packages():
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    return [(package["name"], package["version"]) for package in lock["package"] if "source" in package]


def known_faults(service, asked):
    queries = [{"package": {"purl": f"pkg:cargo/{name}@{version}"}} for name, version in asked]
    request = urllib.request.Request(
        f"{service}/v1/querybatch",
        data=json.dumps({"queries": queries}).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        results = json.load(answer)["results"]
    if len(results) != len(asked):
        raise ValueError(f"{len(results)} answers to {len(asked)} questions")
    for (name, version), result in zip(asked, results):
        for fault in result.get("vulns", []):
            yield name, version, fault["id"]


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--service", default="https://api.osv.dev", help="where to ask")
    service = arguments.parse_args().service
    lists = tomllib.loads((ROOT / "deny.toml").read_text())["advisories"]["ignore"]
    put_up_with = {entry if isinstance(entry, str) else entry["id"] for entry in lists}
    everything = packages()
    found = []
    try:
        for start in range(0, len(everything), AT_ONCE):
            found += known_faults(service, everything[start : start + AT_ONCE])
    except (OSError, ValueError, KeyError) as error:
        print(f"!!! KNOWN FAULTS WERE NOT LOOKED UP: {service} did not answer ({error}).", file=sys.stderr)
        print("!!! Run this where it does before deploying: tests/advisories.py", file=sys.stderr)
        return 0
    faults = [fault for fault in found if fault[2] not in put_up_with]
    for name, version, fault in faults:
        print(f"{name} {version}: {fault}, see https://osv.dev/{fault}. Update it, or put up with it in deny.toml and say why.")
    print(f"{len(everything)} packages, {len(faults)} known faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
