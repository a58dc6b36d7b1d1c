"""A clinic of its own for each run, brought in through the API as any clinic's facts are, and the phones of its people."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from harness import SIMULATORS, Stack, call

# Whoever runs the tests, at whatever hour: people of this clinic live where it is day, so that messages may go out.
ZONES = ["America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "Pacific/Auckland", "Asia/Tokyo", "Asia/Kolkata",
         "Europe/Berlin", "Africa/Nairobi"]
AREAS = ["212", "305", "312", "404", "602", "617", "702", "713"]


def now():
    return datetime.now(UTC)


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def day_zone():
    """The zone of the list that is farthest from the hours in which nobody is written to."""
    return min(ZONES, key=lambda zone: abs(datetime.now(ZoneInfo(zone)).hour - 13))


@dataclass
class Clinic:
    """The clinic: its staff, its people, and what the simulated providers hold of it."""

    stack: Stack
    id: str = field(default_factory=lambda: "cln_0" + "".join(random.choices("0123456789abcdefghjkmnpqrstvwxyz", k=25)))
    zone: str = field(default_factory=day_zone)
    # Numbers of 555-0100 to 555-0189 deliver; the rest have a will of their own.
    numbers: list = field(default_factory=lambda: random.sample([f"+1{a}55501{n:02}" for a in AREAS for n in range(90)], 9))

    def __post_init__(self):
        self.name = "Clinic " + self.id[-4:]
        self.phone = self.numbers.pop()

    @property
    def admin(self):
        return self.stack.staff("clinic_admin", self.id)

    @property
    def desk(self):
        return self.stack.staff("front_desk", self.id)

    def asks(self, method, path, body=None, who=None, expect=(200, 201, 202, 204), **headers):
        """A request of a member of the staff that has to succeed; its JSON."""
        answer = (who or self.admin).call(method, path, body, **headers)
        assert answer.status in expect, f"{method} {path}: {answer.status} {answer.body.decode()}"
        return answer.json if answer.body else None

    def reads(self, path, who=None):
        return self.asks("GET", path, who=who, expect=(200,))

    def set_up(self):
        settings = {
            "name": self.name,
            "brand": self.name,
            "zone": self.zone,
            "language": "en",
            "help_phone": self.phone,
            "text": {"number": self.phone},
            "mail": {"address": f"hello@{self.id[-8:]}.example.com", "name": self.name},
            "window": {"from": "08:00", "to": "21:00"},
            "marketing_window": {"from": "09:00", "to": "17:00"},
        }
        self.asks("PUT", "/v1/clinic", settings, if_match="0")
        self.mirror("location", "main", name="Main Street", phone=self.phone, zone=self.zone)
        self.mirror("practitioner", "lee", name="Dr. Grace Lee", role="dentist")

    def mirror(self, kind, id, **data):
        """Tells what the clinic's other system has; the id it has here."""
        told = self.asks("PUT", f"/v1/mirror/{kind}/pms/{id}", {"version": 1, "data": data})
        assert told["effect"] == "CREATED", told
        return told["id"]

    def rule(self, name, channel, timing, more=(), **words):
        """A template and a rule that uses it; the rule. `more` are further fields of the rule."""
        elements = {"patient_name": True, "date_time": True, "doctor": False, "office": False}
        key = name.replace(" ", "-")
        content = {"default_language": "en", "profile": {"kind": "SHORT_133", "elements": elements},
                   "languages": {"en": words}}
        template = {"name": name, "category": "APPOINTMENT", "content": content}
        template = self.asks("POST", "/v1/templates", template, idempotency_key=f"template-{key}")
        rule = {
            "name": name,
            "timing": timing,
            "channels": {"FIRST_OF": [channel]},
            "template": template["id"],
            "asks_confirmation": True,
            "late": "SEND_NOW",
        } | dict(more)
        return self.asks("POST", "/v1/reminder-rules", rule, idempotency_key=f"rule-{key}")

    def patient(self, id, given_name, **contact):
        """Somebody who has agreed to messages about their care."""
        person = self.mirror("person", id, given_name=given_name, family_name="Reyes", birth_date="1988-04-02",
                             language="en", zone=self.zone, **contact)
        for point in self.reads(f"/v1/people/{person}")["contacts"]:
            grant = {"channel": "EMAIL" if point["kind"] == "EMAIL" else "SMS", "categories": ["APPOINTMENT"],
                     "level": "EXPRESS"}
            evidence = {"method": "VERBAL", "at": stamp(now() - timedelta(minutes=1)), "note": "at the desk"}
            self.asks("POST", f"/v1/people/{person}/consents", who=self.desk,
                      body={"contact": point["id"], "grant": grant, "evidence": evidence})
        return person

    def visit(self, id, person, booked=None):
        """A visit in three days, booked now or when it is said."""
        day = datetime.now(ZoneInfo(self.zone)).date() + timedelta(days=3)
        return self.mirror("appointment", id, person=person, practitioner="lee", location="main", minutes=30,
                           starts_at=f"{day}T10:00:00", status="SCHEDULED", created_at=stamp(booked or now()))

    def steps(self, visit):
        return self.reads(f"/v1/appointments/{visit}/reminders")["steps"]

    def message(self, visit):
        """The message of the one reminder of a visit."""
        [step] = self.steps(visit)
        return self.reads(f"/v1/messages/{step['message']}", who=self.desk)

    def answer(self, visit):
        return self.reads(f"/v1/appointments/{visit}")["confirmation"]


def simulated(method, path, body=None):
    """A request to the simulated providers."""
    answer = call(method, SIMULATORS + "/sim" + path, body)
    assert answer.status in (200, 202), f"{method} {path}: {answer.status} {answer.body.decode()}"
    return answer.json


def received(box):
    """What a phone or a mailbox has got, in order."""
    return [row for row in simulated("GET", "/feed?after=0")["rows"] if row["box"] == box and row.get("way") != "in"]
