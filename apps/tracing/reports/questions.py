"""What a report is asked for: a window, accounts, and parts of the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.search.engines.base import Scope
from apps.search.timerange import TimeRange, parse_range
from apps.tracing.reports.chattiness import Finding, Habit
from apps.tracing.spans.span import ServiceKey

DEFAULT_SINCE, DEFAULT_UNTIL = "now-1h", "now"


@dataclass(frozen=True, slots=True)
class ReportQuestion:
    """`source` and `target` are names of services; empty for all. `accounts` are those
    chosen of the ones that `visible` names; None for all."""

    span: TimeRange
    accounts: frozenset[str] | None
    source: str = ""
    target: str = ""
    habit: Habit | None = None

    @classmethod
    def read(
        cls,
        parameters: Mapping[str, Sequence[str]],
        visible: frozenset[str] | None,
        now: datetime,
    ) -> ReportQuestion:
        """Raises TimeError."""
        chosen = filter(None, parameters.get("account", ()))
        habit = _one(parameters, "habit")
        return cls(
            parse_range(
                _one(parameters, "since") or DEFAULT_SINCE,
                _one(parameters, "until") or DEFAULT_UNTIL,
                now,
            ),
            Scope.chosen(visible, chosen).accounts,
            _one(parameters, "source"),
            _one(parameters, "target"),
            Habit(habit) if habit in set(Habit) else None,
        )

    def wants(self, source: ServiceKey, target: ServiceKey) -> bool:
        return self.source in ("", source.name) and self.target in ("", target.name)

    def wants_finding(self, finding: Finding) -> bool:
        is_habit = self.habit in (None, finding.habit)
        return is_habit and self.wants(finding.source, finding.target)


def _one(parameters: Mapping[str, Sequence[str]], name: str) -> str:
    values = parameters.get(name) or [""]
    return values[-1]


def with_times(parameters: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The parameters with the window that a report begins with."""
    return {
        **{name: list(values) for name, values in parameters.items()},
        "since": [_one(parameters, "since") or DEFAULT_SINCE],
        "until": [_one(parameters, "until") or DEFAULT_UNTIL],
    }
