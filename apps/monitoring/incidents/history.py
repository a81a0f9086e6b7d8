"""Evaluations as they were kept: why something fired, and why it did not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from apps.monitoring.incidents.asking import unit_of
from apps.monitoring.incidents.deciding import Evaluation, Policy
from apps.monitoring.incidents.drawing import Line, Stretch
from apps.monitoring.incidents.evaluations import HOUR, Told, told_of
from apps.monitoring.incidents.wording import decision_said, value_said, why
from apps.monitoring.models import AlertRule, EvaluationHour
from apps.search.timerange import TimeRange


@dataclass(frozen=True, slots=True)
class Explained:
    """An evaluation in words. `window`: each value looked at, whether it breaches."""

    key: str
    text: str
    at: datetime
    evaluation: Evaluation
    revision: int
    threshold: float
    why: str
    decision: str
    value: str
    window: tuple[tuple[str, bool | None], ...]


class Policies:
    """The policy of a rule as of any revision, read once."""

    def __init__(self, rule: AlertRule) -> None:
        self._rule = rule
        self._unit = unit_of(rule.kind, rule.parameters)
        self._texts = dict(rule.states.values_list("key", "text"))
        self._kept: dict[int, Policy] = {}
        for version in rule.versions.all():
            names = (one for one in Policy.__slots__)
            self._kept[version.revision] = Policy(
                **{name: version.spec[name] for name in names}
            )

    def explained(self, key: str, told: Told) -> Explained:
        policy = self._kept.get(told.revision, self._rule.policy)
        found = told.evaluation
        return Explained(
            key=key,
            text=self._texts.get(key) or key,
            at=datetime.fromtimestamp(found.until, UTC),
            evaluation=found,
            revision=told.revision,
            threshold=policy.threshold,
            why=why(policy, found, self._unit),
            decision=decision_said(found.decision),
            value=value_said(found.window[-1], self._unit),
            window=tuple(
                (value_said(one, self._unit), policy.breaches(one))
                for one in found.window
            ),
        )


def evaluations(
    rule: AlertRule, span: TimeRange, key: str | None = None, most: int = 10_000
) -> dict[str, list[Told]]:
    """By what was watched, oldest first: those of periods that ended in the range."""
    since, until = int(span.since.timestamp()), int(span.until.timestamp())
    rows = EvaluationHour.objects.filter(
        rule=rule,
        began__gte=since // HOUR * HOUR,
        began__lt=until + rule.period_seconds,
    )
    if key is not None:
        rows = rows.filter(key=key)
    found: dict[str, list[Told]] = {}
    for row in rows.order_by("began", "key")[:most]:
        told = [told_of(entry) for entry in row.entries]
        # What fired early is of a period that had begun, and was not over.
        inside = [
            one
            for one in told
            if since < one.evaluation.until < until + rule.period_seconds
        ]
        if inside:
            found.setdefault(row.key, []).extend(inside)
    return found


def line_of(label: str, told: Sequence[Told], period_seconds: int) -> Line:
    """The newest value of each period, in their order; what was not judged is a gap."""
    ends = {one.evaluation.until: one.evaluation.window[-1] for one in told}
    first, last = min(ends), max(ends)
    values = tuple(
        ends.get(end, math.nan)
        for end in range(first, last + period_seconds, period_seconds)
    )
    return Line(label, first, period_seconds, values)


def firing_of(told: Iterable[Told], period_seconds: int) -> list[Stretch]:
    """When it fired, of evaluations in order of time."""
    found: list[Stretch] = []
    for one in told:
        if not one.evaluation.is_firing:
            continue
        until = one.evaluation.until
        if found and until - found[-1].until <= period_seconds:
            found[-1] = Stretch(found[-1].since, until)
        else:
            found.append(Stretch(until - period_seconds, until))
    return found
