#!/usr/bin/env python3
"""Writes template.yaml as CloudFormation would get it from SAM's transform, to target/template/transformed.json.

Roles with what SAM adds to their policies, routes, permissions to call functions, event sources: everything is spelled out there, in CloudFormation's long form.
Parameters and conditions stay as they are, so that whoever reads it can put in values.
Needs neither network nor credentials.
"""

import argparse
import json
import pathlib
import sys

import boto3
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.public.exceptions import InvalidDocumentException
from samtranslator.translator.translator import Translator

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
REGION = "eu-central-1"


def without_local_code(template):
    """SAM's transform takes code from a bucket alone; `sam deploy` puts it there."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/" + resource["Properties"]["CodeUri"]
    return template


def no_managed_policies():
    raise InvalidDocumentException([ValueError("a policy by name hides what it allows; write it out")])


def transformed(source):
    template = without_local_code(yaml_parse(source))
    translator = Translator(None, Parser(), boto_session=boto3.Session(region_name=REGION))
    result = translator.translate(template, parameter_values={}, get_managed_policy_map=no_managed_policies)
    result.pop("Transform", None)
    return result


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--output", type=pathlib.Path, default=ROOT / "target/template/transformed.json", help="where to write it")
    output = arguments.parse_args().output
    try:
        template = transformed((ROOT / "template.yaml").read_text())
    except InvalidDocumentException as error:
        for cause in error.causes:
            print(f"template.yaml: {cause.message}", file=sys.stderr)
        return 1
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(template, indent=2, sort_keys=True, default=str) + "\n")
    print(f"{output}: {len(template['Resources'])} resources")
    return 0


if __name__ == "__main__":
    sys.exit(main())
