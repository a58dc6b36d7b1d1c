"""What the end-to-end tests stand on: the deployed stack, its staff, its providers, and waiting.

    harness.py ROLE [CLINIC...]    prints an ID token (what `scripts/stack token` calls)
    harness.py --output NAME       prints an output of the deployment
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import boto3

STACK = os.environ["STACK_NAME"]
URL = os.environ["STACK_URL"]
SIMULATORS = os.environ["STACK_SIMULATORS_URL"]
ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "Correct-horse-battery-7"


def wait_until(what, check, seconds=30, every=0.2):
    """The first true answer of `check`, asked again and again; an AssertionError that says `what` when time is over."""
    end = time.monotonic() + seconds
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"after {seconds} s still not: {what} (last answer: {answer!r})")
        time.sleep(every)


@dataclass
class Answer:
    """A response: status, headers by lower-case name, body as bytes."""

    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


def call(method, url, body=None, headers=None, timeout=35):
    """One HTTP request. A dict or a list goes as JSON, bytes and text as they are; no status raises."""
    headers = dict(headers or {})
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
        headers.setdefault("content-type", "application/json")
    if isinstance(body, str):
        body = body.encode()
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as got:
            return Answer(got.status, {k.lower(): v for k, v in got.headers.items()}, got.read())
    except urllib.error.HTTPError as refused:
        return Answer(refused.code, {k.lower(): v for k, v in refused.headers.items()}, refused.read())


@dataclass
class Staff:
    """A staff member who has signed in; `token` is the ID token."""

    email: str
    token: str

    def call(self, method, path, body=None, **headers):
        """One request to the API as this person. Header names are given with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return call(method, URL + path, body, {"authorization": f"Bearer {self.token}", **named})


@dataclass
class Stack:
    """The deployed stack: its outputs and clients of the services it uses."""

    signed_in: dict = field(default_factory=dict)
    began: float = field(default_factory=time.time)
    ticked: int = 0

    @cached_property
    def outputs(self):
        stacks = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}

    def client(self, service):
        return boto3.client(service)

    @cached_property
    def kept(self):
        """The physical ids of what keeps state, by logical id."""
        formation = self.client("cloudformation")
        state = formation.describe_stack_resource(StackName=STACK, LogicalResourceId="State")
        nested = state["StackResourceDetail"]["PhysicalResourceId"]
        resources = formation.describe_stack_resources(StackName=nested)["StackResources"]
        return {row["LogicalResourceId"]: row["PhysicalResourceId"] for row in resources}

    def function(self, name):
        """The deployed name of one of our functions."""
        return f"{STACK}-{name}"

    def anonymous(self, method, path, body=None, **headers):
        """One request to the API without a token."""
        return call(method, URL + path, body, {name.replace("_", "-"): value for name, value in headers.items()})

    def staff(self, role, *clinics):
        """A person of this role in these clinics (the first is the one they work in), made and signed in once."""
        who = (role, *clinics)
        if who not in self.signed_in:
            self.signed_in[who] = self._sign_in(role, clinics)
        return self.signed_in[who]

    def _sign_in(self, role, clinics):
        pool, client = self.outputs["StaffPoolId"], self.outputs["StaffClientId"]
        cognito = self.client("cognito-idp")
        email = f"{role}.{os.urandom(4).hex()}@clinic.example"
        claims = {"email": email, "email_verified": "true", "custom:role": role}
        if clinics:
            claims |= {"custom:clinics": ",".join(clinics), "custom:clinic": clinics[0]}
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=email,
            MessageAction="SUPPRESS",
            TemporaryPassword=PASSWORD,
            UserAttributes=[{"Name": name, "Value": value} for name, value in claims.items()],
        )
        cognito.admin_set_user_password(UserPoolId=pool, Username=email, Password=PASSWORD, Permanent=True)
        step = cognito.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD},
        )
        # The emulator asks for no second factor of a person who has set up none; Cognito would.
        return Staff(email, step["AuthenticationResult"]["IdToken"])

    def role(self, name):
        """The role of one of our functions."""
        return self.client("lambda").get_function_configuration(FunctionName=self.function(name))["Role"]

    def as_function(self, name, service):
        """A client of a service with the permissions of one of our functions."""
        made = self.client("sts").assume_role(RoleArn=self.role(name), RoleSessionName="end-to-end")["Credentials"]
        return boto3.client(service, aws_access_key_id=made["AccessKeyId"], aws_secret_access_key=made["SecretAccessKey"],
                            aws_session_token=made["SessionToken"])

    def tick(self):
        """Calls what the rule of the minute calls, as it calls it, ahead of the minute. The clock ticks besides."""
        event = {"version": "0", "id": str(uuid.uuid4()), "detail-type": "Scheduled Event", "source": "aws.events",
                 "account": "000000000000", "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "region": "us-east-1",
                 "resources": [f"arn:aws:events:us-east-1:000000000000:rule/{STACK}-tick"], "detail": {}}
        self.ticked += 1
        told = self.client("lambda").invoke(FunctionName=self.function("reminders"), Qualifier="live", Payload=json.dumps(event))
        assert "FunctionError" not in told, told["Payload"].read()

    def until(self, what, check, seconds=30):
        """The first true answer of `check`, asked after a tick again and again."""

        def after_a_tick():
            self.tick()
            return check()

        return check() or wait_until(what, after_a_tick, seconds, every=0.5)

    def waiting(self, queue):
        """How many messages of a lane (`Outbound`, `Inbound`) wait or are being worked on."""
        got = self.client("sqs").get_queue_attributes(
            QueueUrl=self.outputs[f"{queue}QueueUrl"],
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )["Attributes"]
        return sum(int(value) for value in got.values())

    def dead_letters(self):
        """How many messages lie in each queue of dead letters that is not empty."""
        sqs, found = self.client("sqs"), {}
        for url in sqs.list_queues()["QueueUrls"]:
            if "DeadLetters" in url:
                got = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
                if count := int(got["Attributes"]["ApproximateNumberOfMessages"]):
                    found[url.rsplit("/", 1)[1]] = count
        return found

    def logged(self, word):
        """What the functions have logged with this word in it since the tests began."""
        logs, since = self.client("logs"), int(self.began * 1000)
        pages = logs.get_paginator("filter_log_events")
        groups = [group["logGroupName"] for group in logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]]
        lines = (event["message"] for group in groups for page in pages.paginate(logGroupName=group, startTime=since)
                 for event in page["events"])
        return [line for line in lines if word in line]


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--output", name]:
            print(Stack().outputs[name])
        case [role, *clinics]:
            print(Stack().staff(role, *clinics).token)
        case _:
            sys.exit("which role? for example: token front_desk CLINIC")
