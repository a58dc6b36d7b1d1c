"""A file of another system: uploaded to where the API says, tried, and taken in by the function behind the queue."""

import csv
import io

import pytest
from clinic import Clinic
from harness import call, wait_until

MAPPING = {
    "source": "file",
    "entities": [
        {
            "kind": "person",
            "id": {"column": "Id"},
            "fields": {"given_name": {"column": "First"}, "family_name": {"column": "Last"}, "text": {"column": "Mobile"}},
        }
    ],
}


@pytest.fixture
def clinic(stack):
    clinic = Clinic(stack)
    clinic.set_up()
    return clinic


def test_a_file_is_tried_first_and_then_taken_in_once(clinic):
    rows = [("Id", "First", "Last", "Mobile"), ("1", "Ana", "Reyes", clinic.numbers.pop()), ("2", "Ben", "Reyes", "12")]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    file = text.getvalue().encode()
    new = {"name": "People", "format": "CSV", "bytes": len(file), "mapping": MAPPING}
    begun = clinic.asks("POST", "/v1/imports", new, idempotency_key="people")
    upload, path = begun["upload"], f"/v1/imports/{begun['id']}"
    assert clinic.admin.call("POST", path + "/start", {"dry_run": True}).status == 409
    assert call(upload["method"], upload["url"], file, upload["headers"]).status == 200

    def ends(dry_run, state):
        clinic.asks("POST", path + "/start", {"dry_run": dry_run})
        return wait_until(f"the import is {state}", lambda: (got := clinic.reads(path))["state"] == state and got)

    tried = ends(True, "READY")
    assert (tried["dry_run"]["rows"], tried["dry_run"]["persons"]["created"]) == (2, 2), tried
    assert clinic.reads("/v1/people")["items"] == []
    done = ends(False, "DONE")
    assert done["totals"]["persons"]["created"] == 2, done
    assert [row["name"] for row in clinic.reads("/v1/people")["items"]] == ["Ana Reyes", "Ben Reyes"]
    # The same people with another number: the old one leads to nobody any more.
    again = [rows[0], (*rows[1][:3], clinic.numbers.pop())]
    text = io.StringIO()
    csv.writer(text).writerows(again)
    changed = text.getvalue().encode()
    second = clinic.asks("POST", "/v1/imports", new | {"bytes": len(changed)}, idempotency_key="again")
    assert call(second["upload"]["method"], second["upload"]["url"], changed, second["upload"]["headers"]).status == 200
    findings = clinic.reads(path + "/errors")["items"]
    path = f"/v1/imports/{second['id']}"
    ends(True, "READY")
    ends(False, "DONE")
    assert [found["row"] for found in findings] == [2], findings
