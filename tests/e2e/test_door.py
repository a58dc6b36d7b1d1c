"""Who gets in, before any function of ours is asked."""

import base64
import json

import pytest
from harness import call

# Of the shape of a clinic's id; nothing is kept for it.
CLINIC = "cln_00000000000000000000000001"


def altered(token, part, **claims):
    """The token with claims changed in its header (0) or payload (1), its signature as it was."""
    parts = token.split(".")
    held = json.loads(base64.urlsafe_b64decode(parts[part] + "=="))
    parts[part] = base64.urlsafe_b64encode(json.dumps(held | claims).encode()).rstrip(b"=").decode()
    return ".".join(parts)


def unsigned(token):
    """The token as one that says it needs no signature."""
    return altered(token, 0, alg="none").rsplit(".", 1)[0] + "."


def test_health_answers_anybody(stack):
    assert stack.anonymous("GET", "/health").status == 200


def test_a_path_outside_of_the_routes_is_not_found(stack):
    assert stack.anonymous("GET", "/admin").status == 404


def test_the_api_refuses_who_brings_no_token(stack):
    assert stack.anonymous("GET", "/v1/persons").status == 401


@pytest.mark.parametrize(
    "forge",
    [
        lambda token: token[:-8] + "AAAAAAAA",
        lambda token: altered(token, 1, **{"custom:role": "super_admin"}),
        lambda token: altered(token, 1, exp=4102444800),
        lambda token: altered(token, 1, aud="another-client"),
        lambda token: altered(token, 1, iss="https://cognito-idp.us-east-1.amazonaws.com/us-east-1_other"),
        lambda token: altered(token, 0, kid="another-key"),
        unsigned,
        lambda token: "",
        lambda token: "x.y.z",
    ],
    ids=["signature", "role", "expiry", "audience", "issuer", "key", "none", "empty", "nonsense"],
)
def test_the_api_refuses_a_forged_token(stack, forge):
    token = stack.staff("read_only", CLINIC).token
    answer = stack.anonymous("GET", "/v1/persons", authorization=f"Bearer {forge(token)}")
    assert answer.status == 401


def test_a_table_of_ours_is_closed_to_a_stranger(stack):
    answer = call("POST", stack.client("dynamodb").meta.endpoint_url, "{}", {"x-amz-target": "DynamoDB_20120810.ListTables"})
    assert answer.status in (400, 403)
