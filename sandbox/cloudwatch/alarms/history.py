"""What happened to alarms, for two weeks."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.cloudwatch.alarms.model import Alarm, Condition
from sandbox.cloudwatch.alarms.reasons import compact
from sandbox.cloudwatch.store import Place

_KEPT_SECONDS = 14 * 86_400
_LONGEST_SUMMARY = 255
_VERSION = {"version": "1.0"}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that happened. `number` counts them."""

    number: int
    alarm: str
    alarm_kind: str
    time: float
    kind: str
    summary: str
    data: str

    def described(self) -> dict[str, Any]:
        return {
            "AlarmName": self.alarm,
            "AlarmType": self.alarm_kind,
            "Timestamp": self.time,
            "HistoryItemType": self.kind,
            "HistorySummary": self.summary[:_LONGEST_SUMMARY],
            "HistoryData": self.data,
        }


class History:
    """Items of every place, oldest first."""

    def __init__(self) -> None:
        self._places: dict[Place, deque[Item]] = {}
        self._lock = threading.Lock()
        self._count = 0

    def of(self, place: Place, now: float) -> list[Item]:
        with self._lock:
            items = self._places.get(place, deque())
            while items and items[0].time < now - _KEPT_SECONDS:
                items.popleft()
            return list(items)

    def note(
        self, alarm: Alarm, now: float, kind: str, told: tuple[str, Mapping[str, Any]]
    ) -> None:
        """Remember what happened: its summary and its data."""
        summary, data = told
        with self._lock:
            self._count += 1
            text = compact({**_VERSION, **data})
            item = Item(self._count, alarm.name, alarm.kind, now, kind, summary, text)
            self._places.setdefault(alarm.place, deque()).append(item)

    def configured(self, alarm: Alarm, now: float, what: str) -> None:
        """`what` is Create, Update or Delete."""
        past = {"Create": "created", "Update": "updated", "Delete": "deleted"}[what]
        data = {"type": what, f"{past}Alarm": _configuration(alarm)}
        told = (f'Alarm "{alarm.name}" {past}', data)
        self.note(alarm, now, "ConfigurationUpdate", told)

    def changed(self, alarm: Alarm, before: Condition) -> None:
        after = alarm.condition
        data = {"oldState": _state(before), "newState": _state(after)}
        summary = f"Alarm updated from {before.value} to {after.value}"
        self.note(alarm, after.since, "StateUpdate", (summary, data))

    def acted(
        self, alarm: Alarm, now: float, action: str, outcome: Mapping[str, Any]
    ) -> None:
        """An action was taken; `outcome` has `error` where it failed."""
        data = {
            "actionState": "Failed" if "error" in outcome else "Succeeded",
            "stateUpdateTimestamp": int(alarm.condition.since * 1_000),
            "notificationResource": action,
            **outcome,
        }
        summary = f"Successfully executed action {action}"
        if "error" in outcome:
            summary = f"Failed to execute action {action}. Received error: "
            summary += f'"{outcome["error"]}"'
        self.note(alarm, now, "Action", (summary, data))


def _state(condition: Condition) -> dict[str, Any]:
    state = {"stateValue": condition.value.value, "stateReason": condition.reason}
    return {**state, "stateReasonData": condition.data} if condition.data else state


def _configuration(alarm: Alarm) -> dict[str, Any]:
    """Members as CloudWatch's own JSON names them: the first letter is small."""
    known = {**alarm.configuration, "AlarmArn": alarm.arn}
    return {name[:1].lower() + name[1:]: value for name, value in known.items()}
