"""Evaluations as they are kept: small lists, an hour of a thing in a row. Pure.

[until, decision, is firing, change, early, revision, [values ...]], where null is a
period without data and "?" one that was not collected.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from apps.monitoring.incidents.deciding import Change, Decision, Evaluation, Value

HOUR = 3_600
Entry = list[Any]


@dataclass(frozen=True, slots=True)
class Told:
    """An evaluation by a rule as of a revision."""

    evaluation: Evaluation
    revision: int


def entry_of(found: Evaluation, revision: int) -> Entry:
    return [
        found.until,
        found.decision.value,
        int(found.is_firing),
        found.change.value if found.change else "",
        int(found.early),
        revision,
        [_kept(value) for value in found.window],
    ]


def told_of(entry: Sequence[Any]) -> Told:
    until, decision, is_firing, change, early, revision, window = entry
    evaluation = Evaluation(
        until=until,
        window=tuple(math.nan if one == "?" else one for one in window),
        decision=Decision(decision),
        is_firing=bool(is_firing),
        change=Change(change) if change else None,
        early=bool(early),
    )
    return Told(evaluation, revision)


def hours_of(entries: Iterable[Entry]) -> dict[int, list[Entry]]:
    """Entries by the hour that their period ended in."""
    found: dict[int, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry[0] // HOUR * HOUR, []).append(entry)
    return found


def _kept(value: Value) -> Any:
    if value is None:
        return None
    if math.isnan(value):
        return "?"
    return round(value, 6)
