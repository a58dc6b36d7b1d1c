"""Dead letters are counted without being touched, and put back into their lane one by one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from harness import STACK, wait_until

TOOL = Path(__file__).resolve().parents[2] / "infra/redrive.py"


def redrive(*args):
    run = subprocess.run([sys.executable, TOOL, *args, "--stack", STACK], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return run.stdout + run.stderr


@pytest.fixture
def dead(stack):
    """The dead letters of the outbound lane, empty again in the end."""
    sqs = stack.client("sqs")
    [url] = [url for url in sqs.list_queues()["QueueUrls"] if "OutboundDeadLetters" in url]
    yield lambda body: sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))
    sqs.purge_queue(QueueUrl=url)


def test_dead_letters_are_shown_by_type_and_go_back_into_their_lane(stack, dead):
    # A message that is not there: the sender takes the job for done.
    known = {"type": "send_requested.1", "lane": "outbound", "trace": "tick-of-old",
             "data": {"clinic": "cln_" + "0" * 25 + "1", "message": "msg_" + "0" * 25 + "1"}}
    dead(known)
    dead(known)
    dead({"type": "send_requested.9", "lane": "outbound", "data": {"name": "canary"}})
    for _ in range(2):
        shown = redrive("outbound")
        assert "2 send_requested.1" in shown and "tick-of-old" in shown and "3 waiting" in shown, shown
        assert "canary" not in shown
    assert "2 put back" in redrive("outbound", "--only", "send_requested.1", "--go")
    wait_until("the sender has done them", lambda: stack.waiting("Outbound") == 0)
    assert "1 waiting" in redrive("outbound")
    assert "1 thrown away" in redrive("outbound", "--drop")
    assert "0 waiting" in redrive("outbound")


def test_a_full_queue_of_dead_letters_is_counted_and_put_back_with_its_progress_told(stack, dead_many):
    shown = redrive("outbound", "--every", "0")
    assert "200 send_requested.1" in shown and "30 send_requested.9" in shown and "230 waiting" in shown, shown
    assert "of about 230 seen" in shown and shown.count(" seen, 0 done") > 10, shown
    told = redrive("outbound", "--only", "send_requested.1", "--go", "--every", "0")
    assert "200 put back" in told and "seen, 200 done" in told, told
    wait_until("the sender has done them", lambda: stack.waiting("Outbound") == 0, 60)
    assert "30 waiting" in redrive("outbound")
    assert "30 thrown away" in redrive("outbound", "--drop")
    assert "0 waiting" in redrive("outbound")


@pytest.fixture
def dead_many(stack, dead):
    """230 dead letters, of which the sender can do 200."""
    sqs = stack.client("sqs")
    [url] = [url for url in sqs.list_queues()["QueueUrls"] if "OutboundDeadLetters" in url]
    jobs = [{"type": f"send_requested.{1 if n < 200 else 9}", "lane": "outbound", "trace": f"tick-{n % 7}",
             "data": {"clinic": "cln_" + "0" * 25 + "1", "message": f"msg_{n:026}"}} for n in range(230)]
    for at in range(0, len(jobs), 10):
        entries = [{"Id": str(n), "MessageBody": json.dumps(job)} for n, job in enumerate(jobs[at:at + 10])]
        assert not sqs.send_message_batch(QueueUrl=url, Entries=entries).get("Failed")
