"""What `scripts/redrive` does.

Dead letters are read in turns. Reading hides a letter for as long as the run takes, so that each is seen once. A letter
goes into its lane first and out of the dead letters then: whoever stops the run in between makes a job come twice,
which all jobs bear, and loses none.
"""

import argparse
import collections
import json
import sys
import time

import boto3
from deployed import kept

LANES = {"outbound": "Outbound", "inbound": "Inbound", "imports": "Imports", "reminders": "Reminders"}
WITHOUT_LANE = {"invocation": "Invocation", "stream": "Stream"}
# How long a run may take: letters it has seen and left come back after that.
HIDDEN = 120


class Letters:
    """The dead letters of one lane."""

    def __init__(self, stack, lane):
        self.sqs = boto3.client("sqs")
        word, urls = (LANES | WITHOUT_LANE)[lane], kept(stack)
        self.dead, self.lane = urls[word + "DeadLetters"], urls.get(word + "Queue") if lane in LANES else None

    def read(self):
        """Every letter once: batches until none comes."""
        seen, empty = set(), 0
        while empty < 2:
            got = self.sqs.receive_message(QueueUrl=self.dead, MaxNumberOfMessages=10, VisibilityTimeout=HIDDEN,
                                           WaitTimeSeconds=1, AttributeNames=["SentTimestamp"]).get("Messages", [])
            fresh = [letter for letter in got if letter["MessageId"] not in seen]
            empty = 0 if fresh else empty + 1
            seen |= {letter["MessageId"] for letter in fresh}
            yield from fresh

    def put_back(self, letter):
        self.sqs.send_message(QueueUrl=self.lane, MessageBody=letter["Body"])
        self.drop(letter)

    def drop(self, letter):
        self.sqs.delete_message(QueueUrl=self.dead, ReceiptHandle=letter["ReceiptHandle"])

    def leave(self, letter):
        self.sqs.change_message_visibility(QueueUrl=self.dead, ReceiptHandle=letter["ReceiptHandle"], VisibilityTimeout=0)


def told(letter):
    """Type and trace of a letter; what is not a job of ours is `outside`."""
    try:
        body = json.loads(letter["Body"])
        return str(body.get("type", "outside")), body.get("trace")
    except (ValueError, AttributeError):
        return "unreadable", None


def main(args):
    parser = argparse.ArgumentParser(prog="scripts/redrive")
    parser.add_argument("lane", choices=[*LANES, *WITHOUT_LANE])
    parser.add_argument("--stack", default="comms-prod")
    parser.add_argument("--only", metavar="TYPE")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--go", action="store_true")
    what.add_argument("--drop", action="store_true")
    asked = parser.parse_args(args)
    letters = Letters(asked.stack, asked.lane)
    if asked.go and not letters.lane:
        sys.exit(f"redrive: {asked.lane} has no lane to go back to; --drop them after looking")
    types, traces, oldest, done, left = collections.Counter(), {}, None, 0, []
    for letter in letters.read():
        kind, trace = told(letter)
        if asked.only and kind != asked.only:
            left.append(letter)
            continue
        types[kind] += 1
        traces.setdefault(kind, []).append(trace or "-")
        sent = int(letter["Attributes"]["SentTimestamp"]) / 1000
        oldest = min(oldest or sent, sent)
        if asked.go or asked.drop:
            (letters.put_back if asked.go else letters.drop)(letter)
            done += 1
            if done % 100 == 0:
                print(f"{done} done", file=sys.stderr)
        else:
            left.append(letter)
    for letter in left:
        letters.leave(letter)
    for kind, many in types.most_common():
        shown = ", ".join(traces[kind][:5])
        print(f"{many:6} {kind:28} traces {shown}{' …' if many > 5 else ''}")
    age = f", the oldest {int((time.time() - oldest) / 60)} minutes old" if oldest else ""
    verb = "put back" if asked.go else "thrown away" if asked.drop else "waiting"
    print(f"{sum(types.values())} {verb}{age}")


if __name__ == "__main__":
    main(sys.argv[1:])
