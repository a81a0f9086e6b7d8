"""Looks at alarms when it is time, and tells who is to be told."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.cloudwatch.alarms import announcements, reasons, rules
from sandbox.cloudwatch.alarms.decisions import State, decide
from sandbox.cloudwatch.alarms.history import History
from sandbox.cloudwatch.alarms.model import (
    CREATED,
    Alarm,
    Alarms,
    Condition,
    stamp,
)
from sandbox.cloudwatch.alarms.watching import look, rule_of
from sandbox.cloudwatch.store import MetricStore
from sandbox.kernel.cloud import Cloud, Event
from sandbox.kernel.errors import ApiError

log = logging.getLogger(__name__)

_PRINCIPAL = "cloudwatch.amazonaws.com"
_LONGEST_REASON = 1_023


@dataclass(frozen=True, slots=True)
class _Change:
    alarm: Alarm
    before: Condition
    children: tuple[Alarm, ...] = ()


class Watcher:
    """Changes alarms' states. Actions are taken outside the lock."""

    def __init__(
        self, cloud: Cloud, metrics: MetricStore, alarms: Alarms, history: History
    ) -> None:
        self._cloud, self._metrics = cloud, metrics
        self._alarms, self._history = alarms, history

    def evaluate_all(self, now: float) -> None:
        for alarm in self._alarms.everywhere():
            if alarm.rule is None:
                self.evaluate(alarm, now)

    def evaluate(self, alarm: Alarm, now: float) -> None:
        """Look once; tell whom it concerns where the state changes."""
        found = self._found(alarm, now)
        if found is not None and found.value is not alarm.condition.value:
            self.change(alarm, found)

    def _found(self, alarm: Alarm, now: float) -> Condition | None:
        given = alarm.configuration
        rule = rule_of(given)
        try:
            sight = look(self._metrics, alarm.place, given, now)
        except ApiError as error:
            # An expression may fail on the data there is; the alarm is blind then.
            log.warning("alarm %s: %s", alarm.name, error)
            said = f"Insufficient Data: {error.message}"[:_LONGEST_REASON]
            return Condition(State.INSUFFICIENT_DATA, said, "", now)
        if not sight.has_enough_samples:
            return None
        state = decide([point.is_breaching for point in sight.points], rule)
        if state is None:
            return None
        why = reasons.reason(state, sight, rule, given)[:_LONGEST_REASON]
        data = reasons.reason_data(sight, rule, given, now)
        return Condition(state, why, data, now)

    def change(self, alarm: Alarm, after: Condition) -> None:
        """Put an alarm in a state, and all composites above it in theirs."""
        with self._alarms.lock:
            changes = self._changes(alarm, after)
        for change in changes:
            self._announce(change)

    def _changes(self, alarm: Alarm, after: Condition) -> list[_Change]:
        before = alarm.condition
        if before.value is after.value:
            # The reason may be another; since when is not.
            alarm.condition = replace(after, since=before.since)
            return []
        alarm.condition = after
        self._history.changed(alarm, before)
        changes = [_Change(alarm, before)]
        # Composites stand on composites as high as one likes: no recursion.
        for change in changes:
            changes += self._changes_above(change.alarm)
        return changes

    def _changes_above(self, child: Alarm) -> Iterator[_Change]:
        for parent in self._alarms.sorted(child.place):
            if parent.rule is None or child.name not in rules.alarms_in(parent.rule):
                continue
            before, state = parent.condition, self._state_by_rule(parent)
            if state is not before.value:
                parent.condition = _because_of(child, state)
                self._history.changed(parent, before)
                yield _Change(parent, before, (child,))

    def evaluate_composite(self, alarm: Alarm, now: float) -> None:
        """After it was put."""
        state = self._state_by_rule(alarm)
        done = "created" if alarm.condition.reason == CREATED else "updated"
        why = f"{alarm.arn} was {done} and its alarm rule evaluates to {state}"
        children = tuple(self._children(alarm))
        self.change(alarm, Condition(state, why, triggering(children), now))

    def _children(self, alarm: Alarm) -> list[Alarm]:
        names = rules.alarms_in(alarm.rule) if alarm.rule is not None else []
        found = (self._alarms.find(alarm.place, name) for name in names)
        return [child for child in found if child is not None]

    def _state_by_rule(self, alarm: Alarm) -> State:
        def state_of(name: str) -> State | None:
            child = self._alarms.find(alarm.place, name)
            return child.condition.value if child is not None else None

        is_on = alarm.rule is not None and rules.holds(alarm.rule, state_of)
        return State.ALARM if is_on else State.OK

    def _announce(self, change: _Change) -> None:
        alarm = change.alarm
        detail = announcements.event_detail(alarm, change.before)
        self.emit(alarm, "CloudWatch Alarm State Change", detail)
        if alarm.configuration["ActionsEnabled"]:
            for action in alarm.actions(alarm.condition.value):
                self._act(change, action)

    def emit(self, alarm: Alarm, detail_type: str, detail: dict[str, Any]) -> None:
        account, region = alarm.place
        time = alarm.condition.since
        self._cloud.emit(
            Event(
                account,
                region,
                "aws.cloudwatch",
                detail_type,
                detail,
                time,
                (alarm.arn,),
            )
        )

    def _act(self, change: _Change, action: str) -> None:
        alarm = change.alarm
        try:
            outcome = self._outcome(change, action)
        except (ClientError, BotoCoreError) as error:
            outcome = {"error": str(error)}
        self._history.acted(alarm, alarm.condition.since, action, outcome)

    def _outcome(self, change: _Change, action: str) -> Mapping[str, Any]:
        _, _, service, region, account, *_ = action.split(":")
        alarm = change.alarm
        client = (service, account, region, _PRINCIPAL)
        if service == "sns":
            message = announcements.notification(alarm, change.before, change.children)
            text = json.dumps(message)
            self._cloud.client(*client).publish(
                TopicArn=action, Subject=announcements.subject(alarm), Message=text
            )
            return {"publishedMessage": text}
        if service == "lambda":
            payload = announcements.invocation(alarm, change.before)
            self._cloud.client(*client).invoke(
                FunctionName=action, InvocationType="Event", Payload=payload
            )
            return {"publishedMessage": payload}
        return {"error": f"The sandbox has no actions of {service}."}


def _because_of(child: Alarm, state: State) -> Condition:
    """The condition of a composite whose child has changed."""
    now = child.condition.since
    moment = datetime.fromtimestamp(now, UTC)
    why = (
        f"{child.arn} transitioned to {child.condition.value} at "
        f"{moment:%A %d %B, %Y %H:%M:%S} UTC"
    )
    return Condition(state, why, triggering((child,)), now)


def triggering(alarms: tuple[Alarm, ...]) -> str:
    """StateReasonData of a composite: the alarms its state came from."""
    states = [
        {
            "arn": alarm.arn,
            "state": {
                "value": alarm.condition.value.value,
                "timestamp": stamp(alarm.condition.since),
            },
        }
        for alarm in alarms
    ]
    return reasons.compact({"triggeringAlarms": states})
