"""Rules and their targets, as the API writes and reads them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from sandbox.events import patterns, schedules
from sandbox.events.buses import DEFAULT, DISABLED, Bus, Buses, Rule
from sandbox.events.problems import BadPattern, BadSchedule
from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.errors import ApiError
from sandbox.kernel.paging import page

_MOST_TARGETS = 5
_MOST_RULES = 300
_PAGE = 100
_KEPT = ("EventPattern", "ScheduleExpression", "State", "Description", "RoleArn")
_INPUTS = ("Input", "InputPath", "InputTransformer")


class Rules:
    def __init__(
        self, buses: Buses, tags: dict[str, dict[str, str]], lock: threading.Lock
    ) -> None:
        self._buses = buses
        self._tags = tags
        self._lock = lock
        handlers: Mapping[str, Handler] = {
            "DeleteRule": self._delete,
            "DescribeRule": self._describe,
            "DisableRule": self._disable,
            "EnableRule": self._enable,
            "ListRuleNamesByTarget": self._names_by_target,
            "ListRules": self._list,
            "ListTargetsByRule": self._list_targets,
            "PutRule": self._put,
            "PutTargets": self._put_targets,
            "RemoveTargets": self._remove_targets,
        }
        self.operations = {name: self._locked(do) for name, do in handlers.items()}

    def _locked(self, handler: Handler) -> Handler:
        def held(call: Call) -> Answer:
            with self._lock:
                return handler(call)

        return held

    def _put(self, call: Call) -> Answer:
        given, name = call.parameters, call.parameters["Name"]
        bus = self._buses.get(call, given.get("EventBusName"))
        _check_rule(given, bus)
        kept = {member: given[member] for member in _KEPT if given.get(member)}
        kept.setdefault("State", "ENABLED")
        path = name if bus.name == DEFAULT else f"{bus.name}/{name}"
        rule = Rule(name, _rule_arn(bus.arn, path), bus.name, kept)
        if given.get("EventPattern"):
            rule.pattern = read_pattern(given["EventPattern"])
        if given.get("ScheduleExpression"):
            rule.schedule = _schedule(given["ScheduleExpression"], call.now)
            rule.due = rule.schedule(call.now)
        if name in bus.rules:
            rule.targets = bus.rules[name].targets
        else:
            self._tags[rule.arn] = tags_of(given.get("Tags"))
        bus.rules[name] = rule
        return {"RuleArn": rule.arn}

    def _describe(self, call: Call) -> Answer:
        rule = self._buses.rule(call, call.parameters["Name"])
        return {**rule.described(), "CreatedBy": rule.arn.split(":")[4]}

    def _list(self, call: Call) -> Answer:
        bus = self._buses.get(call, call.parameters.get("EventBusName"))
        prefix = call.parameters.get("NamePrefix") or ""
        found = [
            bus.rules[name].described()
            for name in sorted(bus.rules)
            if name.startswith(prefix)
        ]
        return _paged("Rules", found, call)

    def _delete(self, call: Call) -> Answer:
        bus = self._buses.get(call, call.parameters.get("EventBusName"))
        rule = bus.rules.get(call.parameters["Name"])
        if rule is not None and rule.targets:
            raise _invalid("Rule can't be deleted since it has targets.")
        if rule is not None:
            del bus.rules[rule.name]
            self._tags.pop(rule.arn, None)
        return {}

    def _enable(self, call: Call) -> Answer:
        rule = self._buses.rule(call, call.parameters["Name"])
        rule.settings["State"] = "ENABLED"
        if rule.schedule is not None:
            rule.due = rule.schedule(call.now)
        return {}

    def _disable(self, call: Call) -> Answer:
        rule = self._buses.rule(call, call.parameters["Name"])
        rule.settings["State"] = DISABLED
        return {}

    def _put_targets(self, call: Call) -> Answer:
        rule = self._buses.rule(call, call.parameters["Rule"])
        refused = []
        for target in call.parameters["Targets"]:
            _check_inputs(target)
            is_new = target["Id"] not in rule.targets
            if is_new and len(rule.targets) >= _MOST_TARGETS:
                refused.append(_failure(target["Id"], _too_many()))
                continue
            rule.targets[target["Id"]] = dict(target)
        return {"FailedEntryCount": len(refused), "FailedEntries": refused}

    def _remove_targets(self, call: Call) -> Answer:
        rule = self._buses.rule(call, call.parameters["Rule"])
        refused = []
        for target_id in call.parameters["Ids"]:
            if rule.targets.pop(target_id, None) is None:
                said = f"Rule {rule.name} does not have a target with id {target_id}."
                absent = ApiError("ResourceNotFoundException", said)
                refused.append(_failure(target_id, absent))
        return {"FailedEntryCount": len(refused), "FailedEntries": refused}

    def _list_targets(self, call: Call) -> Answer:
        rule = self._buses.rule(call, call.parameters["Rule"])
        return _paged("Targets", list(rule.targets.values()), call)

    def _names_by_target(self, call: Call) -> Answer:
        bus = self._buses.get(call, call.parameters.get("EventBusName"))
        wanted = call.parameters["TargetArn"]
        found = [
            name
            for name in sorted(bus.rules)
            if any(t["Arn"] == wanted for t in bus.rules[name].targets.values())
        ]
        return _paged("RuleNames", found, call)


def _check_rule(given: Mapping[str, Any], bus: Bus) -> None:
    if not given.get("EventPattern") and not given.get("ScheduleExpression"):
        raise _invalid(
            "Parameter(s) EventPattern or ScheduleExpression must be specified."
        )
    if given.get("ScheduleExpression") and bus.name != DEFAULT:
        raise _invalid("ScheduleExpression is supported only on the default event bus.")
    if given["Name"] not in bus.rules and len(bus.rules) >= _MOST_RULES:
        raise _too_many()


def read_pattern(text: str) -> patterns.Pattern:
    """Raises InvalidEventPatternException."""
    try:
        return patterns.read(text)
    except BadPattern as reason:
        raise ApiError(
            "InvalidEventPatternException",
            f"Event pattern is not valid. Reason: {reason}",
        ) from reason


def _schedule(expression: str, now: float) -> schedules.Next:
    refusal = _invalid("Parameter ScheduleExpression is not valid.")
    if expression.startswith("at("):  # EventBridge Scheduler has these, rules do not
        raise refusal
    try:
        return schedules.read(expression, now)
    except BadSchedule as reason:
        raise refusal from reason


def tags_of(given: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in given or ()}


def _rule_arn(bus_arn: str, path: str) -> str:
    return f"{bus_arn.rsplit(':', 1)[0]}:rule/{path}"


def _check_inputs(target: Mapping[str, Any]) -> None:
    if sum(target.get(name) is not None for name in _INPUTS) > 1:
        raise _invalid(
            "Only one of Input, InputPath, or InputTransformer must be provided for "
            f"target {target['Id']}."
        )


def _paged(member: str, found: list[Any], call: Call) -> dict[str, Any]:
    items, token = page(
        found, call.parameters.get("NextToken"), call.parameters.get("Limit"), _PAGE
    )
    return {member: list(items), **({"NextToken": token} if token else {})}


def _failure(target_id: str, error: ApiError) -> dict[str, str]:
    return {
        "TargetId": target_id,
        "ErrorCode": error.code,
        "ErrorMessage": error.message,
    }


def _invalid(said: str) -> ApiError:
    return ApiError("ValidationException", said)


def _too_many() -> ApiError:
    return ApiError(
        "LimitExceededException",
        "The requested resource exceeds the maximum number allowed.",
    )
