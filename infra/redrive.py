"""What `scripts/redrive` does.

Dead letters are read and put back in batches of ten. Reading hides a letter for as long as the run takes, so that each is
seen once. A letter goes into its lane first and out of the dead letters then: whoever stops the run in between makes a
job come twice, which all jobs bear, and loses none.
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
# A letter that was seen and left is shown again at the end of the run. What a run that was stopped has hidden comes back
# after this many seconds.
HIDDEN = 600
BATCH = 10


class Letters:
    """The dead letters of one lane."""

    def __init__(self, stack, lane):
        self.sqs = boto3.client("sqs")
        word, urls = (LANES | WITHOUT_LANE)[lane], kept(stack)
        self.dead, self.lane = urls[word + "DeadLetters"], urls.get(word + "Queue") if lane in LANES else None

    def waiting(self):
        """About how many can be read, without touching them."""
        names = ["ApproximateNumberOfMessages"]
        return sum(int(n) for n in self.sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=names)["Attributes"].values())

    def read(self):
        """Every letter once, in batches, until none comes and none is counted."""
        seen, empty = set(), 0
        while empty < 5 and (empty == 0 or self.waiting()):
            got = self.sqs.receive_message(QueueUrl=self.dead, MaxNumberOfMessages=BATCH, VisibilityTimeout=HIDDEN,
                                           WaitTimeSeconds=1, AttributeNames=["SentTimestamp"]).get("Messages", [])
            fresh = [letter for letter in got if letter["MessageId"] not in seen]
            empty = 0 if fresh else empty + 1
            seen |= {letter["MessageId"] for letter in fresh}
            if fresh:
                yield fresh

    def put_back(self, letters):
        """Into the lane, and what has arrived there out of the dead letters. How many that were."""
        entries = [{"Id": str(n), "MessageBody": letter["Body"]} for n, letter in enumerate(letters)]
        sent = self.sqs.send_message_batch(QueueUrl=self.lane, Entries=entries)
        return self.drop([letters[int(one["Id"])] for one in sent.get("Successful", [])])

    def drop(self, letters):
        if not letters:
            return 0
        entries = [{"Id": str(n), "ReceiptHandle": letter["ReceiptHandle"]} for n, letter in enumerate(letters)]
        return len(self.sqs.delete_message_batch(QueueUrl=self.dead, Entries=entries).get("Successful", []))

    def leave(self, letters):
        """Shows again what was seen and left. One that has come back by itself meanwhile is refused, which is as well."""
        for at in range(0, len(letters), BATCH):
            entries = [{"Id": str(n), "ReceiptHandle": letter["ReceiptHandle"], "VisibilityTimeout": 0}
                       for n, letter in enumerate(letters[at:at + BATCH])]
            self.sqs.change_message_visibility_batch(QueueUrl=self.dead, Entries=entries)


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
    parser.add_argument("--every", metavar="SECONDS", type=float, default=5, help="how often to tell how far it is")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--go", action="store_true")
    what.add_argument("--drop", action="store_true")
    asked = parser.parse_args(args)
    letters = Letters(asked.stack, asked.lane)
    if asked.go and not letters.lane:
        sys.exit(f"redrive: {asked.lane} has no lane to go back to; --drop them after looking")
    types, traces, oldest, done, left = collections.Counter(), {}, None, 0, []
    act = letters.put_back if asked.go else letters.drop if asked.drop else None
    about, seen, told_at = letters.waiting(), 0, time.monotonic()
    try:
        for batch in letters.read():
            wanted = []
            for letter in batch:
                kind, trace = told(letter)
                if asked.only and kind != asked.only:
                    left.append(letter)
                    continue
                wanted.append(letter)
                types[kind] += 1
                traces.setdefault(kind, []).append(trace or "-")
                sent = int(letter["Attributes"]["SentTimestamp"]) / 1000
                oldest = min(oldest or sent, sent)
            if act:
                done += act(wanted) if wanted else 0
            else:
                left += wanted
            seen += len(batch)
            if time.monotonic() - told_at > asked.every:
                told_at = time.monotonic()
                print(f"redrive: {seen} of about {about} seen, {done} done", file=sys.stderr)
    finally:
        letters.leave(left)
    for kind, many in types.most_common():
        shown = ", ".join(traces[kind][:5])
        print(f"{many:6} {kind:28} traces {shown}{' …' if many > 5 else ''}")
    age = f", the oldest {int((time.time() - oldest) / 60)} minutes old" if oldest else ""
    total = sum(types.values())
    verb = "put back" if asked.go else "thrown away" if asked.drop else "waiting"
    print(f"{done if act else total} {verb}{age}")
    if act and done < total:
        sys.exit(f"redrive: {total - done} could not be moved and are where they were; run it again")


if __name__ == "__main__":
    main(sys.argv[1:])
