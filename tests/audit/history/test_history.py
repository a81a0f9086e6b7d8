"""What changed of a resource, who did it, and how everything was at a moment."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.audit.history.causes import cause_of
from apps.discovery.inventory.items import ItemSource, ItemStatus
from apps.discovery.inventory.keeping import keep
from apps.discovery.models import Resource
from apps.discovery.roles import Role
from tests.conftest import Fill, signed_in
from tests.discovery.inventory.things import an_item, in_vpc
from tests.factories import ACCOUNT, NOON, OTHER_ACCOUNT, an_event
from tests.streams import text_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
ARN = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:security-group/sg-1"
SINCE = "since=2026-06-01&until=2026-08-01"


def a_write(name: str, minutes: int, **fields: Any) -> Any:
    at = NOON + timedelta(minutes=minutes)
    told: dict[str, Any] = {
        "eventName": name,
        "eventTime": at.isoformat().replace("+00:00", "Z"),
        "readOnly": False,
        "eventSource": "ec2.amazonaws.com",
        "requestParameters": {"groupId": "sg-1"},
    }
    return an_event(**(told | fields))


@pytest.fixture
def opened(fill: Fill) -> Resource:
    """A group that was made at noon, opened an hour later and then deleted."""
    closed: dict[str, Any] = {"groupId": "sg-1", "ipPermissions": []}
    rule = {
        "ipProtocol": "tcp",
        "fromPort": 22,
        "toPort": 22,
        "ipRanges": ["0.0.0.0/0"],
    }
    keep(
        [
            an_item(configuration=closed, arn=ARN, name="web", relationships=in_vpc()),
            an_item(
                at=NOON + HOUR,
                configuration={**closed, "ipPermissions": [rule]},
                arn=ARN,
                name="web",
            ),
            an_item(at=NOON + 3 * HOUR, status=ItemStatus.DELETED, configuration={}),
        ],
        NOON,
    )
    fill(
        a_write("CreateSecurityGroup", -1),
        a_write("CreateTags", 20),
        a_write("AuthorizeSecurityGroupIngress", 59),
        a_write("RevokeSecurityGroupIngress", 58, errorCode="AccessDenied"),
        a_write("DescribeSecurityGroups", 59, readOnly=True),
        a_write("AuthorizeSecurityGroupIngress", 59, recipientAccountId=OTHER_ACCOUNT),
        a_write("PutEvaluations", 60, eventSource="config.amazonaws.com"),
        a_write("DeleteSecurityGroup", 179),
    )
    return Resource.objects.get()


def test_each_change_has_what_changed_and_who_did_it(
    opened: Resource, viewer_client: Client
) -> None:
    answer = viewer_client.get(f"/api/v1/resources/{opened.pk}/history")

    deleted, changed, first = json.loads(answer.content)["items"]
    assert (first["what"], first["cause"]["event"]) == (
        "First seen",
        "CreateSecurityGroup",
    )
    assert changed["cause"]["event"] == "AuthorizeSecurityGroupIngress"
    assert changed["cause"]["actor"].endswith("user/alice")
    (change,) = [one for one in changed["changes"] if "ipPerm" in one["path"]]
    assert change["path"] == "configuration.ipPermissions[22-22-tcp]"
    assert (change["kind"], change["after"]["fromPort"]) == ("added", 22)
    assert (deleted["what"], deleted["cause"]["event"]) == (
        "Deleted",
        "DeleteSecurityGroup",
    )


def test_without_an_event_in_time_there_is_no_cause(opened: Resource) -> None:
    late = NOON + 9 * HOUR

    assert cause_of(opened.key, ARN, ["web"], late, late - HOUR) is None


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-07-01T11:59:59Z", []),
        ("2026-07-01T12:30:00Z", [[]]),
        ("2026-07-01T13:30:00Z", [[22]]),
        ("2026-07-01T16:00:00Z", []),
    ],
)
def test_the_estate_is_as_it_was_at_a_moment(
    opened: Resource, viewer_client: Client, at: str, expected: list[list[int]]
) -> None:
    answer = json.loads(viewer_client.get(f"/api/v1/resources?at={at}").content)

    ports = [
        [rule["fromPort"] for rule in one["configuration"]["ipPermissions"]]
        for one in answer["items"]
    ]
    assert ports == expected
    assert sum(answer["types"].values()) == len(expected)


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_list_is_exported_whole_and_only_of_what_one_may_see(
    opened: Resource, form: str
) -> None:
    keep([an_item("=secret", account=OTHER_ACCOUNT)], NOON)
    mine = signed_in("mia", None, None)
    assert "sg-1" not in text_of(mine.get(f"/inventory/export.{form}?gone=1"))

    all_ = text_of(
        signed_in("vera", Role.VIEWER).get(f"/inventory/export.{form}?gone=1")
    )

    assert "sg-1" in all_
    # No spreadsheet takes it for a formula.
    assert ("'=secret" in all_) == (form == "csv")


def test_a_resource_has_one_page_by_whatever_name(
    opened: Resource, viewer_client: Client
) -> None:
    by_id = viewer_client.get(f"/inventory/resources/{opened.pk}/?{SINCE}")
    by_name = viewer_client.get(f"/resources/resource?name={ARN}&{SINCE}")

    for page in (by_id, by_name):
        text = page.content.decode()
        assert "AuthorizeSecurityGroupIngress" in text
        assert "Is contained in Vpc" in text
        assert "What CloudTrail saw" in text


def test_a_resource_that_only_the_trail_knows_has_its_page(
    viewer_client: Client, fill: Fill
) -> None:
    fill(a_write("DeleteVolume", 0, requestParameters={"volumeId": "vol-0a1b2c3d"}))

    page = viewer_client.get(f"/resources/resource?name=vol-0a1b2c3d&{SINCE}")

    assert "DeleteVolume" in page.content.decode()
    assert "The inventory does not know it" in page.content.decode()


def test_relationships_are_known_from_both_sides(viewer_client: Client) -> None:
    keep([an_item(relationships=in_vpc("vpc-1"))], NOON)
    keep([an_item("vpc-1", type_="AWS::EC2::VPC")], NOON)
    vpc = Resource.objects.get(resource_id="vpc-1")

    answer = json.loads(viewer_client.get(f"/api/v1/resources/{vpc.pk}").content)

    (link,) = answer["relationships"]
    assert (link["id"], link["said_by"]) == ("sg-1", "other")


def test_what_config_told_is_not_told_again_by_our_own_look(
    viewer_client: Client, fill: Fill
) -> None:
    user = "AWS::IAM::User"
    for hour, path in enumerate(("/", "/ops/")):
        keep(
            [
                an_item(
                    "AIDA",
                    at=NOON + hour * HOUR + timedelta(seconds=seconds),
                    type_=user,
                    configuration={"path": path},
                    source=source,
                    supplementary={"accessKeys": []} if seconds else {},
                )
                for seconds, source in enumerate(
                    (ItemSource.CONFIG, ItemSource.SCANNER)
                )
            ],
            NOON,
        )
    row = Resource.objects.get()

    answer = viewer_client.get(f"/api/v1/resources/{row.pk}/history").content

    told = [one["what"] for one in json.loads(answer)["items"]]
    assert told == ["Seen unchanged", "Changed", "Seen unchanged", "First seen"]


def test_a_query_is_answered_within_what_one_may_see(viewer_client: Client) -> None:
    keep([an_item(tags={"team": "web"}), an_item("sg-2")], NOON)
    text = "SELECT resourceId WHERE tags.tag = 'team=web'"

    answer = viewer_client.get("/api/v1/resources/query", {"query": text})
    assert json.loads(answer.content)["items"] == [{"resourceId": "sg-1"}]

    blind = signed_in("mia", None, None).get("/api/v1/resources/query", {"query": text})
    assert json.loads(blind.content)["items"] == []


def test_a_wrong_query_says_where(viewer_client: Client) -> None:
    page = viewer_client.get("/inventory/queries/", {"query": "SELECT a FROM b"})

    assert "FROM is not part of this language" in page.content.decode()
    assert "SELECT a FROM b\n         ^" in page.content.decode()
