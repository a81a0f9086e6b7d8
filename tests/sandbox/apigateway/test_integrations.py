"""Single members of an integration can be changed."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.conftest import Client


@pytest.fixture
def where(client: Client) -> dict[str, str]:
    """An integration that hands on to a server."""
    api = client("apigateway")
    api_id = api.create_rest_api(name="shop")["id"]
    root = api.get_resources(restApiId=api_id)["items"][0]["id"]
    named = {"restApiId": api_id, "resourceId": root, "httpMethod": "GET"}
    api.put_method(**named, authorizationType="NONE")
    api.put_integration(
        **named,
        type="HTTP_PROXY",
        integrationHttpMethod="GET",
        uri="http://example.test",
        timeoutInMillis=5_000,
    )
    return named


def patch(path: str, value: str, op: str = "replace") -> list[dict[str, Any]]:
    return [{"op": op, "path": path, "value": value}]


def test_one_member_changes_and_the_others_stay(
    client: Client, where: dict[str, str]
) -> None:
    api = client("apigateway")

    api.update_integration(
        **where, patchOperations=patch("/uri", "https://example.test")
    )

    found = api.get_integration(**where)
    assert found["uri"] == "https://example.test"
    assert (found["type"], found["httpMethod"]) == ("HTTP_PROXY", "GET")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"restApiId": "absent"}, "NotFoundException"),
        ({"resourceId": "absent"}, "NotFoundException"),
        ({"httpMethod": "POST"}, "NotFoundException"),
        ({"patchOperations": patch("/nothing", "x")}, "BadRequestException"),
        ({"patchOperations": patch("/uri", "x", "add")}, "BadRequestException"),
    ],
)
def test_what_is_not_there_is_refused(
    client: Client, where: dict[str, str], changed: dict[str, Any], code: str
) -> None:
    call = {**where, "patchOperations": patch("/uri", "https://other.test"), **changed}

    with pytest.raises(ClientError) as refused:
        client("apigateway").update_integration(**call)

    assert refused.value.response["Error"]["Code"] == code
