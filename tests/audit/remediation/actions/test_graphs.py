"""A followed execution is drawn as its definition says."""

from __future__ import annotations

from typing import Any

from apps.audit.remediation.actions.base import Subject
from apps.audit.remediation.actions.handovers.executiongraph import graph_of
from apps.audit.remediation.actions.health import node_names
from apps.discovery.inventory.items import ResourceKey

DEFINITION: dict[str, Any] = {
    "StartAt": "Which",
    "States": {
        "End": {"Type": "Succeed"},
        "Which": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "Both"}],
            "Default": "End",
        },
        "Both": {
            "Type": "Parallel",
            "Next": "Each",
            "Branches": [
                {"StartAt": "Mail", "States": {"Mail": {"Type": "Task", "End": True}}},
                {"StartAt": "Log", "States": {"Log": {"Type": "Task", "End": True}}},
            ],
        },
        "Each": {
            "Type": "Map",
            "ItemProcessor": {
                "StartAt": "One",
                "States": {"One": {"Type": "Task", "End": True}},
            },
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "End"}],
            "End": True,
        },
    },
}


def event(number: int, kind: str, name: str = "", after: int | None = None) -> Any:
    told: dict[str, Any] = {
        "id": number,
        "type": kind,
        "previousEventId": number - 1 if after is None else after,
    }
    if kind.endswith("StateEntered"):
        told["stateEnteredEventDetails"] = {"name": name}
    if kind.endswith("StateExited"):
        told["stateExitedEventDetails"] = {"name": name}
    return told


def test_branches_and_items_are_nodes_of_their_own() -> None:
    graph = graph_of(DEFINITION, [], is_over=False)

    assert [(node.name, node.kind, node.next) for node in graph] == [
        ("Which", "Choice", ("Both", "End")),
        ("Both", "Parallel", ("Each",)),
        ("Both / 1 / Mail", "Task", ()),
        ("Both / 2 / Log", "Task", ()),
        ("End", "Succeed", ()),
        ("Each", "Map", ("End",)),
        ("Each / One", "Task", ()),
    ]
    assert {node.state for node in graph} == {"pending"}


def test_a_failure_is_of_the_state_it_came_from_though_branches_are_mixed() -> None:
    events = [
        event(1, "ExecutionStarted", after=0),
        event(2, "ChoiceStateEntered", "Which"),
        event(3, "ChoiceStateExited", "Which"),
        event(4, "ParallelStateEntered", "Both"),
        event(5, "ParallelStateStarted"),
        event(6, "TaskStateEntered", "Mail"),
        event(7, "TaskStateEntered", "Log", after=5),
        event(8, "TaskScheduled", after=6),
        event(9, "TaskSucceeded", after=7),
        event(10, "TaskStateExited", "Log"),
        {**event(11, "TaskFailed", after=8),
         "taskFailedEventDetails": {"error": "Denied", "cause": "no right"}},
    ]  # fmt: skip

    running = {one.name: one for one in graph_of(DEFINITION, events, is_over=False)}
    over = {one.name: one for one in graph_of(DEFINITION, events, is_over=True)}

    assert running["Both"].state == "running"
    assert running["Both / 1 / Mail"].state == "failed"
    assert running["Both / 1 / Mail"].text == "Denied: no right"
    assert running["Both / 2 / Log"].state == "succeeded"
    assert (over["Both"].state, over["End"].state) == ("failed", "skipped")


def test_a_state_entered_again_runs_again() -> None:
    events = [
        event(1, "TaskStateEntered", "Each"),
        event(2, "TaskStateExited", "Each"),
        event(3, "TaskStateEntered", "Each"),
    ]

    graph = {one.name: one for one in graph_of(DEFINITION, events, is_over=False)}

    assert graph["Each"].state == "running"


def named(kind: str, arn: str, name: str = "") -> tuple[str, ...]:
    key = ResourceKey("111122223333", "eu-west-1", kind, arn)
    return node_names(Subject(key, arn, name))


def test_a_resource_is_known_on_the_map_by_its_names() -> None:
    stage = "arn:aws:apigateway:eu-west-1::/restapis/abc/stages/prod"
    balancer = "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/Front/0a"
    service = "arn:aws:ecs:eu-west-1:111122223333:service/shop/cart"

    assert "abc/prod" in named("AWS::ApiGateway::Stage", stage)
    assert named("AWS::ElasticLoadBalancingV2::LoadBalancer", balancer)[0] == "front"
    assert named("AWS::ECS::Service", service)[0] == "cart"
    assert named("AWS::EC2::SecurityGroup", "sg-1") == ()
