"""What `scripts/restore` does."""

import json
import sys
import time

import boto3
from deployed import kept


def ready(table):
    """Gives a restored table what a copy does not get: stream, forgetting, recovery, protection, as in state.yaml."""
    dynamodb = boto3.client("dynamodb")
    described = dynamodb.describe_table(TableName=table)["Table"]
    if described["TableStatus"] != "ACTIVE":
        sys.exit(f"restore: {table} is {described['TableStatus']}; wait until it is ACTIVE")
    if not described.get("StreamSpecification", {}).get("StreamEnabled"):
        dynamodb.update_table(TableName=table, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
        while dynamodb.describe_table(TableName=table)["Table"]["TableStatus"] != "ACTIVE":
            time.sleep(2)
    if not described.get("DeletionProtectionEnabled"):
        dynamodb.update_table(TableName=table, DeletionProtectionEnabled=True)
    forgets = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    if forgets["TimeToLiveStatus"] not in ("ENABLED", "ENABLING"):
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})
    dynamodb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    stream = dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    print(f"RestoredTable={table} RestoredStreamArn={stream}")


def release(stack):
    """Asks the function `reminders` to let the table send again."""
    job = {"type": "sending_released.1", "lane": "reminders", "data": {}, "trace": f"release-{int(time.time())}"}
    boto3.client("sqs").send_message(QueueUrl=kept(stack)["RemindersQueue"], MessageBody=json.dumps(job))
    print(f"asked; the log of {stack}-reminders tells how many messages were given up, under the trace {job['trace']}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["ready", table]:
            ready(table)
        case ["release", stack]:
            release(stack)
        case _:
            sys.exit("restore: ready TABLE, or release STACK")
