"""Bringing back the table, with the tools that do it: a copy is made ready, is silent, and is released."""

import subprocess

import pytest
from clinic import Clinic, received
from harness import ROOT, STACK, wait_until

SWEPT = {"pk": {"S": "all#swept"}, "sk": {"S": "swept#"}}


def restore(*args):
    run = subprocess.run(["scripts/restore", *args], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.fixture
def copy(stack):
    """A copy of the table, as recovery makes one."""
    dynamodb, name = stack.client("dynamodb"), f"{STACK}-copy"
    dynamodb.restore_table_to_point_in_time(SourceTableName=stack.outputs["TableName"], TargetTableName=name,
                                            UseLatestRestorableTime=True)
    active = lambda: dynamodb.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE"
    wait_until("the copy is there", active)
    yield name
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=name)


def test_a_copy_gets_what_a_copy_lacks_and_the_parameters_that_put_it_in_place(stack, copy):
    dynamodb = stack.client("dynamodb")
    before = dynamodb.describe_table(TableName=copy)["Table"]
    assert not before.get("DeletionProtectionEnabled") and not before.get("StreamSpecification")
    for _ in range(2):
        told = dict(pair.split("=", 1) for pair in restore("ready", copy).split())
        table = dynamodb.describe_table(TableName=copy)["Table"]
        assert told == {"RestoredTable": copy, "RestoredStreamArn": table["LatestStreamArn"]}
        assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        assert table["DeletionProtectionEnabled"] is True
        forgets = dynamodb.describe_time_to_live(TableName=copy)["TimeToLiveDescription"]
        assert (forgets["TimeToLiveStatus"], forgets["AttributeName"]) == ("ENABLED", "ttl")
        recovery = dynamodb.describe_continuous_backups(TableName=copy)["ContinuousBackupsDescription"]
        assert recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


@pytest.fixture
def held(stack):
    """The stack's own table believes to be a copy of another."""
    dynamodb, table = stack.client("dynamodb"), stack.outputs["TableName"]
    stack.tick()

    def home(name):
        dynamodb.update_item(TableName=table, Key=SWEPT, UpdateExpression="SET d.home = :home",
                             ExpressionAttributeValues={":home": {"S": name}})

    home("another")
    yield lambda: dynamodb.get_item(TableName=table, Key=SWEPT, ConsistentRead=True)["Item"]["d"]["M"]["home"]["S"]
    home(table)


def test_a_copy_is_silent_until_it_is_released_and_gives_up_what_fell_due(stack, held):
    clinic = Clinic(stack)
    clinic.set_up()
    clinic.rule("By text", "SMS", {"kind": "AT_BOOKING"}, sms="booked at {{clinic.name}}. Reply C to confirm:")
    phones = [clinic.numbers.pop(), clinic.numbers.pop()]
    clinic.patient("ivy", "Ivy", text=phones[0])
    visit = clinic.visit("ivy", "ivy")
    stack.tick()
    stack.tick()
    assert any("nothing is sent from it before it is released" in line for line in stack.logged("is a copy"))
    assert received(phones[0]) == [] and held() == "another"
    assert f"log of {STACK}-reminders" in restore("release", STACK)
    wait_until("it is released", lambda: held() == stack.outputs["TableName"])
    assert any('"messages.given_up":1' in line for line in stack.logged("a restored table sends again"))
    stack.tick()
    [step] = clinic.steps(visit)
    given_up = clinic.reads(f"/v1/messages/{step['message']}", who=clinic.desk)
    assert given_up["status"] == "UNKNOWN" and received(phones[0]) == []
    # What falls due from now on is sent.
    clinic.patient("jon", "Jon", text=phones[1])
    clinic.visit("jon", "jon")
    assert stack.until("the next reminder has come", lambda: received(phones[1]))
