"""What rules read: metrics, documents, the service map, sources."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.discovery.alerthooks import (
    ConditionInvalid,
    ConditionUnavailable,
    Early,
    Periods,
    Question,
    Reading,
)
from apps.discovery.silencehooks import Source
from apps.monitoring.incidents import asking
from apps.monitoring.incidents.conditions import metrics, silence
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.models import LogGroup, LogPoll
from apps.search.engines.base import EVERYTHING_VISIBLE, Scope
from tests.conftest import Fill
from tests.factories import ACCOUNT, NOON, OTHER_ACCOUNT, an_event
from tests.monitoring.charts.stored import a_series, cover, keep
from tests.tracing.maps import kept, made

pytestmark = pytest.mark.django_db
NOW = int(NOON.timestamp())
MINUTE = 60


def ask(  # noqa: PLR0913 - a question has so many parts
    kind: str,
    parameters: dict[str, Any],
    count: int = 5,
    *,
    scope: Scope = EVERYTHING_VISIBLE,
    until: datetime = NOON,
    keys: frozenset[str] = frozenset(),
    now: datetime = NOON,
) -> asking.Answer:
    checked = asking.conditions()[kind].check(parameters)
    periods = Periods(until, MINUTE, count)
    [answer] = asking.answers([(kind, Question(checked, periods, scope, now, keys))])
    return answer


def readings(*args: Any, **kwargs: Any) -> dict[str, Reading]:
    answer = ask(*args, **kwargs)
    assert not isinstance(answer, ConditionUnavailable), answer
    return {one.key: one for one in answer}


def a_queue(name: str, account: str = ACCOUNT) -> Any:
    where = (account, "eu-west-1")
    return a_series(MetricKey.of(where, "AWS/SQS", "Sent", {"QueueName": name}))


SENT = {
    "namespace": "AWS/SQS",
    "name": "Sent",
    "dimensions": {"QueueName": "*"},
    "statistic": "Sum",
}


def test_every_series_of_a_metric_is_watched_on_its_own() -> None:
    for name, values in (("orders", [1, 2, 3, None, 5]), ("carts", [7, 7, 7, 7, 7])):
        row = a_queue(name)
        keep(row, NOW - 5 * MINUTE, values)
        cover(row, NOW - 3_600, NOW, NOW + 600)

    found = readings("metric", SENT)

    orders = found[f"{ACCOUNT}/eu-west-1/QueueName=orders"]
    assert orders.values == (1, 2, 3, None, 5)
    assert (orders.labels["service"], orders.early) == ("orders", Early.UP)
    assert len(found) == 2


def test_what_was_not_read_is_no_missing_point() -> None:
    row = a_queue("orders")
    keep(row, NOW - 5 * MINUTE, [1, None, None, None, None])
    cover(row, NOW - 3_600, NOW - 4 * MINUTE, NOW)
    cover(row, NOW - 3 * MINUTE, NOW - 2 * MINUTE, NOW + 600)

    [found] = readings("metric", SENT).values()

    one, gap, missing, *_ = found.values
    assert (one, missing, found.late) == (1, None, 3)
    assert gap is not None
    assert math.isnan(gap)


def test_what_cloudwatch_may_still_revise_is_late() -> None:
    row = a_queue("orders")
    keep(row, NOW - 5 * MINUTE, [1, 1, 1, 1, 1])
    cover(row, NOW - 3_600, NOW, NOW)

    [found] = readings("metric", SENT).values()

    assert found.late == 2


def test_metrics_of_other_accounts_are_not_read() -> None:
    cover(a_queue("orders", OTHER_ACCOUNT), NOW - 3_600, NOW)

    answer = ask("metric", SENT, scope=Scope(frozenset([ACCOUNT])))

    assert isinstance(answer, ConditionUnavailable)


def test_many_metric_rules_are_read_in_few_statements(
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(40):
        row = a_queue(f"queue-{number}")
        cover(row, NOW - 3_600, NOW)
    questions = [
        Question(
            metrics.CONDITION.check(SENT | {"dimensions": {"QueueName": f"queue-{n}"}}),
            Periods(NOON, MINUTE, 5),
            Scope(),
            NOON,
        )
        for n in range(40)
    ]

    with django_assert_max_num_queries(16):
        answers = metrics.CONDITION.read_many(questions)
    assert [len(one) for one in answers if not isinstance(one, Exception)] == [1] * 40


DENIED = {"documents": "trail", "query": "errorCode:AccessDenied"}


def at(minute: int, **fields: Any) -> Any:
    moment = NOON + timedelta(minutes=minute)
    told = moment.isoformat().replace("+00:00", "Z")
    return an_event(eventTime=told, errorCode="AccessDenied", **fields)


def test_documents_are_counted_by_period(fill: Fill) -> None:
    fill(at(-5), at(-3), at(-3), an_event(eventTime="2026-07-01T11:57:30Z"))

    [found] = readings("documents", DENIED).values()

    assert found.values == (1, 0, 2, 0, 0)
    assert found.late == 0  # CloudTrail takes a quarter of an hour


def test_a_window_reaches_back_over_periods(fill: Fill) -> None:
    fill(at(-6), at(-3), at(-3))

    [found] = readings("documents", DENIED | {"window_seconds": 180}).values()

    assert found.values == (1, 0 + 1, 2, 2, 2)


def test_each_value_of_a_field_is_watched_and_those_met_before_are_zero(
    fill: Fill,
) -> None:
    fill(at(-2, eventName="A"), at(-1, eventName="B"))

    found = readings(
        "documents", DENIED | {"by": "eventName"}, keys=frozenset(["Gone"])
    )

    assert {key: one.values for key, one in found.items()} == {
        "A": (0, 0, 0, 1, 0),
        "B": (0, 0, 0, 0, 1),
        "Gone": (0, 0, 0, 0, 0),
    }


def test_documents_of_other_accounts_are_not_counted(fill: Fill) -> None:
    fill(at(-2, recipientAccountId=OTHER_ACCOUNT))

    [found] = readings("documents", DENIED, scope=Scope(frozenset([ACCOUNT]))).values()

    assert not any(found.values)


@pytest.mark.parametrize(
    ("kind", "parameters", "field"),
    [
        ("documents", DENIED | {"query": "errorCode:("}, "query"),
        ("documents", DENIED | {"documents": "letters"}, "documents"),
        ("documents", DENIED | {"window_seconds": "soon"}, "window_seconds"),
        ("metric", SENT | {"statistic": "Most"}, "statistic"),
        ("metric", SENT | {"name": " "}, "name"),
        ("map", {"measure": "beauty"}, "measure"),
        ("silence", {"what": "neighbours"}, "what"),
    ],
)
def test_what_cannot_be_asked_is_said_at_its_field(
    kind: str, parameters: dict[str, Any], field: str
) -> None:
    with pytest.raises(ConditionInvalid) as refused:
        asking.conditions()[kind].check(parameters)

    assert refused.value.field == field


def on_map(**parameters: Any) -> dict[str, tuple[float | None, ...]]:
    since = made.SINCE
    map_ = made.service_map(
        [made.node("cart", did=made.figures(100, 7)), made.node("stock")],
        [made.edge(made.key("cart"), made.key("stock"), made.figures(100, 50, ms=80))],
    )
    kept.keep(map_, since, 3, lambda minute: 1.0 if minute < 2 else 0.0)
    until = datetime.fromtimestamp(since + 3 * MINUTE, UTC)
    later = until + timedelta(hours=1)
    wanted = {"measure": "faults", "service": "*"} | parameters
    found = readings("map", wanted, 3, until=until, now=later)
    return {one.text: one.values for one in found.values()}


def test_nodes_of_the_map_have_rates() -> None:
    assert on_map(service="cart") == {"cart": (7.0, 7.0, None)}


def test_edges_of_the_map_have_rates_and_latencies() -> None:
    assert on_map(of="edge") == {"cart → stock": (50.0, 50.0, None)}
    [slow] = on_map(of="edge", measure="p50").values()
    assert slow[0] == pytest.approx(40, rel=0.06)


def test_too_few_calls_are_no_data() -> None:
    assert on_map(service="cart", at_least=101) == {"cart": (None, None, None)}


def test_a_log_group_that_falls_silent_is_seen_by_the_time_since_its_last_line() -> (
    None
):
    group = LogGroup.objects.create(
        account=ACCOUNT,
        region="eu-west-1",
        name="/ecs/cart",
        found_at=NOON - timedelta(days=1),
        last_event_at=NOON - timedelta(minutes=3),
    )
    LogPoll.objects.create(group=group, collect_since=NOON, next_at=NOON)

    [found] = readings("silence", {"what": "log-groups", "name": "/ecs/*"}).values()

    assert found.values == (0, 0, 60, 120, 180)


def test_of_times_long_before_the_newest_data_nothing_is_said() -> None:
    source = Source("x", "x", ACCOUNT, "", NOON - timedelta(days=9), NOON, "/")

    found = silence._silence(source, NOON - timedelta(hours=2))  # noqa: SLF001

    assert math.isnan(found)
