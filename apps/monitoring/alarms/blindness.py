"""What an alarm does not see, or tells nobody. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.monitoring.alarms.records import COMPOSITE, AlarmRecord

_SILENT_FOR = timedelta(hours=1)
_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
_EVALUATION = {
    "PARTIAL_DATA": "CloudWatch could not read all of its data: it judged a part.",
    "EVALUATION_ERROR": "Its configuration keeps CloudWatch from judging it: look at "
    "its metrics and expressions.",
    "EVALUATION_FAILURE": "CloudWatch failed to judge it; the state is an old one.",
}


@dataclass(frozen=True, slots=True)
class Blind:
    """A reason not to rely on an alarm. `is_grave`: it may be wrong right now."""

    text: str
    is_grave: bool = False


def blind_spots(alarm: AlarmRecord, now: datetime) -> tuple[Blind, ...]:
    """All that an alarm is blind to, the grave ones first."""
    found = (*_now(alarm, now), *_by_settings(alarm.settings, alarm.kind))
    return tuple(sorted(found, key=lambda blind: not blind.is_grave))


def _now(alarm: AlarmRecord, now: datetime) -> Iterator[Blind]:
    if alarm.evaluation_state:
        text = _EVALUATION.get(alarm.evaluation_state)
        yield Blind(text or f"CloudWatch says {alarm.evaluation_state}.", is_grave=True)
    if alarm.state == "INSUFFICIENT_DATA" and now - alarm.since > _SILENT_FOR:
        yield Blind(
            "It has had too few datapoints for over an hour: the metric may be gone "
            "or misspelt.",
            is_grave=True,
        )
    if not alarm.are_actions_enabled:
        yield Blind("Its actions are switched off: it tells nobody.", is_grave=True)


def _by_settings(settings: dict[str, Any], kind: str) -> Iterator[Blind]:
    if not any(settings.get(name) for name in _ACTIONS):
        yield Blind("It has no actions: who does not look at it hears nothing.")
    if kind == COMPOSITE:
        if suppressor := settings.get("ActionsSuppressor"):
            yield Blind(f"{suppressor} can suppress its actions.")
        return
    if settings.get("Namespace") == "AWS/DynamoDB":
        yield Blind("Metrics of DynamoDB: missing datapoints never change its state.")
    elif settings.get("TreatMissingData") == "notBreaching":
        yield Blind("Missing datapoints count as good: silence looks healthy.")
    elif settings.get("TreatMissingData") == "ignore":
        yield Blind("Missing datapoints leave the state as it was.")
    if settings.get("EvaluateLowSampleCountPercentile") == "ignore":
        yield Blind("With few samples its percentile is not judged.")
