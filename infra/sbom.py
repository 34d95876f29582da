#!/usr/bin/env python3
"""The bill of materials of the functions: every crate that is compiled into one, in CycloneDX 1.6.

    .venv/bin/python infra/sbom.py target/sbom.json

It follows the lock file as cargo resolves it for the processor that functions run on, without what only tests or build scripts use.
The result is checked against CycloneDX's own schema before it is printed, and is the same for the same commit.
"""

import json
import subprocess
import sys
import tomllib
import uuid
from datetime import datetime
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

ROOT = Path(__file__).resolve().parent.parent
PROCESSOR = "aarch64-unknown-linux-gnu"


def said_by(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def checksums(lock: dict) -> dict[tuple[str, str], str]:
    """SHA-256 of each crate as the registry has it, by name and version."""
    return {(package["name"], package["version"]): package.get("checksum", "") for package in lock["package"]}


def component(package: dict, checksum: str) -> Component:
    is_ours = package["source"] is None
    licence = None if is_ours else package["license"]
    return Component(
        type=ComponentType.APPLICATION if is_ours else ComponentType.LIBRARY,
        name=package["name"],
        version=package["version"],
        bom_ref=f"{package['name']}@{package['version']}",
        purl=None if is_ours else PackageURL("cargo", name=package["name"], version=package["version"]),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)] if checksum else [],
        licenses=[LicenseFactory().make_from_string(licence.replace("/", " OR "))] if licence else [],
        description=package["description"],
    )


def linked(functions: list[str]) -> set[tuple[str, str]]:
    """Names and versions of what is linked into a function: nothing that only builds or tests, and no macros, of which nothing is left."""
    chosen = [word for function in functions for word in ("-p", function)]
    shown = ["--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"]
    tree = said_by("cargo", "tree", "--locked", "--target", PROCESSOR, *chosen, *shown)
    # Such as: serde v1.0.0, with a folder behind it where it is one of ours.
    lines = (line.split(" ") for line in tree.splitlines() if line)
    return {(name, version.removeprefix("v")) for name, version, *_ in lines}


def bill() -> Bom:
    functions = sorted(folder.name for folder in (ROOT / "functions").iterdir())
    names = linked(functions)
    cargo = json.loads(said_by("cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", PROCESSOR))
    lock = (ROOT / "Cargo.lock").read_text()
    sums = checksums(tomllib.loads(lock))
    keys = {package["id"]: (package["name"], package["version"]) for package in cargo["packages"]}
    components = {
        package["id"]: component(package, sums.get(keys[package["id"]], ""))
        for package in cargo["packages"]
        if keys[package["id"]] in names
    }

    # The same commit has the same number and time, whoever makes the bill and when.
    bom = Bom(version=1, serial_number=uuid.uuid5(uuid.NAMESPACE_OID, lock))
    bom.metadata.timestamp = datetime.fromisoformat(said_by("git", "log", "-1", "--format=%cI").strip())
    zweiweg = Component(type=ComponentType.APPLICATION, name="zweiweg", bom_ref="zweiweg")
    bom.metadata.component = zweiweg
    for node in cargo["resolve"]["nodes"]:
        if node["id"] in components:
            bom.components.add(components[node["id"]])
            below = [components[id] for id in node["dependencies"] if id in components]
            bom.register_dependency(components[node["id"]], below)
    ours = [made for id, made in components.items() if keys[id][0] in functions]
    bom.register_dependency(zweiweg, ours)
    return bom


def main(path: str) -> int:
    text = JsonV1Dot6(bill()).output_as_string(indent=2)
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if error:
        print(f"this is no CycloneDX: {error}", file=sys.stderr)
        return 1
    Path(path).write_text(text + "\n")
    print(f"{path}: {len(json.loads(text)['components'])} crates")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: infra/sbom.py FILE")
    sys.exit(main(sys.argv[1]))
