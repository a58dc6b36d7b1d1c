"""The main job, from end to end: what is booked is reminded of, answered and confirmed. In the order of the story."""

import base64
import hashlib
import hmac
import os
import re
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest
from clinic import Clinic, now, received, simulated
from harness import URL, wait_until

# What was booked so long ago, in seconds, is reminded of by mail soon after the story has begun.
AGO = 45


@dataclass
class Story:
    """Ana is reminded by text as soon as her visit is booked, Ben by mail a minute after it was. Cleo's number is a landline,
    Dan's mailbox does not exist."""

    clinic: Clinic
    ana: str
    anas_phone: str
    anas_visit: str
    ben: str
    bens_mailbox: str
    bens_visit: str
    cleo: str
    cleos_visit: str
    dan: str
    dans_visit: str


@pytest.fixture(scope="module")
def story(stack):
    clinic = Clinic(stack)
    clinic.set_up()
    clinic.rule("By text", "SMS", {"kind": "AT_BOOKING"}, sms="booked at {{clinic.name}}. Reply C to confirm:")
    clinic.rule(
        "By mail",
        "EMAIL",
        {"kind": "AFTER_BOOKING", "minutes": 1},
        email={
            "subject": "Your visit at {{clinic.name}}",
            "html": '<p>{{appointment.date_time}}</p><p><a href="{{links.confirm}}">Confirm the visit</a></p>',
        },
    )
    phone, mailbox = clinic.numbers.pop(), f"ben.{clinic.id[-8:]}@example.com"
    ana = clinic.patient("ana", "Ana", text=phone)
    ben = clinic.patient("ben", "Ben", email=mailbox)
    cleo = clinic.patient("cleo", "Cleo", text=clinic.phone[:5] + "5550191")
    dan = clinic.patient("dan", "Dan", email=f"bounce+{clinic.id[-8:]}@example.com")
    booked = now() - timedelta(seconds=AGO)
    visits = [clinic.visit(str(number), id, booked) for number, id in enumerate(["ana", "ben", "cleo", "dan"])]
    return Story(clinic, ana, phone, visits[0], ben, mailbox, visits[1], cleo, visits[2], dan, visits[3])


def step(story, visit, channel):
    [found] = [step for step in story.clinic.steps(visit) if step["route"] == [channel]]
    return found


def message(story, visit, channel):
    return story.clinic.reads(f"/v1/messages/{step(story, visit, channel)['message']}", who=story.clinic.desk)


def arrives(story, visit, channel):
    """The reminder of a visit, once its provider has reported that it arrived."""

    def delivered():
        found = message(story, visit, channel)
        assert found["status"] not in ("FAILED", "BOUNCED", "UNKNOWN", "SKIPPED", "EXPIRED", "CANCELLED"), found
        return found if found["status"] == "DELIVERED" else None

    return story.clinic.stack.until(f"the reminder by {channel} has arrived", delivered, 60)


def test_reminders_are_planned_with_the_visit(story):
    planned = step(story, story.anas_visit, "SMS")
    assert planned["state"] == "PLANNED", planned
    planned = step(story, story.bens_visit, "EMAIL")
    assert planned["state"] == "PLANNED" and planned["send_at"] > story.clinic.reads(
        f"/v1/appointments/{story.bens_visit}")["booked_at"], planned


def test_the_minute_sends_the_text_and_its_signed_callbacks_tell_that_it_arrived(story):
    sent = arrives(story, story.anas_visit, "SMS")
    [text] = received(story.anas_phone)
    assert text["reference"] == sent["id"] and text["ours"] == story.clinic.phone
    assert story.clinic.name in text["body"] and "Reply C" in text["body"]
    assert {"SENDING", "SENT", "DELIVERED"} <= sent["times"].keys(), sent["times"]


def test_the_visit_waits_for_an_answer_once_it_was_asked(story):
    asked = wait_until("the projector has seen the message", lambda: story.clinic.answer(story.anas_visit)["answer"] == "PENDING")
    assert asked


def signed(path, form, token):
    """The headers of a callback of Twilio: the address and the fields in order of their names, by HMAC-SHA1."""
    text = URL + path + "".join(name + value for name, value in sorted(form.items()))
    proof = base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()
    return {"content_type": "application/x-www-form-urlencoded", "x_twilio_signature": proof}


