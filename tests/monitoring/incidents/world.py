"""A condition whose readings a test decides, and rules that watch it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.discovery.alerthooks import ConditionUnavailable, Periods, Reading
from apps.monitoring.incidents import evaluating, rules
from apps.monitoring.models import AlertRule
from apps.search.engines.base import Scope
from tests.factories import ACCOUNT, NOON

START = int(NOON.timestamp())


@dataclass
class Scripted:
    """Minutes from NOON by key, one value each; nothing is known of later ones."""

    kind = "scripted"
    title = "A test says so"
    unit = ""
    minutes: dict[str, list[float | None]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    asked: int = 0

    def check(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        return parameters

    def read(
        self, parameters: Mapping[str, Any], periods: Periods, scope: Scope
    ) -> Sequence[Reading]:
        self.asked += 1
        if self.problem:
            raise ConditionUnavailable(self.problem)
        first = (int(periods.since.timestamp()) - START) // 60
        return [
            Reading(
                key=key,
                values=tuple(
                    values[at] if 0 <= at < len(values) else None
                    for at in range(first, first + periods.count)
                ),
                text=f"thing {key}",
                url="/explore/logs/",
                account=ACCOUNT,
                region="eu-west-1",
                labels=self.labels or {"service": key},
                late=max(0, len(values) - first),
            )
            for key, values in self.minutes.items()
        ]


CONDITION = Scripted()


def a_rule(**fields: Any) -> AlertRule:
    spec = {
        "name": "Too much",
        "kind": "scripted",
        "parameters": {},
        "threshold": 5.0,
        "severity": "high",
    }
    return rules.create(spec | fields, None, NOON, is_enabled=True)


def minute(at: float) -> datetime:
    """So many minutes after noon, and a little."""
    return datetime.fromtimestamp(START, UTC) + timedelta(minutes=at, seconds=1)


def evaluate(at: float) -> None:
    """Work until nothing is due at that time."""
    AlertRule.objects.filter(next_at__gt=minute(at)).update(next_at=minute(at))
    while evaluating.evaluate_due(lambda: minute(at)):
        pass


def go_up_and_down(minutes: int) -> None:
    """Many things, each too much for 3 minutes of 10, at times of its own."""
    CONDITION.minutes = {
        f"thing-{number}": [
            9.0 if (at + number) % 10 in (3, 4, 5) else 1.0 for at in range(minutes)
        ]
        for number in range(10)
    }


def expected_story(minutes: int) -> list[tuple[str, int, str]]:
    """Thing, minute that ended, what happened: of what `go_up_and_down` says."""
    found = []
    for number in range(10):
        for at in range(minutes):
            phase = (at + number) % 10
            if phase == 3 or (phase in (4, 5) and at == 0):
                found.append((f"thing-{number}", at + 1, "opened"))
            if phase == 6 and at > 0:
                found.append((f"thing-{number}", at + 1, "resolved"))
    return sorted(found)
