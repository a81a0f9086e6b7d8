"""Filter expressions as they find traces."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.kernel.cloud import SHOP
from tests.sandbox.xray.shop import (
    CALL,
    ECS,
    START,
    call,
    callee,
    put,
    segment,
    summaries,
)

REQUEST = {
    "request": {
        "url": "https://shop/api/v2/cart",
        "method": "POST",
        "user_agent": "curl/8",
        "client_ip": "203.0.113.9",
    },
    "response": {"status": 502},
}
THROWN = {"exceptions": [{"type": "Timeout", "message": "no stock left"}]}
CAUSE = [
    {
        "Services": [
            {"Name": "web", "EntityPath": [{"Name": "web"}, {"Name": "orders"}]},
            {"Name": "orders", "EntityPath": [{"Name": "orders"}]},
        ]
    }
]
OTHER_CAUSE = [{"Services": [{"Name": "web", "EntityPath": []}]}]


@pytest.fixture
def checkout(xray: Any) -> Any:
    """A trace of 2.5 s that failed in `orders`; a table was read on the way."""
    table = call("DynamoDB", id="4" * 16, namespace="aws", aws={"table_name": "carts"})
    failing = call(end_time=START + 2.4, fault=True)
    put(
        xray,
        segment(
            end_time=START + 2.5,
            http=REQUEST,
            user="ann",
            aws={"ec2": {"instance_id": "i-7", "availability_zone": "eu-west-1a"}},
            resource_arn="arn:aws:ecs:web",
            annotations={"age": 30, "tier": "gold", "paid": False},
            subsegments=[table, failing],
        ),
        callee(end_time=START + 2.3, fault=True, cause=THROWN, parent_id=CALL),
    )
    return xray


MATCHING = [
    "fault", "!ok", "ok = false", "!error", "throttle != true", "!partial", "inferred",
    "responsetime > 2", "responsetime = 2.5", "duration <= 2.5", "http.status = 502",
    "http.status >= 500 AND http.status < 600", "http.url", "http.url CONTAINS '/v2/'",
    "http.url BEGINSWITH 'https://shop/' !user = 'bob'", "http.url ENDSWITH 'cart'",
    "http.method = 'POST'", "http.useragent BEGINSWITH 'curl'", "user CONTAINS ''",
    "http.clientip = '203.0.113.9'", "user = 'ann'", "user != 'bob'",
    "instance.id = 'i-7'", "availabilityzone ENDSWITH '1a'", "resource.arn",
    "annotation.age", "annotation.age > 29", "annotation[age] = 30", "!annotation.size",
    "annotation.tier = 'gold'", "annotation.paid = false", "!annotation.paid",
    "service('orders')", "service('orders') { fault }", "service() { !fault }",
    "service('web') { root AND http.status = 502 }", "!service('orders') { root }",
    "service('carts') { inferred }", "service('web') { annotation.tier = 'gold' }",
    "service(id(type: 'AWS::DynamoDB::Table'))", "service(id(name: 'web'))",
    f"service(id(name: 'web', type: '{ECS}', account.id: '{SHOP}'))",
    "service('orders') { responsetime > 2 AND name = 'orders' }",
    "edge('web', 'orders')", "edge('web', 'orders') { fault }", "edge('web', 'carts')",
    "edge(id(type: 'client'), 'web')", "!edge('orders', 'web')",
    "rootcause.fault.service { name = 'orders' }",
    "rootcause.fault.service { last and name = 'orders' and index = 1 }",
    "rootcause.fault.entity { remote and name = 'orders' }",
    "rootcause.fault.entity { first and name = 'web' }",
    "rootcause.fault.exception { last and message CONTAINS 'no stock' }",
    "rootcause.fault.exception { name = 'Timeout' }",
    "rootcause.responsetime.entity { coverage > 0.9 and name = 'orders' }",
    f"rootcause.json = #{json.dumps(CAUSE)}",
    f"rootcause.json != #{json.dumps(OTHER_CAUSE)}",
    "name = 'orders' AND type = 'AWS::DynamoDB::Table'",
]  # fmt: skip

OTHERS = [
    "ok", "error", "throttle", "partial", "!fault", "fault = false", "fault != true",
    "responsetime > 3", "duration < 2", "http.status = 200", "http.url = '/v2/'",
    "http.method != 'POST'", "user = 'bob'", "user != 'ann'", "annotation.size",
    "annotation.age > 30", "annotation.age = '30'", "annotation.paid",
    "annotation.tier > 3", "annotation.Age", "service('stock')",
    "service('web') { error }", "service('orders') { root }",
    "service(id(name: 'web', type: 'AWS::Lambda'))", "edge('orders', 'web')",
    "edge('web', 'carts') { fault }", "rootcause.error.service",
    "rootcause.fault.service { index > 5 }", "first", "coverage > 0",
    "rootcause.responsetime.entity { coverage < 0.5 }",
    f"rootcause.json = #{json.dumps(OTHER_CAUSE)}", "fault AND user = 'bob'",
    "group.name = 'nobody'",
]  # fmt: skip


@pytest.mark.parametrize("expression", MATCHING)
def test_the_trace_is_found(checkout: Any, expression: str) -> None:
    assert len(summaries(checkout, FilterExpression=expression)) == 1


@pytest.mark.parametrize("expression", OTHERS)
def test_the_trace_is_left_out(checkout: Any, expression: str) -> None:
    assert summaries(checkout, FilterExpression=expression) == []


def test_a_group_is_a_filter_by_name_and_arn(checkout: Any) -> None:
    group = checkout.create_group(GroupName="slow", FilterExpression="duration > 2")
    checkout.create_group(GroupName="quick", FilterExpression="duration < 2")
    arn = group["Group"]["GroupARN"]

    def found(expression: str) -> bool:
        return bool(summaries(checkout, FilterExpression=expression))

    assert found("group.name = 'slow' AND user = 'ann'")
    assert found(f"group.arn = '{arn}'")
    assert found("group.name != 'quick'")
    assert not found("group.name = 'quick'")
