"""Each function may do what it does and nothing else: what the roles called in this run, beside what they are granted.

The emulator notes every call of a role with its resource and the kind of partition it names (infra/stack/emulator.py).
This runs after all other tests, which together make every function do everything it can.
"""

import json
import os
import urllib.parse
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from harness import STACK

FUNCTIONS = ["api", "webhooks", "reminders", "sender", "inbound", "imports", "projector"]
# Granted and never seen here, with the reason. By action, and by role where it is not the same for all.
BY_SERVICES = {
    "kms:Decrypt": "the services ask the key in the name of the function; the emulator does not encrypt",
    "kms:GenerateDataKey": "as above",
    "logs:CreateLogStream": "Lambda writes the log in the name of the function",
    "logs:PutLogEvents": "as above",
    "sqs:ReceiveMessage": "Lambda polls the queue in the name of the function; the emulator in its own",
    "sqs:DeleteMessage": "as above",
    "sqs:GetQueueAttributes": "as above",
    "dynamodb:DescribeStream": "Lambda polls the stream in the name of the function; the emulator in its own",
    "dynamodb:GetRecords": "as above",
    "dynamodb:GetShardIterator": "as above",
    "dynamodb:ListStreams": "as above",
    "ses:SendEmail": "mail goes to a simulated SES, which does not ask IAM",
}
# Only called in cases that are not played here, with the case.
NOT_PLAYED = {
    ("*", "sqs:SendMessage", "*DeadLetters*"): "Lambda puts what a function failed at into the dead letters",
    ("*", "s3:ListBucket", "*"): "no call of its own: it lets S3 say that a file is not there",
    ("sender", "dynamodb:PartiQLUpdate", "*"): "several messages that are due in the same minute",
    ("sender", "dynamodb:BatchWriteItem", "*"): "messages that are claimed minutes after their time",
    ("inbound", "sqs:SendMessage", "*OutboundQueue*"): "an answer that goes out by itself, where the provider gives none",
    ("webhooks", "secretsmanager:GetSecretValue", "*:secret:*/clinics/*"): "a clinic that has brought an account of its own",
    ("sender", "secretsmanager:GetSecretValue", "*:secret:*/clinics/*"): "as above",
    ("imports", "sqs:SendMessage", "*ImportsQueue*"): "a file of more than 5,000 rows goes on in a further call",
}
PARTITIONS_NOT_PLAYED = {
    ("sender", "all#due#*"): "a provider that has to be tried again or asked later",
    ("imports", "all#due#*"): "a file of more than 5,000 rows; visits in a file",
    ("inbound", "all#stray#*"): "a mail event without our tags",
}


def listed(value):
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="module")
def calls():
    """What each function called: rows of action, resource, keys."""
    found = {name: [] for name in FUNCTIONS}
    for line in Path(os.environ["STACK_CALLS"]).read_text().splitlines():
        row = json.loads(line)
        # `…:assumed-role/STACK-SenderRole-SUFFIX/SESSION`
        role = row["role"].split("/")[1].removeprefix(f"{STACK}-").split("Role")[0].lower()
        found.setdefault(role, []).append(row)
    return found


@pytest.fixture(scope="module")
def granted(stack):
    """What each function may: statements, from the policies as they are deployed."""
    iam = stack.client("iam")
    found = {}
    for name in FUNCTIONS:
        config = stack.client("lambda").get_function_configuration(FunctionName=stack.function(name))
        role = config["Role"].rsplit("/", 1)[1]
        found[name] = []
        for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            version = iam.get_policy(PolicyArn=policy["PolicyArn"])["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId=version)["PolicyVersion"]["Document"]
            document = json.loads(urllib.parse.unquote(document)) if isinstance(document, str) else document
            found[name] += [s for s in document["Statement"] if s["Effect"] == "Allow"]
        assert iam.list_role_policies(RoleName=role)["PolicyNames"] == []
    return found


def grants(statements):
    """(action, resource) of each permission."""
    return {(action, resource) for s in statements for action in listed(s["Action"]) for resource in listed(s["Resource"])}


def keys_of(statement):
    condition = statement.get("Condition", {}).get("ForAllValues:StringLike", {})
    return listed(condition.get("dynamodb:LeadingKeys", []))


def excused(function, action, resource):
    rows = [rule for rule in NOT_PLAYED if rule[0] in ("*", function) and rule[1] == action]
    return action in BY_SERVICES or any(fnmatchcase(resource, rule[2]) for rule in rows)


def test_every_function_was_at_work(calls):
    assert [name for name in FUNCTIONS if not calls[name]] == []


def test_nothing_was_called_that_is_not_granted(calls):
    refused = [(name, row["action"], row["resource"], row["keys"]) for name in calls for row in calls[name] if row["refused"]]
    assert refused == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nothing_is_granted_that_was_not_called(function, calls, granted):
    def was_called(action, resource):
        return any(row["action"] == action and fnmatchcase(row["resource"], resource) for row in calls[function])

    idle = {(action, resource) for action, resource in grants(granted[function])
            if not excused(function, action, resource) and not was_called(action, resource)}
    assert idle == set(), f"{function} may do what it never does"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_partition_is_open_that_was_not_named(function, calls, granted):
    named = {key for row in calls[function] for key in row["keys"]}
    # `cln_*` is every clinic's own; of what is shared, each kind stands by its name.
    shared = {pattern for s in granted[function] for pattern in keys_of(s) if pattern.startswith("all#")}
    shared -= {pattern for who, pattern in PARTITIONS_NOT_PLAYED if who == function}
    idle = {pattern for pattern in shared if pattern.rstrip("*").rstrip("#") not in named}
    assert idle == set(), f"{function} may reach what it never does"