def test_a_forged_callback_is_refused_and_changes_nothing(story, stack):
    before = message(story, story.anas_visit, "SMS")
    path = "/hooks/twilio/status?" + urlencode({"clinic": story.clinic.id, "message": before["id"], "attempt": 1})
    [attempt] = before["attempts"]
    told = {"MessageSid": attempt["provider_id"], "MessageStatus": "delivered", "AccountSid": os.environ["TWILIO_ACCOUNT_SID"]}
    lie = told | {"MessageStatus": "undelivered", "ErrorCode": "30003"}
    token = os.environ["TWILIO_AUTH_TOKEN"]

    def tell(form, headers):
        return stack.anonymous("POST", path, urlencode(form, quote_via=quote), **headers).status

    assert tell(lie, {"content_type": "application/x-www-form-urlencoded"}) == 401
    assert tell(lie, signed(path, lie, "another-token")) == 403
    assert tell(lie, signed(path, told, token)) == 403
    assert tell(lie, signed("/hooks/twilio/inbound", lie, token)) == 403
    # The same call with its own signature is believed, and tells nothing new.
    assert tell(told, signed(path, told, token)) == 200
    after = message(story, story.anas_visit, "SMS")
    assert (after["status"], after["attempts"]) == ("DELIVERED", before["attempts"])
    log = story.clinic.reads("/v1/audit")["items"]
    assert any(entry["action"] == "callback.refused" for entry in log)


def test_the_patient_answers_c_and_the_visit_is_confirmed(story):
    simulated("POST", f"/phone/{story.anas_phone}/reply", {"text": "C"})
    confirmed = wait_until(
        "the visit is confirmed",
        lambda: (found := story.clinic.answer(story.anas_visit))["answer"] == "CONFIRMED" and found,
    )
    assert confirmed["how"] == "REPLY"


def test_the_inbox_shows_the_answer(story):
    def answered():
        heads = story.clinic.reads("/v1/inbox", who=story.clinic.desk)["items"]
        return next((head for head in heads if head["person"] == story.ana and head["last_direction"] == "IN"), None)

    head = wait_until("the answer is in the inbox", answered)
    assert (head["name"], head["last_channel"], head["unread"]) == ("Ana Reyes", "SMS", 1)
    thread = story.clinic.reads(f"/v1/people/{story.ana}/messages", who=story.clinic.desk)["items"]
    assert [row["direction"] for row in thread][-2:] == ["IN", "OUT"] and thread[-2]["text"] == "C"


def test_a_reminder_by_mail_goes_out_and_its_event_comes_back(story):
    arrives(story, story.bens_visit, "EMAIL")
    [mail] = received(story.bens_mailbox)
    assert story.clinic.name in mail["subject"]


def test_the_link_in_the_mail_confirms_only_when_somebody_says_so(story, stack):
    [mail] = received(story.bens_mailbox)
    text = simulated("GET", f"/mail/{mail['id']}")["text"]
    [path] = set(re.findall(re.escape(URL) + r"(/l/v/[\w-]+)", text))
    assert stack.anonymous("GET", path).status == 200
    assert story.clinic.answer(story.bens_visit)["answer"] in ("UNCONFIRMED", "PENDING")
    form = {"content_type": "application/x-www-form-urlencoded"}
    assert stack.anonymous("POST", path[:-4] + "AAAA", "answer=confirm", **form).status == 404
    assert stack.anonymous("POST", path, "answer=confirm", **form).status == 200
    answer = story.clinic.answer(story.bens_visit)
    assert (answer["answer"], answer["how"]) == ("CONFIRMED", "LINK")


def stops(story, person):
    """Why messages to an address of a person are stopped."""
    items = story.clinic.reads("/v1/suppressions")["items"]
    return [stop["reason"] for item in items if person in item["people"] for stop in item["stops"] if stop["in_force"]]


@pytest.mark.parametrize(
    ("name", "channel", "status", "reason"),
    [("cleo", "SMS", "FAILED", "INVALID"), ("dan", "EMAIL", "BOUNCED", "HARD_BOUNCE")],
)
def test_an_address_that_does_not_exist_is_written_to_no_more(story, name, channel, status, reason):
    person, visit = getattr(story, name), getattr(story, name + "s_visit")
    ended = lambda: message(story, visit, channel)["status"] == status
    story.clinic.stack.until(f"the message is {status}", ended, 60)
    wait_until("the address is stopped", lambda: reason in stops(story, person))


def test_the_button_of_the_mailbox_ends_mail(story):
    [mail] = received(story.bens_mailbox)
    assert simulated("POST", f"/mail/{mail['id']}/unsubscribe")["answer"] == 200
    said = story.clinic.reads(f"/v1/people/{story.ben}/consents")["items"]
    assert any("STOP" in str(event) and event["evidence"]["method"] == "LINK" for event in said), said


def test_nothing_was_sent_twice_and_no_job_was_lost(story, stack):
    assert simulated("GET", "/log")["repeated"] == []
    assert len(received(story.anas_phone)) == 1 and len(received(story.bens_mailbox)) == 1
    for queue in ("Outbound", "Inbound"):
        wait_until(f"the {queue} lane is empty", lambda queue=queue: stack.waiting(queue) == 0)
    assert stack.dead_letters() == {}


def test_no_function_was_refused_what_it_needs(stack):
    # A hint that is refused is only logged, since the tick makes up for it.
    assert stack.logged("AccessDenied") == []


def test_the_clock_ticks_by_itself(stack):
    """Most ticks of this run came from its tests. The rule of the minute brings its own."""
    wait_until("the rule has called", lambda: len(stack.logged("the minute was swept")) > stack.ticked, 70, every=1)
