"""What changes after reminders were planned: visits move, rules go, patients answer early, somebody sends by hand."""

import os
import re
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest
from clinic import Clinic, now, received, simulated, stamp
from harness import URL, wait_until
from test_reminders import signed

BEFORE = {"kind": "BEFORE", "amount": 1, "unit": "DAYS"}


@dataclass
class Story:
    """Eva is reminded by text, Finn by mail, both at booking and a day before; the latter only if they have not
    confirmed by then. Gil's reminder waits for the day before."""

    clinic: Clinic
    rules: dict
    evas_phone: str
    evas_visit: str
    finns_mailbox: str
    finns_visit: str
    gils_visit: str


@pytest.fixture(scope="module")
def story(stack):
    clinic = Clinic(stack)
    clinic.set_up()
    unless = {"skip_if_confirmed": True, "channels": {"FIRST_OF": ["SMS", "EMAIL"]}}
    words = {
        "sms": "{{clinic.name}}. Reply C to confirm:",
        "email": {"subject": "Your visit", "html": '<p><a href="{{links.confirm}}">Confirm the visit</a></p>'},
    }
    both = {"channels": {"FIRST_OF": ["SMS", "EMAIL"]}}
    rules = {
        "booked": clinic.rule("Booked", "SMS", {"kind": "AT_BOOKING"}, both, **words),
        "before": clinic.rule("Before", "SMS", BEFORE, unless, **words),
    }
    phone, mailbox = clinic.numbers.pop(), f"finn.{clinic.id[-8:]}@example.com"
    clinic.patient("eva", "Eva", text=phone)
    clinic.patient("finn", "Finn", email=mailbox)
    clinic.patient("gil", "Gil", text=clinic.numbers.pop())
    visits = [clinic.visit(str(number), id) for number, id in enumerate(["eva", "finn", "gil"])]
    return Story(clinic, rules, phone, visits[0], mailbox, visits[1], visits[2])


def states(story, visit):
    return [step["state"] for step in story.clinic.steps(visit)]


def waits_for(story, box):
    return story.clinic.stack.until(f"{box} has something", lambda: received(box))


def test_a_moved_visit_takes_its_reminders_along(story):
    clinic = story.clinic
    [_, before] = clinic.steps(story.gils_visit)
    visit = clinic.reads(f"/v1/appointments/{story.gils_visit}")
    later = stamp(now() + timedelta(days=5))
    clinic.asks("POST", f"/v1/appointments/{story.gils_visit}/move", {"starts_at": later}, if_match=str(visit["version"]))
    moved = clinic.steps(story.gils_visit)
    assert [step for step in moved if step["state"] == "PLANNED" and step["send_at"] > before["send_at"]], moved


def test_staff_sends_a_reminder_at_once(story):
    clinic = story.clinic
    [found] = [step for step in clinic.steps(story.gils_visit) if step["state"] == "PLANNED"][-1:]
    clinic.asks("POST", f"/v1/appointments/{story.gils_visit}/reminders/{found['n']}/send", who=clinic.desk)


def test_an_answer_by_text_confirms_ahead_of_the_reminder_that_it_makes_needless(story):
    waits_for(story, story.evas_phone)
    simulated("POST", f"/phone/{story.evas_phone}/reply", {"text": "C"})
    wait_until("the visit is confirmed", lambda: story.clinic.answer(story.evas_visit)["answer"] == "CONFIRMED")


def test_help_is_answered(story):
    before = len(received(story.evas_phone))
    simulated("POST", f"/phone/{story.evas_phone}/reply", {"text": "HELP"})
    story.clinic.stack.until("help has come", lambda: len(received(story.evas_phone)) > before)


def test_an_answer_by_link_confirms_ahead_of_the_reminder_that_it_makes_needless(story, stack):
    [mail] = waits_for(story, story.finns_mailbox)
    text = simulated("GET", f"/mail/{mail['id']}")["text"]
    [path] = set(re.findall(re.escape(URL) + r"(/l/v/[\w-]+)", text))
    form = {"content_type": "application/x-www-form-urlencoded"}
    assert stack.anonymous("POST", path, "answer=confirm", **form).status == 200
    assert story.clinic.answer(story.finns_visit)["answer"] == "CONFIRMED"


def test_a_receipt_of_nothing_we_know_is_kept_aside(story, stack):
    sid, token = os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"]
    told = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "delivered", "AccountSid": sid}
    path = "/hooks/twilio/status"
    answer = stack.anonymous("POST", path, urlencode(told, quote_via=quote), **signed(path, told, token))
    assert answer.status == 200


def test_a_rule_that_is_put_away_takes_its_plans_along(story):
    clinic = story.clinic
    clinic.patient("hal", "Hal", text=clinic.numbers.pop())
    visit = clinic.visit("hal", "hal")
    assert "PLANNED" in states(story, visit)
    rule = clinic.reads(f"/v1/reminder-rules/{story.rules['before']['id']}")
    clinic.asks("DELETE", f"/v1/reminder-rules/{rule['id']}", if_match=str(rule["version"]))
    taken_back = lambda: all(step["rule"] != rule["id"] or step["state"] != "PLANNED" for step in clinic.steps(visit))
    clinic.stack.until("its plans are gone", taken_back)
