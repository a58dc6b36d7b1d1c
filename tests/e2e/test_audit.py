"""The audit log cannot be taken away: not from the table by a function, not from the archive by anybody."""

import json
import random
import re
from datetime import UTC, datetime, timedelta

import pytest
from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError
from clinic import Clinic
from harness import wait_until

FUNCTIONS = ["api", "webhooks", "reminders", "sender", "inbound", "imports", "projector"]
LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


@pytest.fixture(scope="module")
def clinic(stack):
    clinic = Clinic(stack)
    clinic.set_up()
    return clinic


def entries(stack, clinic):
    """The items of a clinic's audit log, as they lie in the table."""
    return stack.client("dynamodb").query(
        TableName=stack.outputs["TableName"], KeyConditionExpression="pk = :pk", ConsistentRead=True,
        ExpressionAttributeValues={":pk": {"S": f"{clinic}#audit"}})["Items"]


def refused(call):
    with pytest.raises(ClientError) as raised:
        call()
    return raised.value.response["Error"]["Code"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_may_delete_or_change_an_entry(stack, clinic, function):
    before = entries(stack, clinic.id)
    table, key = stack.outputs["TableName"], {name: before[0][name] for name in ("pk", "sk")}
    dynamodb = stack.as_function(function, "dynamodb")
    tries = [
        lambda: dynamodb.delete_item(TableName=table, Key=key),
        lambda: dynamodb.update_item(TableName=table, Key=key, UpdateExpression="SET kind = :k",
                                     ExpressionAttributeValues={":k": {"S": "other"}}),
        lambda: dynamodb.batch_write_item(RequestItems={table: [{"DeleteRequest": {"Key": key}}]}),
        lambda: dynamodb.transact_write_items(TransactItems=[{"Delete": {"TableName": table, "Key": key}}]),
        lambda: dynamodb.execute_statement(
            Statement=f'UPDATE "{table}" SET kind = ? WHERE pk = ? AND sk = ?', Parameters=[{"S": "x"}, key["pk"], key["sk"]]),
    ]
    assert {refused(call) for call in tries} == {"AccessDeniedException"}
    assert entries(stack, clinic.id) == before


def of_old(stack, clinic):
    """A clinic whose log has entries of ten minutes ago, as the table holds them; its id."""
    whose, then = "cln_0" + "".join(random.choices(LETTERS, k=25)), datetime.now(UTC) - timedelta(minutes=10)
    for n, item in enumerate(entries(stack, clinic.id)):
        at = then + timedelta(milliseconds=n)
        ms = int(at.timestamp() * 1000)
        event = "evt_" + "".join(LETTERS[ms >> 5 * place & 31] for place in range(9, -1, -1)) + "0" * 16
        [old] = re.findall(r"evt_\w+", item["sk"]["S"])
        text = json.dumps(item).replace(clinic.id, whose).replace(old, event)
        text = text.replace(item["d"]["M"]["at"]["S"], at.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
        stack.client("dynamodb").put_item(TableName=stack.outputs["TableName"], Item=json.loads(text))
    return whose


def test_what_is_sealed_is_laid_down_in_the_archive_and_cannot_be_deleted_by_anybody(stack, clinic):
    whose = of_old(stack, clinic)
    job = {"type": "seal_requested.1", "lane": "reminders", "data": {"clinic": whose}, "trace": "seal-of-the-test"}
    stack.client("sqs").send_message(QueueUrl=stack.kept["RemindersQueue"], MessageBody=json.dumps(job))
    s3, bucket = stack.client("s3"), stack.kept["Archive"]
    files = lambda: s3.list_objects_v2(Bucket=bucket, Prefix=f"audit/{whose}/").get("Contents", [])
    [file] = stack.until("the sealed stretch is in the archive", files)
    found = s3.get_object(Bucket=bucket, Key=file["Key"])
    stretch = json.loads(found["Body"].read())
    held = [TypeDeserializer().deserialize({"M": item["d"]["M"]}) for item in entries(stack, whose)]
    assert [entry["action"] for entry in stretch["entries"]] == [entry["action"] for entry in held] and held
    assert stretch["seal"]["entries"] == len(held)
    lock = s3.get_object_retention(Bucket=bucket, Key=file["Key"])["Retention"]
    assert lock["Mode"] == "COMPLIANCE" and lock["RetainUntilDate"] > datetime.now(UTC) + timedelta(days=6 * 365), lock
    version = found["VersionId"]
    # The owner of the account, with every permission there is.
    gone = lambda **more: s3.delete_object(Bucket=bucket, Key=file["Key"], VersionId=version, **more)
    assert refused(gone) == "AccessDenied"
    assert refused(lambda: gone(BypassGovernanceRetention=True)) == "AccessDenied"
    sooner = {"Mode": "COMPLIANCE", "RetainUntilDate": datetime.now(UTC) + timedelta(days=1)}
    assert refused(lambda: s3.put_object_retention(Bucket=bucket, Key=file["Key"], VersionId=version, Retention=sooner)) == "AccessDenied"
    # The functions, not even by hiding it behind a mark.
    for function in FUNCTIONS:
        assert refused(lambda: stack.as_function(function, "s3").delete_object(Bucket=bucket, Key=file["Key"])) == "AccessDenied"
    assert wait_until("it is still there", lambda: files()) == [file]
