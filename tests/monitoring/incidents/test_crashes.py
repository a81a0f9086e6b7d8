"""Killed anywhere, it forgets nothing and repeats nothing."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from apps.monitoring.incidents import evaluating
from apps.monitoring.incidents.evaluations import told_of
from apps.monitoring.models import (
    AlertRule,
    EvaluationHour,
    Incident,
    IncidentEvent,
)
from tests.killable import Worker
from tests.monitoring.incidents.world import (
    START,
    Scripted,
    a_rule,
    expected_story,
    go_up_and_down,
    minute,
)

_STALE_S = 100
_MINUTES = 40


class Killed(BaseException):
    """The process ends here; nothing may catch it."""


class _KillAt:
    """Ends the process before its n-th statement."""

    def __init__(self, count: int) -> None:
        self._left = count

    def __call__(self, execute: Callable[..., Any], *args: Any) -> Any:
        if self._left == 0:
            raise Killed
        self._left -= 1
        return execute(*args)


def story() -> list[tuple[str, int, str]]:
    return sorted(
        (
            event.incident.reading_key,
            (int(event.at.timestamp()) - START) // 60,
            event.kind,
        )
        for event in IncidentEvent.objects.select_related("incident")
    )


def check(minutes: int) -> None:
    assert story() == expected_story(minutes)
    assert set(Incident.objects.values_list("revision", flat=True)) <= {1, 2}
    for row in EvaluationHour.objects.all():
        ends = [told_of(entry).evaluation.until for entry in row.entries]
        assert len(ends) == len(set(ends))


@pytest.mark.django_db(transaction=True)
def test_ended_before_any_statement_it_goes_on_as_if_nothing_had_been(
    world: Scripted,
) -> None:
    a_rule()
    go_up_and_down(1)
    evaluating.evaluate_due(lambda: minute(1))
    for at in range(2, _MINUTES + 1):
        go_up_and_down(at)
        AlertRule.objects.update(next_at=None)
        with connection.execute_wrapper(_KillAt(at - 2)):
            try:
                evaluating.evaluate_due(lambda at=at: minute(at))  # type: ignore[misc]
            except Killed:
                connection.close()
        # Whoever comes next comes once the claim has run out.
        AlertRule.objects.update(next_at=None, claimed_until=None)
        evaluating.evaluate_due(lambda at=at: minute(at))  # type: ignore[misc]

    check(_MINUTES)


@pytest.fixture
def worker(settings: Any) -> Iterator[Worker]:
    made = Worker("tests.monitoring.incidents.killed", settings)
    yield made
    made.end()


@pytest.mark.django_db(transaction=True)
def test_kill_9_at_any_moment(worker: Worker) -> None:
    chance = random.Random(5)  # noqa: S311 - decides when, no secret
    a_rule()
    now, kills = float(START + 61), 0
    worker.works(now)
    while kills < 3:
        now += _STALE_S
        kills += worker.dies_while_working(now, chance.uniform(0, 0.12))
    while now < START + _MINUTES * 60 + 1:
        now += _STALE_S
        worker.works(now)
    worker.works(now + _STALE_S)
    worker.end()

    check((int(now + _STALE_S) - START) // 60)
