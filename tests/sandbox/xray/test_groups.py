"""Groups: traces by a filter expression, with a graph of their own."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.sandbox.test_identity import refused
from tests.sandbox.xray.shop import ECS, nodes, put, segment, trace_id

INVALID = ("InvalidRequestException", 400)


def test_there_is_a_default_group(xray: Any) -> None:
    assert xray.get_groups()["Groups"] == [
        {
            "GroupName": "Default",
            "GroupARN": f"arn:aws:xray:{HOME_REGION}:{SHOP}:group/Default",
            "InsightsConfiguration": {
                "InsightsEnabled": False,
                "NotificationsEnabled": False,
            },
        }
    ]


def test_a_group_is_found_by_name_and_by_arn(xray: Any) -> None:
    made = xray.create_group(GroupName="slow", FilterExpression="responsetime > 5")
    group = made["Group"]

    assert group["GroupARN"].startswith(
        f"arn:aws:xray:{HOME_REGION}:{SHOP}:group/slow/"
    )
    assert xray.get_group(GroupName="slow")["Group"] == group
    assert xray.get_group(GroupARN=group["GroupARN"])["Group"] == group
    assert [g["GroupName"] for g in xray.get_groups()["Groups"]] == ["Default", "slow"]


def test_a_group_can_be_changed(xray: Any) -> None:
    xray.create_group(GroupName="slow", FilterExpression="responsetime > 5")
    settings = {"InsightsEnabled": True, "NotificationsEnabled": True}

    xray.update_group(
        GroupName="slow", FilterExpression="fault", InsightsConfiguration=settings
    )

    group = xray.get_group(GroupName="slow")["Group"]
    assert group["FilterExpression"] == "fault"
    assert group["InsightsConfiguration"] == settings


def test_a_deleted_group_is_gone(xray: Any) -> None:
    xray.create_group(GroupName="slow")
    xray.delete_group(GroupName="slow")

    assert refused(xray.get_group, GroupName="slow") == INVALID


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("create_group", {"GroupName": "taken"}),
        ("create_group", {"GroupName": "Default"}),
        ("create_group", {"GroupName": "new", "FilterExpression": "fault AND"}),
        ("create_group", {"GroupName": "new", "FilterExpression": "colour = 'red'"}),
        ("create_group", {"GroupName": "new", "InsightsConfiguration": {
            "InsightsEnabled": False, "NotificationsEnabled": True}}),
        ("get_group", {}),
        ("get_group", {"GroupName": "absent"}),
        ("update_group", {"GroupName": "Default", "FilterExpression": "ok"}),
        ("delete_group", {"GroupName": "Default"}),
        ("delete_group", {"GroupName": "taken", "GroupARN": "arn:aws:xray:x"}),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(
    xray: Any, operation: str, asked: dict[str, Any]
) -> None:
    xray.create_group(GroupName="taken")

    assert refused(getattr(xray, operation), **asked) == INVALID


def test_an_account_has_25_groups(xray: Any) -> None:
    for number in range(25):
        xray.create_group(GroupName=f"g{number}")

    assert refused(xray.create_group, GroupName="more") == INVALID


def test_a_groups_graph_is_of_its_traces(xray: Any) -> None:
    put(xray, segment(), segment("shop", trace_id=trace_id(2), fault=True))
    xray.create_group(GroupName="faults", FilterExpression="fault")

    assert nodes(xray, GroupName="faults").keys() == {("shop", "client"), ("shop", ECS)}
    assert len(nodes(xray, GroupName="Default")) == 4


def test_a_trace_joins_a_group_when_it_changes(xray: Any) -> None:
    begun = {k: v for k, v in segment().items() if k != "end_time"}
    put(xray, {**begun, "in_progress": True})
    xray.create_group(GroupName="faults", FilterExpression="fault")
    assert nodes(xray, GroupName="faults") == {}

    put(xray, segment(fault=True))

    assert ("web", ECS) in nodes(xray, GroupName="faults")


def test_a_changed_expression_takes_other_traces(xray: Any) -> None:
    put(xray, segment())
    xray.create_group(GroupName="mine", FilterExpression="fault")
    assert nodes(xray, GroupName="mine") == {}

    xray.update_group(GroupName="mine", FilterExpression="ok")

    assert ("web", ECS) in nodes(xray, GroupName="mine")


def test_groups_have_tags(xray: Any) -> None:
    tags = [{"Key": "team", "Value": "shop"}, {"Key": "stage", "Value": "prod"}]
    arn = xray.create_group(GroupName="slow", Tags=tags)["Group"]["GroupARN"]

    xray.tag_resource(ResourceARN=arn, Tags=[{"Key": "team", "Value": "core"}])
    xray.untag_resource(ResourceARN=arn, TagKeys=["stage"])

    found = xray.list_tags_for_resource(ResourceARN=arn)["Tags"]
    assert found == [{"Key": "team", "Value": "core"}]


def test_tags_have_limits(xray: Any) -> None:
    arn = xray.create_group(GroupName="slow")["Group"]["GroupARN"]
    many = [{"Key": f"k{n}", "Value": "v"} for n in range(51)]
    reserved = [{"Key": "aws:mine", "Value": "v"}]

    too_many = refused(xray.tag_resource, ResourceARN=arn, Tags=many)
    assert too_many == ("TooManyTagsException", 400)
    assert refused(xray.tag_resource, ResourceARN=arn, Tags=reserved) == INVALID


def test_only_what_exists_has_tags(xray: Any) -> None:
    arn = xray.create_group(GroupName="slow")["Group"]["GroupARN"]
    xray.delete_group(GroupName="slow")

    gone = refused(xray.list_tags_for_resource, ResourceARN=arn)
    assert gone == ("ResourceNotFoundException", 404)
