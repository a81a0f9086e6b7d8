"""Operations that read alarms."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.cloudwatch.alarms import rules
from sandbox.cloudwatch.alarms.configuring import refused
from sandbox.cloudwatch.alarms.history import History, Item
from sandbox.cloudwatch.alarms.model import Alarm, Alarms
from sandbox.cloudwatch.store import dimensions_of
from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.errors import ApiError

_PAGE = 50
_NUMBER = re.compile(r"[0-9]{1,18}")
_HISTORY_PAGE = 100
_RELATED_ALLOW = frozenset(
    {"ChildrenOfAlarmName", "ParentsOfAlarmName", "MaxRecords", "NextToken"}
)


class AlarmReading:
    """DescribeAlarms and what goes with it."""

    def __init__(self, alarms: Alarms, history: History) -> None:
        self._alarms, self._history = alarms, history
        self.operations: Mapping[str, Handler] = {
            "DescribeAlarms": self._describe_alarms,
            "DescribeAlarmsForMetric": self._describe_alarms_for_metric,
            "DescribeAlarmHistory": self._describe_alarm_history,
        }

    def _describe_alarms(self, call: Call) -> Answer:
        asked = call.parameters
        related = self._related(call)
        if related is not None:
            found, members = related
            return _page([(a, _only(a, members)) for a in found], asked)
        if "AlarmNames" in asked and "AlarmNamePrefix" in asked:
            raise refused("AlarmNames and AlarmNamePrefix cannot both be specified.")
        types = asked.get("AlarmTypes") or ["MetricAlarm"]
        found = [
            alarm
            for alarm in self._alarms.sorted(call.place)
            if alarm.kind in types and _is_asked_for(alarm, asked)
        ]
        return _page([(alarm, alarm.described()) for alarm in found], asked)

    def _related(self, call: Call) -> tuple[list[Alarm], Sequence[str]] | None:
        """Children or parents of an alarm, and what is told of them."""
        asked = call.parameters
        names = [
            name for name in sorted(_RELATED_ALLOW) if name in asked and "Of" in name
        ]
        if not names:
            return None
        if len(names) > 1 or not set(asked) <= _RELATED_ALLOW:
            raise refused(f"{names[0]} cannot be specified with other parameters.")
        alarms = self._alarms.sorted(call.place)
        if "ParentsOfAlarmName" in asked:
            name = asked["ParentsOfAlarmName"]
            return [a for a in alarms if name in _children(a)], ()
        parent = self._alarms.find(call.place, asked["ChildrenOfAlarmName"])
        children = _children(parent) if parent is not None else []
        told = ("StateValue", "StateUpdatedTimestamp")
        return [a for a in alarms if a.name in children], told

    def _describe_alarms_for_metric(self, call: Call) -> Answer:
        found = [
            alarm.described()
            for alarm in self._alarms.sorted(call.place)
            if _is_of_metric(alarm.configuration, call.parameters)
        ]
        return {"MetricAlarms": found}

    def _describe_alarm_history(self, call: Call) -> Answer:
        asked = call.parameters
        found = [
            item
            for item in self._history.of(call.place, call.now)
            if _is_item_asked_for(item, asked)
        ]
        is_ascending = asked.get("ScanBy") == "TimestampAscending"
        if not is_ascending:
            found.reverse()
        token = asked.get("NextToken")
        if token:
            after = _number(token)
            found = [
                i
                for i in found
                if (i.number > after) == is_ascending and i.number != after
            ]
        size = asked.get("MaxRecords") or _HISTORY_PAGE
        answer: dict[str, Any] = {
            "AlarmHistoryItems": [item.described() for item in found[:size]]
        }
        if len(found) > size:
            answer["NextToken"] = str(found[size - 1].number)
        return answer


def _number(token: str) -> int:
    if not _NUMBER.fullmatch(token):
        raise ApiError("InvalidNextToken", "The NextToken is invalid.")
    return int(token)


def _children(alarm: Alarm) -> list[str]:
    return rules.alarms_in(alarm.rule) if alarm.rule is not None else []


def _only(alarm: Alarm, members: Sequence[str]) -> dict[str, Any]:
    described = alarm.described()
    return {name: described[name] for name in ("AlarmName", "AlarmArn", *members)}


def _page(
    found: Sequence[tuple[Alarm, dict[str, Any]]], asked: Mapping[str, Any]
) -> Answer:
    """A page of alarms in order of name; the token is the last name of the page."""
    after = asked.get("NextToken") or ""
    rest = [(alarm, told) for alarm, told in found if alarm.name > after]
    size = asked.get("MaxRecords") or _PAGE
    page = rest[:size]
    answer: dict[str, Any] = {
        "MetricAlarms": [told for alarm, told in page if alarm.rule is None],
        "CompositeAlarms": [told for alarm, told in page if alarm.rule is not None],
    }
    if len(rest) > size:
        answer["NextToken"] = page[-1][0].name
    return answer


def _is_asked_for(alarm: Alarm, asked: Mapping[str, Any]) -> bool:
    if "AlarmNames" in asked and alarm.name not in asked["AlarmNames"]:
        return False
    if not alarm.name.startswith(asked.get("AlarmNamePrefix", "")):
        return False
    if asked.get("StateValue", alarm.condition.value) != alarm.condition.value:
        return False
    prefix = asked.get("ActionPrefix")
    if prefix is None:
        return True
    given = alarm.configuration
    actions = [
        *given["AlarmActions"],
        *given["OKActions"],
        *given["InsufficientDataActions"],
    ]
    return any(action.startswith(prefix) for action in actions)


def _is_of_metric(given: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    for member in ("MetricName", "Namespace"):
        if given.get(member) != asked[member]:
            return False
    for member in ("Statistic", "ExtendedStatistic", "Period", "Unit"):
        if member in asked and given.get(member) != asked[member]:
            return False
    theirs = dimensions_of(given.get("Dimensions") or ())
    return dimensions_of(asked.get("Dimensions") or ()) == theirs


def _is_item_asked_for(item: Item, asked: Mapping[str, Any]) -> bool:
    if asked.get("AlarmName", item.alarm) != item.alarm:
        return False
    if item.alarm_kind not in (asked.get("AlarmTypes") or ["MetricAlarm"]):
        return False
    if asked.get("HistoryItemType", item.kind) != item.kind:
        return False
    start, end = asked.get("StartDate", item.time), asked.get("EndDate", item.time)
    return bool(start <= item.time <= end)
