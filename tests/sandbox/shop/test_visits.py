"""A request visits whom its route names, in an order and a time that can be true."""

from __future__ import annotations

from statistics import median

import pytest

from sandbox.shop.effects import Effects, together
from sandbox.shop.rhythm import share_at
from sandbox.shop.topology import CONSUMERS, ROUTES, SERVICES, STORES, Registry, Service
from sandbox.shop.visits import Journey, Traveller, Visit
from tests.sandbox.shop.conftest import Journeys

DAY = 86_400
MONDAY = 1_789_948_800.0  # 2026-09-21T00:00:00Z


def visits_to(journeys: list[Journey], name: str) -> list[Visit]:
    return [v for j in journeys for v in j.visits() if v.place.name == name]


def share(visits: list[Visit]) -> float:
    return sum(v.is_fault for v in visits) / len(visits)


def test_there_are_twelve_services_in_two_accounts_and_four_registries() -> None:
    services = SERVICES.values()

    assert len(services) == 12
    assert len({service.account for service in services}) == 2
    assert {service.registry for service in services} == set(Registry)


def test_every_call_has_somebody_to_answer_it() -> None:
    known = {**SERVICES, **STORES}
    called = {call.target for route in ROUTES.values() for call in route.calls}

    assert called <= set(known)
    assert {name for name, _ in CONSUMERS.values()} <= set(SERVICES)


def test_every_service_is_visited_by_somebody(journeys: Journeys) -> None:
    visited = {v.place.name for j in journeys(800) for v in j.visits()}

    assert visited == {*SERVICES, *STORES}


def test_calls_lie_within_their_caller(journeys: Journeys) -> None:
    for journey in journeys(200):
        for visit in journey.visits():
            for child in visit.children:
                assert visit.start <= child.start <= child.end <= visit.end


def test_calls_follow_each_other(journeys: Journeys) -> None:
    for journey in journeys(50, "POST /checkout"):
        for visit in journey.visits():
            for before, after in zip(visit.children, visit.children[1:], strict=False):
                assert before.end <= after.start


def test_what_is_sent_is_worked_on_later(journeys: Journeys) -> None:
    sent = visits_to(journeys(50, "POST /checkout"), "orders")

    for visit in sent:
        (consumer,) = visit.consumers
        assert consumer.place.name == "fulfilment"
        assert consumer.start >= visit.end


def test_nearly_everything_goes_well(journeys: Journeys) -> None:
    roots = [journey.root for journey in journeys(2_000)]

    assert share(roots) < 0.02


def test_a_slow_store_slows_all_who_wait_for_it(journeys: Journeys) -> None:
    usual = journeys(100, "POST /checkout")
    slow = journeys(100, "POST /checkout", Effects(slower={"payments-db": 30.0}))

    assert median(j.root.seconds for j in slow) > 2 * median(
        j.root.seconds for j in usual
    )


def test_an_outage_cascades_to_the_front(journeys: Journeys) -> None:
    outage = Effects(faults={"products": 1.0}, misses={"product-cache": 1.0})

    failing = journeys(100, "GET /search", outage)

    for name in ("catalog", "search", "storefront"):
        assert share(visits_to(failing, name)) == 1.0


def test_who_fails_leaves_the_others_alone(journeys: Journeys) -> None:
    outage = Effects(faults={"fraud": 1.0})

    assert share(visits_to(journeys(300, "GET /", outage), "storefront")) < 0.05


def test_a_chatty_caller_calls_for_each_article(journeys: Journeys) -> None:
    chatty = Effects(repeats={("recommendations", "affinities"): 40})

    for visit in visits_to(journeys(20, "GET /", chatty), "recommendations"):
        assert len(visit.children) == 40


def test_an_empty_cache_sends_every_read_to_the_database(journeys: Journeys) -> None:
    empty = journeys(100, "GET /search", Effects(misses={"product-cache": 1.0}))

    assert len(visits_to(empty, "products")) == len(visits_to(empty, "product-cache"))


def test_a_silent_service_hears_nothing(journeys: Journeys) -> None:
    silent = Effects(silent=frozenset({"recommendations"}))

    assert visits_to(journeys(200, effects=silent), "recommendations") == []


def test_incidents_add_up() -> None:
    both = together(
        [
            Effects(slower={"a": 2.0}, faults={"x": 0.1}, silent=frozenset({"s"})),
            Effects(slower={"a": 3.0}, faults={"x": 0.4}, chatter={"c": 5.0}),
        ]
    )

    assert both.slower == {"a": 6.0}
    assert both.faults == {"x": 0.4}
    assert both.chatter == {"c": 5.0}
    assert both.silent == {"s"}


@pytest.mark.parametrize("expected", [0.5, 20.0, 1_000.0])
def test_as_many_arrive_as_are_expected_in_the_mean(expected: float) -> None:
    traveller = Traveller(seed=3)

    drawn = [traveller.arrivals(expected) for _ in range(400)]

    assert abs(sum(drawn) / 400 - expected) < 0.15 * expected


def test_a_day_has_its_quiet_and_its_busy_hours() -> None:
    hours = [share_at(MONDAY + hour * 3_600) for hour in range(24)]

    assert 2 <= hours.index(min(hours)) <= 6
    assert 10 <= hours.index(max(hours)) <= 21
    assert max(hours) > 3 * min(hours)
    assert sum(hours) / 24 == pytest.approx(1.0, abs=0.1)


def test_weekends_are_quieter() -> None:
    noon = 12 * 3_600

    assert share_at(MONDAY + 5 * DAY + noon) < share_at(MONDAY + noon)


def test_the_same_dice_tell_the_same_story(journeys: Journeys) -> None:
    once, again = journeys(20), journeys(20)

    assert [j.trace_id for j in once] == [j.trace_id for j in again]


def test_a_place_is_a_service_or_a_store(journeys: Journeys) -> None:
    lambdas = {
        v.place.name
        for j in journeys(300)
        for v in j.visits()
        if isinstance(v.place, Service) and "lambda" in v.place.log_group
    }

    assert lambdas == {"cart", "fraud", "notifications"}
