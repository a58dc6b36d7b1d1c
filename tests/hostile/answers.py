"""What every answer of the API holds to, whatever was asked: checks for schemathesis beside its own."""

import re

import schemathesis

# Words of what stands behind the API; none of them is a client's business.
INSIDE = re.compile(r"panicked|unwrap|\.rs:\d|sqlite|dynamo|ConditionalCheck|serde|stack backtrace", re.IGNORECASE)


@schemathesis.check
def a_refusal_names_what_is_wrong(ctx, response, case):
    if response.status_code < 400 or case.method.upper() == "HEAD":
        return
    kind = response.headers.get("content-type", [""])[0]
    assert kind == "application/problem+json", f"{response.status_code} as {kind}"
    problem = response.json()
    assert problem["status"] == response.status_code and problem["type"] == f"/problems/{problem['code']}", problem
    assert problem["detail"] and problem["request"].startswith("req_"), problem
    if response.status_code == 422:
        places = problem.get("errors", [])
        assert places and all((e.get("pointer") is not None or e.get("parameter")) and e["detail"] for e in places), problem
    if response.status_code == 429:
        assert "retry-after" in response.headers


@schemathesis.check
def nothing_inside_is_shown(ctx, response, case):
    if response.status_code >= 400:
        assert not (found := INSIDE.search(response.text)), found


@schemathesis.check
def nothing_is_kept_by_others(ctx, response, case):
    for name, value in {"cache-control": "no-store", "x-content-type-options": "nosniff"}.items():
        assert response.headers.get(name, [""])[0] == value, name
