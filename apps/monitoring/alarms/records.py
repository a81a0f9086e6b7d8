"""CloudWatch alarms and their history, as AWS describes them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

METRIC, COMPOSITE, LOG = "metric", "composite", "log"
# The lists of a DescribeAlarms answer, each with what kind of alarm it holds.
LISTS = {"MetricAlarms": METRIC, "CompositeAlarms": COMPOSITE, "LogAlarms": LOG}
# What DescribeAlarms and DescribeAlarmHistory are asked for: they tell of metric
# alarms only unless told otherwise (CloudWatch API reference).
TYPES = ("MetricAlarm", "CompositeAlarm")

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AlarmRecord:
    """An alarm as one answer told of it.

    `since` is when it came into its state: StateUpdatedTimestamp also moves when
    only EvaluationState changes, and is taken where AWS does not tell the other.
    `settings` is the answer itself, with its times as text.
    """

    kind: str
    arn: str
    name: str
    state: str
    reason: str
    since: datetime
    updated_at: datetime
    evaluation_state: str
    are_actions_enabled: bool
    settings: JsonObject


@dataclass(frozen=True, slots=True)
class AlarmEvent:
    """An entry of an alarm's history. `was` and `became` are states, "" where the
    entry tells of something else."""

    kind: str
    name: str
    at: datetime
    type: str
    summary: str
    was: str
    became: str
    data: JsonObject


def alarms_of(answer: Mapping[str, Any]) -> Iterator[AlarmRecord]:
    """Every alarm of a DescribeAlarms answer."""
    for name, kind in LISTS.items():
        for told in answer.get(name, ()):
            yield _alarm(kind, told)


def _alarm(kind: str, told: Mapping[str, Any]) -> AlarmRecord:
    updated = told["StateUpdatedTimestamp"]
    return AlarmRecord(
        kind=kind,
        arn=told["AlarmArn"],
        name=told["AlarmName"],
        state=told["StateValue"],
        reason=told.get("StateReason", ""),
        since=told.get("StateTransitionedTimestamp", updated),
        updated_at=updated,
        evaluation_state=told.get("EvaluationState", ""),
        are_actions_enabled=told.get("ActionsEnabled", True),
        settings=json.loads(json.dumps(told, default=_text)),
    )


def events_of(answer: Mapping[str, Any]) -> Iterator[AlarmEvent]:
    """Every entry of a DescribeAlarmHistory answer."""
    for told in answer.get("AlarmHistoryItems", ()):
        data = _json(told.get("HistoryData", ""))
        is_state = told["HistoryItemType"] == "StateUpdate"
        yield AlarmEvent(
            kind=COMPOSITE if told.get("AlarmType") == "CompositeAlarm" else METRIC,
            name=told["AlarmName"],
            at=told["Timestamp"],
            type=told["HistoryItemType"],
            summary=told.get("HistorySummary", ""),
            was=_state(data, "oldState") if is_state else "",
            became=_state(data, "newState") if is_state else "",
            data=data,
        )


def _state(data: JsonObject, name: str) -> str:
    told = data.get(name)
    value = told.get("stateValue") if isinstance(told, dict) else None
    return value if isinstance(value, str) else ""


def _json(text: str) -> JsonObject:
    """What AWS wrote as JSON; a text that is none is kept as it is."""
    try:
        read = json.loads(text or "{}")
    except ValueError:
        return {"text": text}
    return read if isinstance(read, dict) else {"value": read}


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
