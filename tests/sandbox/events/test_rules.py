"""Rules and buses as the API keeps them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.events import inputs
from sandbox.kernel.cloud import HOME_REGION, PAYMENTS, SHOP
from tests.sandbox.conftest import Client
from tests.sandbox.events.test_events import ORDERS, a_queue, a_rule, bodies, code_of

Pass = Callable[[float], None]


def tags_of(client: Client, arn: str) -> list[Any]:
    found: list[Any] = client("events").list_tags_for_resource(ResourceARN=arn)["Tags"]
    return found


def test_a_rule_that_is_put_again_keeps_its_targets_and_tags(client: Client) -> None:
    events = client("events")
    a_rule(client, ORDERS, {"Arn": a_queue(client, "queue")}, Tags=[TEAM])

    arn = events.put_rule(Name="rule", EventPattern=ORDERS, State="DISABLED")["RuleArn"]

    assert events.describe_rule(Name="rule")["State"] == "DISABLED"
    assert len(events.list_targets_by_rule(Rule="rule")["Targets"]) == 1
    assert tags_of(client, arn) == [TEAM]


TEAM = {"Key": "team", "Value": "shop"}


def test_the_tags_of_a_rule_go_with_it(client: Client) -> None:
    events = client("events")
    arn = events.put_rule(Name="rule", EventPattern=ORDERS, Tags=[TEAM])["RuleArn"]

    events.delete_rule(Name="rule")

    assert tags_of(client, arn) == []


def test_the_tags_of_a_bus_go_with_it(client: Client) -> None:
    events = client("events")
    arn = events.create_event_bus(Name="orders", Tags=[TEAM])["EventBusArn"]

    events.delete_event_bus(Name="orders")

    assert tags_of(client, arn) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"ScheduleExpression": "at(2026-10-01T08:00:00)"},
        {"ScheduleExpression": "rate(1 minutes)"},
        {"ScheduleExpression": "rate(1 minute)", "EventBusName": "orders"},
    ],
)
def test_a_rule_needs_a_pattern_or_a_schedule_that_it_may_have(
    client: Client, wrong: dict[str, str]
) -> None:
    events = client("events")
    events.create_event_bus(Name="orders")

    assert code_of(events.put_rule, Name="rule", **wrong) == "ValidationException"


def test_a_rule_that_was_off_starts_counting_anew(
    client: Client, pass_time: Pass
) -> None:
    events = client("events")
    events.put_rule(Name="tick", ScheduleExpression="rate(5 minutes)")
    target = {"Id": "one", "Arn": a_queue(client, "queue")}
    events.put_targets(Rule="tick", Targets=[target])
    events.disable_rule(Name="tick")
    pass_time(900)
    events.enable_rule(Name="tick")

    pass_time(299)
    pass_time(0)
    assert bodies(client, "queue") == []
    pass_time(2)
    pass_time(0)

    assert len(bodies(client, "queue")) == 1


def test_rules_are_found_by_their_target(client: Client) -> None:
    queue = a_queue(client, "queue")
    a_rule(client, ORDERS, {"Arn": queue})
    by_target = client("events").list_rule_names_by_target

    assert by_target(TargetArn=queue)["RuleNames"] == ["rule"]
    assert by_target(TargetArn=f"{queue}-2")["RuleNames"] == []


def test_a_target_has_one_kind_of_input(client: Client) -> None:
    client("events").put_rule(Name="rule", EventPattern=ORDERS)
    both = {"Id": "one", "Arn": "arn:aws:sqs:x:y:z", "Input": "{}", "InputPath": "$.id"}

    code = code_of(client("events").put_targets, Rule="rule", Targets=[both])

    assert code == "ValidationException"


def test_removing_a_target_that_is_not_there_is_a_failure_of_its_own(
    client: Client,
) -> None:
    a_rule(client, ORDERS, {"Arn": a_queue(client, "queue")})

    answer = client("events").remove_targets(Rule="rule", Ids=["one", "two"])

    assert answer["FailedEntryCount"] == 1
    assert answer["FailedEntries"][0]["TargetId"] == "two"
    assert client("events").list_targets_by_rule(Rule="rule")["Targets"] == []


def test_a_bus_keeps_the_default_and_what_has_rules(client: Client) -> None:
    events = client("events")
    events.create_event_bus(Name="orders")
    events.put_rule(Name="rule", EventBusName="orders", EventPattern=ORDERS)

    assert code_of(events.create_event_bus, Name="orders") == (
        "ResourceAlreadyExistsException"
    )
    for name in ("default", "orders"):
        assert code_of(events.delete_event_bus, Name=name) == "ValidationException"
    gone = code_of(events.describe_event_bus, Name="gone")
    assert gone == "ResourceNotFoundException"


def test_a_whole_policy_replaces_the_statements(client: Client) -> None:
    events = client("events")
    statement = {"Sid": "all", "Effect": "Allow", "Principal": "*", "Action": "*"}

    events.put_permission(
        StatementId="one", Principal=PAYMENTS, Action="events:PutEvents"
    )
    events.put_permission(Policy=json.dumps({"Statement": [statement]}))

    policy = json.loads(events.describe_event_bus()["Policy"])
    assert policy["Statement"] == [statement]
    events.remove_permission(RemoveAllPermissions=True)
    assert "Policy" not in events.describe_event_bus()
    gone = code_of(events.remove_permission, StatementId="all")
    assert gone == "ResourceNotFoundException"


def test_an_event_may_carry_its_own_time_and_resources(
    client: Client, pass_time: Pass
) -> None:
    a_rule(client, ORDERS, {"Arn": a_queue(client, "queue")})
    entry = {
        "Source": "shop.orders",
        "DetailType": "Order",
        "Detail": "{}",
        "Time": 1_700_000_000,
        "Resources": ["arn:a", "arn:b"],
    }

    client("events").put_events(Entries=[entry])
    pass_time(0)

    (event,) = bodies(client, "queue")
    assert event["time"] == "2023-11-14T22:13:20Z"
    assert event["resources"] == ["arn:a", "arn:b"]


EVENT = {"id": "1", "time": "now", "detail": {"text": 'say "hi"', "n": 7, "on": True}}
RULE = f"arn:aws:events:{HOME_REGION}:{SHOP}:rule/rule"


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ('"<text>"', '"say \\"hi\\""'),
        ('{"n": <n>, "on": <on>}', '{"n": 7, "on": true}'),
        ('"n is <n>, on is <on>"', '"n is 7, on is true"'),
        ('"<gone>|<unknown>"', '"|<unknown>"'),
        ('{"rule": "<aws.events.rule-arn>"}', f'{{"rule": "{RULE}"}}'),
        ("<aws.events.event>", '{"id":"1","time":"now"}'),
        ('"a \\"quoted\\" <n>"', '"a \\"quoted\\" 7"'),
        ('"1 < 2"', '"1 < 2"'),
    ],
)
def test_a_template_is_filled_as_text_within_quotes_and_as_json_without(
    template: str, made: str
) -> None:
    paths = {n: f"$.detail.{n}" for n in ("text", "n", "on", "gone")}
    transformer = {"InputPathsMap": paths, "InputTemplate": template}

    assert inputs.of({"InputTransformer": transformer}, EVENT, RULE) == made


def test_a_path_that_leads_nowhere_is_null() -> None:
    assert inputs.of({"InputPath": "$.detail.gone"}, EVENT, RULE) == "null"
