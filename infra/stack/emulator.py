"""Runs the AWS emulator in this process, with some of its habits changed, and notes what each role calls.

    STACK_CALLS=FILE emulator.py     FILE gets a line of JSON per kind of call: role, action, resource, keys, refused
"""

import json
import os
import re
import socketserver

# Its Runtime API writes a header and a body as two packets; with Nagle's algorithm on, every call of a function then
# waits 40 to 90 ms for a delayed acknowledgement. To be set before the emulator is imported.
socketserver.StreamRequestHandler.disable_nagle_algorithm = True

from ministack.app import main  # noqa: E402
from ministack.core import iam_actions, iam_evaluator  # noqa: E402
from ministack.core.responses import get_account_id  # noqa: E402
from ministack.services import dynamodb  # noqa: E402

# It enforces the policies that refuse requests without TLS, and has none on loopback. (With TLS of its own the functions
# would have to trust its certificate; they trust Amazon's roots alone.)
resolve = iam_evaluator._resolve_condition_key
iam_evaluator._resolve_condition_key = (
    lambda key, context: "true" if key.lower() == "aws:securetransport" else resolve(key, context)
)

# A batch of messages is allowed by the permission for one message; AWS knows no permissions named after batches. A
# statement in PartiQL is allowed by what it does.
named = iam_actions.extract_iam_action
VERBS = {"SELECT": "Select", "INSERT": "Insert", "UPDATE": "Update", "DELETE": "Delete"}


def action(service, method, path, headers, body, *request):
    found = named(service, method, path, headers, body, *request)
    if service == "sqs" and found:
        return found.removesuffix("Batch")
    if found in ("dynamodb:BatchExecuteStatement", "dynamodb:ExecuteStatement"):
        verb = re.search(rb'"Statement"\s*:\s*"\s*(\w+)', body or b"")
        return "dynamodb:PartiQL" + VERBS.get(verb[1].decode().upper() if verb else "", "Statement")
    return found


iam_actions.extract_iam_action = action

# A statement names its table itself.
arns_of = iam_actions.dynamodb_resource_arns


def arns(body, region, account):
    table = re.search(rb'"Statement"\s*:\s*"\s*UPDATE\s+\\"([^\\"]+)', body or b"")
    found = arns_of(body, region, account)
    return found if found or not table else [f"arn:aws:dynamodb:{region}:{account}:table/{table[1].decode()}"]


iam_actions.dynamodb_resource_arns = arns

# The condition key `dynamodb:LeadingKeys`, which it does not know: the partitions that a request names.
context_of = iam_actions.dynamodb_service_context


def texts(value):
    """All texts in the attribute values of a request."""
    if isinstance(value, dict):
        return [value["S"]] if isinstance(value.get("S"), str) else [t for v in value.values() for t in texts(v)]
    return [t for v in value for t in texts(v)] if isinstance(value, list) else []


def partitions(request):
    found = []
    if "KeyConditionExpression" in request:
        names = request.get("ExpressionAttributeNames", {})
        for name, value in re.findall(r"([#\w]+)\s*=\s*(:\w+)", request["KeyConditionExpression"]):
            if names.get(name, name) in ("pk", "lp", "hp"):
                found += texts(request["ExpressionAttributeValues"][value])
    elif "Statements" in request or "Statement" in request:
        for one in request.get("Statements", [request]):
            found += [t for t in texts(one.get("Parameters", [])) if re.match(r"(cln_\w+|all)#[^#]+", t)][:1]
    else:
        items = [part for item in request.get("TransactItems", []) for part in item.values()]
        for table in request.get("RequestItems", {}).values():
            # Keys that are read, or items that are written.
            items += [{"Key": key} for key in table["Keys"]] if "Keys" in table else [p for one in table for p in one.values()]
        for item in items or [request]:
            found += texts((item.get("Key") or item.get("Item") or {}).get("pk", {}))
    return sorted(set(found))


def context(body):
    held = context_of(body)
    request = json.loads(body or b"{}")
    held["dynamodb:LeadingKeys"] = partitions(request)
    return held


iam_actions.dynamodb_service_context = context

# A change by a statement in PartiQL is a change of the stream as any other; it tells of none.
update = dynamodb._partiql_update


def told_update(table, parsed, *request):
    partition, sort, _, wrong = dynamodb._partiql_key_target(table, parsed)
    before = None if wrong else table["items"].get(partition, {}).get(sort)
    answer = update(table, parsed, *request)
    if before is not None and answer[0] == 200:
        dynamodb._emit_stream_event(table["TableName"], "MODIFY", before, table["items"][partition][sort])
    return answer


dynamodb._partiql_update = told_update

# What each role calls; a test compares it with what the template grants.
enforce = iam_evaluator.enforce
roles, seen = {}, set()
calls = open(os.environ["STACK_CALLS"], "w", buffering=1) if "STACK_CALLS" in os.environ else None


def kind(partition):
    """The kind of a partition: `cln#message` for `cln_…#message#msg_…`, `all#due` for `all#due#…`."""
    whose, _, rest = partition.partition("#")
    return f"{whose.split('_')[0]}#{rest.split('#')[0]}"


def noted(access_key, action, service, region, resource_arn="*", service_context=None):
    refused = enforce(access_key, action, service, region, resource_arn=resource_arn, service_context=service_context)
    if calls and access_key:
        if access_key not in roles:
            who = iam_evaluator.resolve_principal(access_key, get_account_id())
            roles[access_key] = str(getattr(who, "arn", ""))
        held = service_context or {}
        keys = sorted({kind(key) for key in held.get("dynamodb:LeadingKeys", [])})
        row = {"role": roles[access_key], "action": action, "resource": resource_arn, "keys": keys,
               "refused": refused is not None}
        line = json.dumps(row)
        # The tests themselves try what a function must not do, under a name that says so.
        if "assumed-role" in roles[access_key] and not roles[access_key].endswith("/end-to-end") and line not in seen:
            seen.add(line)
            calls.write(line + "\n")
    return refused


iam_evaluator.enforce = noted

main()
