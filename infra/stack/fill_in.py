"""Does from outside what a person or AWS does after a deployment and the emulator does not."""

import os
import secrets as chance
from pathlib import Path

import boto3
from samcli.yamlhelper import yaml_parse

# A person puts the provider's credentials in: what sends, and what callbacks are signed with.
sid, token = os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"]
secrets = boto3.client("secretsmanager")
# And AWS makes up a secret of letters and digits where the template asks for it; the emulator takes any signs.
links = chance.token_hex(32)
for name, value in {"twilio": f"{sid}:{token}", "twilio-hook": token, "links": links}.items():
    secrets.put_secret_value(SecretId=f"{os.environ['STACK_NAME']}/{name}", SecretString=value)

# The emulator knows object lock and does not take it from a template.
formation, s3 = boto3.client("cloudformation"), boto3.client("s3")
state = formation.describe_stack_resource(StackName=os.environ["STACK_NAME"], LogicalResourceId="State")
nested = state["StackResourceDetail"]["PhysicalResourceId"]
template = yaml_parse(Path("infra/state.yaml").read_text())
for name, resource in template["Resources"].items():
    lock = resource.get("Properties", {}).get("ObjectLockConfiguration")
    if lock:
        bucket = formation.describe_stack_resource(StackName=nested, LogicalResourceId=name)["StackResourceDetail"]
        kept = lock["Rule"]["DefaultRetention"]
        kept = kept | {"Years": template["Parameters"][kept["Years"]["Ref"]]["Default"]}
        s3.put_object_lock_configuration(Bucket=bucket["PhysicalResourceId"],
                                         ObjectLockConfiguration=lock | {"Rule": {"DefaultRetention": kept}})
