"""Traces of X-Ray are stored, each once and as it is last."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.search import store
from apps.search.models import QuarantinedRecord
from apps.search.retries import retry_all
from apps.tracing.collecting.covered import covered
from apps.tracing.collecting.sampling import rules_of
from apps.tracing.collecting.scopes import switch_off, switch_on
from apps.tracing.collecting.windows import SETTLE
from apps.tracing.collecting.xray import XRay
from apps.tracing.maps.tallies import EMPTY, packed
from apps.tracing.models import GraphCheck, MapChunk, Trace
from apps.tracing.spans import segmentfiles
from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.tracing.collecting.world import World

pytestmark = pytest.mark.django_db


def test_what_happened_is_stored_and_the_map_is_x_rays(world: World) -> None:
    world.happens(30)
    world.pass_time(60)

    assert world.collect() == ""

    world.check()


def test_the_map_is_held_against_x_rays_once_an_hour(world: World) -> None:
    for _ in range(30):
        world.happens(2)
        world.pass_time(30)
    world.settle(3)

    checks = list(GraphCheck.objects.all())
    assert 2 <= len(checks) <= 4
    first = checks[-1]
    assert first.until - first.since == timedelta(minutes=10)
    assert {(one.differing, one.kept_differing, one.problem) for one in checks} == {
        (0, 0, "")
    }


def test_edges_that_differ_are_told_with_both_counts(world: World) -> None:
    for _ in range(30):
        world.happens(2)
        world.pass_time(30)
    world.settle(1)
    since = world.now().replace(hour=14, minute=20, second=0)
    lost = Trace.objects.filter(started_at__gt=since).order_by("started_at")[5]
    MapChunk.objects.filter(period_seconds=60).update(packed=packed(EMPTY))
    lost.delete()
    GraphCheck.objects.all().delete()
    world.pass_time((since + timedelta(minutes=85) - world.now()).total_seconds())
    world.collect()

    (told,) = GraphCheck.objects.all()
    assert told.since == since
    assert (told.differing, told.kept_differing) == (5, 5)
    calls = [(one["ours"]["calls"], one["theirs"]["calls"]) for one in told.differences]
    assert {theirs - ours for ours, theirs in calls} == {1}


def test_what_is_stored_is_not_fetched_again(world: World) -> None:
    world.happens(10)
    world.pass_time(60)
    world.collect()
    fetched = world.scope.fetched

    world.settle()

    assert world.scope.fetched == fetched == 10
    assert world.scope.traces == 10


def test_the_past_is_read_from_its_newest_end_and_no_further_than_wanted(
    world: World,
) -> None:
    switch_on(world.scope, world.now(), hours=5)
    world.collect()

    (read,) = covered(world.scope)
    assert read.since == world.now() - timedelta(hours=5)
    assert read.until == world.now() - SETTLE


def test_switching_off_stops_a_worker_at_its_next_step(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.happens(10)
    world.pass_time(60)
    asked: list[object] = []
    traces = XRay.traces

    def switched_off(door: XRay, ids: list[str]) -> object:
        asked.append(ids)
        switch_off(world.scope)
        return traces(door, ids)

    monkeypatch.setattr(XRay, "traces", switched_off)
    assert world.collect() == ""

    assert len(asked) == 1
    assert not world.scope.is_enabled
    assert world.scope.claimed_until is None
    world.pass_time(600)
    world.collect()
    assert len(asked) == 1


def test_a_malformed_document_is_quarantined_and_the_rest_of_its_trace_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.happens(1)
    world.pass_time(60)
    read = segmentfiles.spans_in

    def broken(text: str, *place: str) -> object:
        return read("{}" if '"ship"' in text else text, *place)

    with monkeypatch.context() as patched:
        patched.setattr(segmentfiles, "spans_in", broken)
        assert world.collect() == ""

    (record,) = QuarantinedRecord.objects.all()
    (spans,) = world.stored().values()
    assert record.origin == f"xray://{SHOP}/{HOME_REGION}/{next(iter(world.stored()))}"
    assert "trace_id" in record.reason
    assert len(spans) == 5
    record.state = QuarantinedRecord.State.RETRY
    record.save()
    retry_all(store.engine())
    record.refresh_from_db()
    assert record.state == QuarantinedRecord.State.SETTLED
    world.check()


def test_rules_in_force_are_told_in_words(world: World) -> None:
    world.client.create_sampling_rule(
        SamplingRule={
            "RuleName": "checkout",
            "ResourceARN": "*",
            "Priority": 10,
            "FixedRate": 0.25,
            "ReservoirSize": 5,
            "ServiceName": "checkout",
            "ServiceType": "*",
            "Host": "*",
            "HTTPMethod": "POST",
            "URLPath": "/pay*",
            "Version": 1,
        }
    )
    world.collect()

    rules = rules_of(SHOP, HOME_REGION)

    assert [(one.name, one.matches, one.sentence) for one in rules] == [
        (
            "checkout",
            "requests POST /pay*; service checkout",
            "the first 5 requests of each second, and 25 % of the others",
        ),
        (
            "Default",
            "everything",
            "the first request of each second, and 5 % of the others",
        ),
    ]
    assert rules_of(SHOP, "us-east-1") == []
