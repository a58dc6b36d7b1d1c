"""The reminder sender as a team with Python would write it: Powertools' batch and idempotency, boto3, urllib3.

For each record: claim it (a conditional write), read the message consistently, call the provider, note the outcome
on the message under a condition, close the claim.
"""

import base64
import json
import os

import boto3
import urllib3
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

import loop

table = boto3.resource("dynamodb").Table("peer-messages")
http = urllib3.PoolManager(ca_certs=os.environ["AWS_CA_BUNDLE"])
url = os.environ["TWILIO_BASE_URL"] + "/2010-04-01/Accounts/AC1/Messages.json"
proof = "Basic " + base64.b64encode(b"AC1:a-token-of-the-bench").decode()
processor = BatchProcessor(event_type=EventType.SQS)
config = IdempotencyConfig(event_key_jmespath="message")
layer = DynamoDBPersistenceLayer(table_name="peer-claims")


@idempotent_function(data_keyword_argument="job", config=config, persistence_store=layer)
def send(job):
    message = table.get_item(Key={"id": job["message"]}, ConsistentRead=True)["Item"]
    if message["status"] != "QUEUED":
        return {"status": message["status"]}
    fields = {"To": message["to"], "From": message["from"], "Body": message["text"], "StatusCallback": message["callback"]}
    answer = http.request(
        "POST", url, fields=fields, encode_multipart=False, retries=False, headers={"authorization": proof}
    )
    if answer.status != 201:
        raise RuntimeError(f"the provider answered {answer.status}")
    table.update_item(
        Key={"id": job["message"]},
        UpdateExpression="SET #s = :sent, provider_id = :id",
        ConditionExpression="#s = :queued",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":sent": "SENT", ":queued": "QUEUED", ":id": json.loads(answer.data)["sid"]},
    )
    return {"status": "SENT"}


def record(record):
    send(job=json.loads(record.body))


def handler(event, context):
    config.register_lambda_context(context)
    return process_partial_response(event=event, record_handler=record, processor=processor, context=context)


loop.run(handler)
