"""Operations that make, change and remove alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.cloudwatch.alarms import announcements, configuring, rules
from sandbox.cloudwatch.alarms.configuring import refused
from sandbox.cloudwatch.alarms.decisions import State
from sandbox.cloudwatch.alarms.history import History
from sandbox.cloudwatch.alarms.model import CREATED, Alarm, Alarms, Condition
from sandbox.cloudwatch.alarms.rules import AlarmRule, BadRule
from sandbox.cloudwatch.alarms.watcher import Watcher
from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.errors import ApiError

_CHANGED = "CloudWatch Alarm Configuration Change"
_MOST_TAGS = 50


class AlarmOperations:
    """Put, delete, set, enable, disable and tag."""

    def __init__(self, alarms: Alarms, history: History, watcher: Watcher) -> None:
        self._alarms, self._history, self._watcher = alarms, history, watcher
        self.operations: Mapping[str, Handler] = {
            "PutMetricAlarm": self._put_metric_alarm,
            "PutCompositeAlarm": self._put_composite_alarm,
            "DeleteAlarms": self._delete_alarms,
            "SetAlarmState": self._set_alarm_state,
            "EnableAlarmActions": lambda call: self._enable(call, enabled=True),
            "DisableAlarmActions": lambda call: self._enable(call, enabled=False),
            "TagResource": self._tag_resource,
            "UntagResource": self._untag_resource,
            "ListTagsForResource": self._list_tags_for_resource,
        }

    def _put_metric_alarm(self, call: Call) -> Answer:
        given = configuring.metric_alarm(call.parameters, call.account)
        alarm = self._put(call, given, None)
        self._watcher.evaluate(alarm, call.now)
        return {}

    def _put_composite_alarm(self, call: Call) -> Answer:
        given = configuring.composite_alarm(call.parameters)
        try:
            rule = rules.parse(given["AlarmRule"])
        except BadRule as error:
            raise refused(f"Invalid AlarmRule: {error}") from error
        self._check_children(call, rule)
        alarm = self._put(call, given, rule)
        self._watcher.evaluate_composite(alarm, call.now)
        return {}

    def _put(
        self, call: Call, given: Mapping[str, Any], rule: AlarmRule | None
    ) -> Alarm:
        """Make an alarm, or give one that exists another configuration."""
        name = given["AlarmName"]
        with self._alarms.lock:
            found = self._alarms.find(call.place, name)
            if found is not None and (found.rule is None) != (rule is None):
                raise refused(f"An alarm of another type has the name {name}.")
            if found is None:
                condition = Condition(State.INSUFFICIENT_DATA, CREATED, "", call.now)
                found = Alarm(call.place, name, given, call.now, condition, rule)
                found.tags = _tags(call.parameters.get("Tags") or ())
                self._alarms.of(call.place)[name] = found
                what = "Create"
            else:
                found.configuration, found.rule = given, rule
                found.configured_at = call.now
                what = "Update"
        self._note(found, call, what)
        return found

    def _note(self, alarm: Alarm, call: Call, what: str) -> None:
        self._history.configured(alarm, call.now, what)
        detail = {
            "alarmName": alarm.name,
            "operation": what.lower(),
            "state": announcements.state(alarm.condition),
            "configuration": announcements.configuration(alarm),
        }
        self._watcher.emit(alarm, _CHANGED, detail)

    def _check_children(self, call: Call, rule: AlarmRule) -> None:
        name = call.parameters["AlarmName"]
        with self._alarms.lock:
            there = self._alarms.of(call.place)
            named = rules.alarms_in(rule)
            absent = [child for child in named if child not in there]
            if absent:
                raise refused(
                    "Could not save the composite alarm as alarms "
                    f"[{', '.join(absent)}] in the alarm rule do not exist"
                )
            if name in named or name in self._below(call, named):
                raise refused(
                    "Could not save the composite alarm as it would create a cycle."
                )

    def _below(self, call: Call, names: Sequence[str]) -> set[str]:
        """All alarms that these alarms look at, however far down."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            alarm = self._alarms.find(call.place, waiting.pop())
            children = rules.alarms_in(alarm.rule) if alarm and alarm.rule else []
            waiting += [child for child in children if child not in found]
            found.update(children)
        return found

    def _delete_alarms(self, call: Call) -> Answer:
        names = call.parameters["AlarmNames"]
        with self._alarms.lock:
            there = self._alarms.of(call.place)
            absent = [name for name in names if name not in there]
            if absent:
                raise ApiError(
                    "ResourceNotFound", f"Alarms {absent} do not exist.", 404
                )
            for name in names:
                self._check_free(call, name, names)
            gone = [there.pop(name) for name in names]
        for alarm in gone:
            self._note(alarm, call, "Delete")
        return {}

    def _check_free(self, call: Call, name: str, going: Sequence[str]) -> None:
        for parent in self._alarms.sorted(call.place):
            is_staying = parent.rule is not None and parent.name not in going
            if is_staying and name in rules.alarms_in(parent.rule or rules.AllOf(())):
                raise refused(
                    f"Cannot delete {name} as there are composite alarm(s) depending "
                    "on it."
                )

    def _set_alarm_state(self, call: Call) -> Answer:
        alarm = self._named(call, call.parameters["AlarmName"])
        condition = Condition(
            State(call.parameters["StateValue"]),
            call.parameters["StateReason"],
            call.parameters.get("StateReasonData", ""),
            call.now,
        )
        self._watcher.change(alarm, condition)
        return {}

    def _named(self, call: Call, name: str) -> Alarm:
        alarm = self._alarms.find(call.place, name)
        if alarm is None:
            raise ApiError("ResourceNotFound", f"Alarm {name} does not exist.", 404)
        return alarm

    def _enable(self, call: Call, *, enabled: bool) -> Answer:
        for name in call.parameters["AlarmNames"]:
            alarm = self._alarms.find(call.place, name)
            # AWS passes over names of no alarm.
            if alarm is not None:
                given = {**alarm.configuration, "ActionsEnabled": enabled}
                alarm.configuration = given
                self._note(alarm, call, "Update")
        return {}

    def _tagged(self, call: Call) -> Alarm:
        arn = call.parameters["ResourceARN"]
        alarm = self._alarms.find(call.place, rules.name_of(arn))
        if alarm is None or alarm.arn != arn:
            raise ApiError(
                "ResourceNotFoundException", f"The resource {arn} does not exist.", 404
            )
        return alarm

    def _tag_resource(self, call: Call) -> Answer:
        alarm = self._tagged(call)
        alarm.tags = {**alarm.tags, **_tags(call.parameters["Tags"])}
        return {}

    def _untag_resource(self, call: Call) -> Answer:
        alarm = self._tagged(call)
        gone = set(call.parameters["TagKeys"])
        alarm.tags = {key: v for key, v in alarm.tags.items() if key not in gone}
        return {}

    def _list_tags_for_resource(self, call: Call) -> Answer:
        tags = self._tagged(call).tags
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _tags(given: Sequence[Mapping[str, str]]) -> dict[str, str]:
    if len(given) > _MOST_TAGS:
        raise refused(f"No more than {_MOST_TAGS} tags are allowed.")
    return {each["Key"]: each["Value"] for each in given}
