"""Actors, the chain of roles behind them, and resources, as their pages show them."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.test import Client

from apps.audit import profiles
from apps.audit.chains import chain
from apps.audit.kinds import TRAIL
from apps.search import store
from apps.search.documents import Document
from apps.search.engines.base import Scope, SearchRequest
from apps.search.timerange import TimeRange
from tests.conftest import Fill
from tests.factories import ACCOUNT, NOON, OTHER_ACCOUNT, an_event

ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
DEPLOY = f"arn:aws:iam::{ACCOUNT}:role/deploy"
ADMIN = f"arn:aws:iam::{OTHER_ACCOUNT}:role/admin"
DAY = "since=2026-07-01&until=2026-07-02"
WEEK = SearchRequest(
    TRAIL, NOON, range=TimeRange(NOON - timedelta(days=1), NOON + timedelta(days=1))
)


def as_role(role: str, key: str) -> dict[str, object]:
    """The identity of a session of a role, with its access key."""
    name = role.rsplit("/", 1)[-1]
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{role.split(':')[4]}:assumed-role/{name}/session",
        "accessKeyId": key,
        "sessionContext": {"sessionIssuer": {"arn": role}},
    }


def assuming(role: str, key: str, **fields: object) -> Document:
    """A successful AssumeRole that gave out an access key."""
    return an_event(
        eventName="AssumeRole",
        eventSource="sts.amazonaws.com",
        requestParameters={"roleArn": role, "roleSessionName": "session"},
        responseElements={"credentials": {"accessKeyId": key}},
        **fields,
    )


@pytest.fixture
def story(fill: Fill) -> None:
    """Alice takes on deploy, deploy takes on admin elsewhere, admin deletes a trail."""
    alice = {"type": "IAMUser", "arn": ALICE, "accessKeyId": "AKIAALICE"}
    fill(
        assuming(DEPLOY, "ASIADEPLOY", userIdentity=alice),
        assuming(
            ADMIN,
            "ASIAADMIN",
            userIdentity=as_role(DEPLOY, "ASIADEPLOY"),
            eventTime="2026-07-01T12:01:00Z",
        ),
        an_event(
            eventName="DeleteTrail",
            userIdentity=as_role(ADMIN, "ASIAADMIN"),
            eventTime="2026-07-01T12:02:00Z",
            readOnly=False,
            errorCode="AccessDenied",
        ),
    )


@pytest.mark.usefixtures("story")
def test_a_session_is_followed_back_to_a_person() -> None:
    steps = chain(store.reader(), TRAIL, Scope(), "ASIAADMIN", NOON)

    assert [step.actor.key for step in steps] == [ALICE, DEPLOY]
    assert [step.access_key for step in steps] == ["AKIAALICE", "ASIADEPLOY"]


@pytest.mark.usefixtures("story")
def test_a_chain_ends_where_one_may_not_look() -> None:
    scope = Scope(frozenset((OTHER_ACCOUNT,)))

    assert chain(store.reader(), TRAIL, scope, "ASIAADMIN", NOON) == []


def test_a_chain_that_bites_its_tail_ends(fill: Fill) -> None:
    fill(
        assuming(DEPLOY, "ASIAA", userIdentity=as_role(ADMIN, "ASIAB")),
        assuming(ADMIN, "ASIAB", userIdentity=as_role(DEPLOY, "ASIAA")),
    )

    assert len(chain(store.reader(), TRAIL, Scope(), "ASIAA", NOON)) == 2


@pytest.mark.usefixtures("story")
def test_an_actor_has_numbers_relations_and_a_first_and_last_time() -> None:
    asked = SearchRequest(
        TRAIL, NOON, profiles.actor_node(ADMIN), WEEK.range, seconds=5.0
    )
    profile = profiles.actor_profile(store.reader(), asked)
    relations = profiles.relations(store.reader(), asked, ADMIN, profile.last)

    assert (profile.total, profile.failed, profile.changes) == (1, 1, 1)
    assert profile.error_rate == 100.0
    assert profile.first == profile.last
    assert relations.assumed_by == ((DEPLOY, 1),)
    assert [step.actor.key for step in relations.last_session] == [ALICE, DEPLOY]


@pytest.mark.django_db
@pytest.mark.usefixtures("story")
def test_the_page_of_an_actor_shows_them(viewer_client: Client) -> None:
    url = f"/actors/actor?name={quote(ADMIN)}&{DAY}"

    shown = viewer_client.get(url).content.decode()

    assert "Behind the last session" in shown
    assert shown.index(f">{ALICE.split('/')[-1]}<") < shown.index(">deploy<")
    assert "100 %" in shown


@pytest.mark.django_db
@pytest.mark.usefixtures("story")
def test_the_directory_counts_the_events_of_each(viewer_client: Client) -> None:
    shown = viewer_client.get(f"/actors/?{DAY}").content.decode()

    assert "All 3 actors of 3 events" in shown
    assert f"name={quote(ALICE, safe='')}" in shown


@pytest.mark.django_db
@pytest.mark.usefixtures("story")
def test_the_page_of_a_session_names_who_made_it(viewer_client: Client) -> None:
    shown = viewer_client.get("/actors/session?name=ASIADEPLOY").content.decode()

    assert ALICE.split("/")[-1] in shown


@pytest.mark.django_db
def test_an_actor_outside_the_range_says_when_it_was_seen(
    fill: Fill, viewer_client: Client
) -> None:
    fill(an_event())

    url = f"/actors/actor?name={quote(ALICE)}&since=2026-08-01&until=2026-08-02"
    shown = viewer_client.get(url).content.decode()

    assert "Nothing in this time range" in shown
    assert "Last seen" in shown


def found(name: str) -> int:
    asked = SearchRequest(TRAIL, NOON, profiles.resource_node(name))
    return store.reader().count(asked).value


def test_a_resource_is_found_by_arn_id_and_name(fill: Fill) -> None:
    fill(
        an_event(requestParameters={"bucketName": "orders"}),
        an_event(requestParameters={"instanceId": "i-0123456789abcdef0"}),
        an_event(requestParameters={"x": "arn:aws:lambda:eu:1:function:pay"}),
    )

    assert found("arn:aws:s3:::orders") == 1
    assert found("i-0123456789abcdef0") == 1
    assert found("pay") == 1


def test_a_role_of_the_same_name_elsewhere_is_another_resource(fill: Fill) -> None:
    for account in (ACCOUNT, OTHER_ACCOUNT):
        fill(
            an_event(
                eventSource="iam.amazonaws.com",
                recipientAccountId=account,
                requestParameters={"roleName": "admin"},
            )
        )

    assert found(ADMIN) == 1
    assert found("admin") == 2


@pytest.mark.django_db
def test_the_page_of_a_resource_lists_what_touched_it(
    fill: Fill, viewer_client: Client
) -> None:
    fill(an_event(), an_event(eventName="PutBucketPolicy", readOnly=False))

    url = f"/resources/resource?name=arn:aws:s3:::orders&{DAY}"
    shown = viewer_client.get(url).content.decode()

    assert "PutBucketPolicy" in shown
    assert shown.count('<tr id="row-') == 2


@pytest.mark.django_db
@pytest.mark.parametrize("name", [ALICE, "user/alice", "alice"])
def test_an_actor_is_found_by_the_name_that_lists_show(
    fill: Fill, viewer_client: Client, name: str
) -> None:
    fill(an_event())

    shown = viewer_client.get(f"/actors/actor?name={quote(name)}&{DAY}")

    assert "<dd>1</dd>" in shown.content.decode()


@pytest.mark.django_db
@pytest.mark.usefixtures("story")
def test_a_key_names_who_uses_it_and_for_how_long(viewer_client: Client) -> None:
    shown = viewer_client.get("/actors/session?name=AKIAALICE").content.decode()

    assert "Used by" in shown
    assert f">{ALICE}</a>" in shown
    assert "1 event from" in shown


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["actors", "resources"])
def test_a_directory_without_names_says_where_there_are_events(
    fill: Fill, viewer_client: Client, path: str
) -> None:
    fill(an_event())

    url = f"/{path}/?since=2020-01-01&until=2020-01-02"
    shown = viewer_client.get(url).content.decode()

    assert "since=2026-07-01T12:00:00Z&amp;until=2026-07-01T12:00:01Z" in shown


@pytest.mark.django_db
def test_reads_and_changes_are_called_so_over_time(
    fill: Fill, viewer_client: Client
) -> None:
    fill(an_event(), an_event(readOnly=False))

    url = f"/resources/resource?name=arn:aws:s3:::orders&{DAY}"
    shown = viewer_client.get(url).content.decode()

    assert "</i>Reads</span>" in shown
    assert "</i>Changes</span>" in shown
