"""Who depends on a resource, and who describes it as code."""

from __future__ import annotations

import pytest

from apps.audit.remediation.actions.base import Subject
from apps.audit.remediation.progress import drawn
from apps.audit.remediation.radius import callers, node_of, owner_of
from apps.discovery.inventory.items import ResourceKey
from apps.tracing.maps.servicemap import Figures, MapEdge, MapNode, ServiceMap
from apps.tracing.spans.span import ServiceKey
from tests.factories import ACCOUNT, OTHER_ACCOUNT


def key(name: str, account: str = ACCOUNT) -> ServiceKey:
    return ServiceKey(account, "AWS::ECS::Container", name)


def a_map(*calls: tuple[str, str, int, int]) -> ServiceMap:
    names = {end for source, target, *_ in calls for end in (source, target)}
    nodes = tuple(
        MapNode(key(one), Figures(calls=1), sends_spans=True) for one in sorted(names)
    )
    edges = tuple(
        MapEdge(key(source), key(target), False, Figures(calls=many, faults=faults))
        for source, target, many, faults in calls
    )
    return ServiceMap(0, 86_400, nodes, edges)


def a_subject(name: str, type_: str = "AWS::ECS::Service") -> Subject:
    return Subject(ResourceKey(ACCOUNT, "eu-west-1", type_, name), "", name)


WHOLE = a_map(
    ("cart", "orders", 100, 10),
    ("web", "orders", 300, 0),
    ("client", "web", 50, 0),
    ("far", "client", 9, 0),
    ("orders", "stock", 7, 0),
    ("web", "cart", 5, 0),
)


def test_callers_are_told_up_to_two_hops_the_busiest_first() -> None:
    node = node_of(a_subject("orders"), WHOLE)
    assert node is not None

    found = [(one["name"], one["hop"], one["calls"]) for one in callers(node, WHOLE)]

    assert found == [("web", 1, 300), ("cart", 1, 100), ("client", 2, 50)]
    assert callers(node, WHOLE)[1]["fault_rate"] == 0.1


def test_two_that_call_each_other_end() -> None:
    whole = a_map(("a", "b", 1, 0), ("b", "a", 1, 0))
    node = node_of(a_subject("a"), whole)
    assert node is not None

    assert [one["name"] for one in callers(node, whole)] == ["b"]


@pytest.mark.parametrize(
    ("subject", "more", "found"),
    [
        (a_subject("orders"), (), "orders"),
        (a_subject("arn:aws:ecs:x:1:service/shop/orders"), (), "orders"),
        (a_subject("/ecs/orders", "AWS::Logs::LogGroup"), (), None),
        (a_subject("prod", "AWS::ApiGateway::Stage"), ("orders",), "orders"),
        (a_subject("unknown"), (), None),
    ],
)
def test_a_resource_is_found_on_the_map_by_its_names(
    subject: Subject, more: tuple[str, ...], found: str | None
) -> None:
    node = node_of(subject, WHOLE, more)

    assert (node and node.key.name) == found


def test_a_node_of_another_account_is_another() -> None:
    foreign = MapNode(key("orders", OTHER_ACCOUNT), Figures(), sends_spans=True)

    assert node_of(a_subject("orders"), ServiceMap(0, 60, (foreign,), ())) is None


@pytest.mark.parametrize(
    ("tags", "kind", "name"),
    [
        ({"aws:cloudformation:stack-name": "net"}, "The CloudFormation stack", "net"),
        (
            {"aws:cloudformation:stack-name": "net", "aws-cdk:id": "x"},
            "The CDK stack",
            "net",
        ),
        ({"ManagedBy": "Terraform"}, "Terraform", ""),
        ({"terraform": "true"}, "Terraform", ""),
        ({"terraform-module": "network/v2"}, "Terraform", "network/v2"),
        ({"pulumi:project": "shop"}, "Pulumi", "shop"),
    ],
)
def test_tags_tell_who_describes_a_resource(
    tags: dict[str, str], kind: str, name: str
) -> None:
    owner = owner_of(tags)

    assert owner is not None
    assert (owner.kind, owner.name) == (kind, name)
    assert owner_of({"team": "orders"}) is None


def test_an_execution_is_drawn_from_top_to_bottom_also_with_a_loop() -> None:
    def node(name: str, *following: str) -> dict[str, object]:
        return {
            "name": name, "kind": "", "state": "pending", "text": "",
            "next": list(following),
        }  # fmt: skip

    graph = [node("A", "B", "C"), node("B", "D"), node("C", "D"), node("D", "A", "E")]
    found = drawn({"graph": [*graph, node("E")]})

    assert found is not None
    heights = {one.name: one.y for one in found.boxes}
    assert heights["A"] < heights["B"] == heights["C"] < heights["D"] < heights["E"]
    assert len(found.lines) == 6
    assert drawn({}) is None
