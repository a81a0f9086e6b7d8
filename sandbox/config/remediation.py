"""Remediation: an SSM automation for each resource that a rule found wanting."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from sandbox.config.paging import page
from sandbox.config.reading import PRINCIPAL
from sandbox.config.state import Execution, Key, Place, PlaceKey, Rule, Store
from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError

_LOOK_AGAIN_SECONDS = 5
_DEFAULT_ATTEMPTS = 5
_DEFAULT_RETRY_SECONDS = 60
_MOST = 100
_QUEUED, _RUNNING, _DONE, _FAILED = "QUEUED", "IN_PROGRESS", "SUCCEEDED", "FAILED"
_UNDER_WAY = frozenset({_QUEUED, _RUNNING})
# SSM's words for how an automation ended.
_ENDED: Mapping[str, str] = {
    "Success": _DONE,
    "CompletedWithSuccess": _DONE,
    "Failed": _FAILED,
    "TimedOut": _FAILED,
    "Cancelled": _FAILED,
    "CompletedWithFailure": _FAILED,
    "Rejected": _FAILED,
}


class Remediation:
    """Remediation configurations and what was done by them."""

    def __init__(self, cloud: Cloud, store: Store) -> None:
        self._cloud = cloud
        self._store = store
        self._attempts: dict[tuple[PlaceKey, str], dict[Key, list[float]]] = {}
        self.operations: Mapping[str, Handler] = {
            "PutRemediationConfigurations": self._put,
            "DescribeRemediationConfigurations": self._describe,
            "DeleteRemediationConfiguration": self._delete,
            "StartRemediationExecution": self._start,
            "DescribeRemediationExecutionStatus": self._status,
        }

    def _put(self, call: Call) -> Answer:
        place = self._store.at(call.place)
        wanted = call.parameters["RemediationConfigurations"]
        for one in wanted:
            place.the_rule(one["ConfigRuleName"])
            _check(one)
        with self._store.lock:
            for one in wanted:
                name = one["ConfigRuleName"]
                path = f"remediation-configuration/{name}/{uuid.uuid4()}"
                present = place.remediations.get(name, {"Arn": call.arn(path)})
                place.remediations[name] = {
                    "Automatic": False,
                    **one,
                    "Arn": present["Arn"],
                }
        return {"FailedBatches": []}

    def _describe(self, call: Call) -> Answer:
        place = self._store.at(call.place)
        names = call.parameters["ConfigRuleNames"]
        found = [place.remediations[n] for n in names if n in place.remediations]
        return {"RemediationConfigurations": found}

    def _delete(self, call: Call) -> Answer:
        place = self._store.at(call.place)
        name = call.parameters["ConfigRuleName"]
        _of_rule(place, name)
        executions = place.executions.get(name, {})
        if any(one.state in _UNDER_WAY for one in executions.values()):
            raise ApiError(
                "RemediationInProgressException",
                "Remediation action is in progress. You can either cancel execution in "
                "AWS Systems Manager or wait and try again later.",
            )
        with self._store.lock:
            del place.remediations[name]
            place.executions.pop(name, None)
            self._attempts.pop(((place.account, place.region), name), None)
        return {}

    def _start(self, call: Call) -> Answer:
        place = self._store.at(call.place)
        name = call.parameters["ConfigRuleName"]
        _of_rule(place, name)
        refused = []
        for wanted in call.parameters["ResourceKeys"]:
            key = (wanted["resourceType"], wanted["resourceId"])
            if place.last(key) is None or not self._queue(place, name, key, call.now):
                refused.append(wanted)
        if not refused:
            return {}
        said = "Remediation is under way already, or the resource is not recorded."
        return {"FailureMessage": said, "FailedItems": refused}

    def _queue(self, place: Place, name: str, key: Key, now: float) -> bool:
        """False where the last one for the resource has not ended."""
        with self._store.lock:
            executions = place.executions.setdefault(name, {})
            if key in executions and executions[key].state in _UNDER_WAY:
                return False
            for old in [key for key in executions if _is_over(place, executions[key])]:
                del executions[old]
            execution = Execution(key, _QUEUED, now, now)
            executions[key] = execution
        self._cloud.timers.after(
            0, lambda later: self._run(place, name, execution, later)
        )
        return True

    def failing(self, place: Place, rule: Rule, key: Key, now: float) -> None:
        """Start by itself what is automatic, unless it failed too often."""
        settings = place.remediations.get(rule.name)
        if settings is None or not settings["Automatic"]:
            return
        window = settings.get("RetryAttemptSeconds", _DEFAULT_RETRY_SECONDS)
        most = settings.get("MaximumAutomaticAttempts", _DEFAULT_ATTEMPTS)
        with self._store.lock:
            recent = self._recent(place, rule.name, now - window)
            tried = recent.setdefault(key, [])
            if len(tried) < most and self._queue(place, rule.name, key, now):
                tried.append(now)

    def _recent(self, place: Place, name: str, since: float) -> dict[Key, list[float]]:
        """When each resource was tried in the window; what is older is forgotten."""
        of_rule = ((place.account, place.region), name)
        found: dict[Key, list[float]] = {}
        for key, moments in self._attempts.get(of_rule, {}).items():
            if kept := [moment for moment in moments if moment > since]:
                found[key] = kept
        self._attempts[of_rule] = found
        return found

    def _run(self, place: Place, name: str, execution: Execution, now: float) -> None:
        settings = place.remediations.get(name)
        if settings is None:
            return
        version = settings.get("TargetVersion")
        try:
            started = self._ssm(place).start_automation_execution(
                DocumentName=settings["TargetId"],
                **({"DocumentVersion": version} if version else {}),
                Parameters=parameters(settings, execution.key[1]),
            )
        except ClientError as error:
            _end(execution, _FAILED, str(error), now)
            return
        execution.automation_id = started["AutomationExecutionId"]
        execution.state, execution.updated = _RUNNING, now
        self._look_again(place, execution)

    def _look_again(self, place: Place, execution: Execution) -> None:
        self._cloud.timers.after(
            _LOOK_AGAIN_SECONDS, lambda now: self._look(place, execution, now)
        )

    def _look(self, place: Place, execution: Execution, now: float) -> None:
        try:
            told = self._ssm(place).get_automation_execution(
                AutomationExecutionId=execution.automation_id
            )["AutomationExecution"]
        except ClientError as error:
            _end(execution, _FAILED, str(error), now)
            return
        state = _ENDED.get(told["AutomationExecutionStatus"])
        if state is None:
            self._look_again(place, execution)
            return
        _end(execution, state, told.get("FailureMessage", ""), now)

    def _ssm(self, place: Place) -> Any:
        return self._cloud.client("ssm", place.account, place.region, PRINCIPAL)

    def _status(self, call: Call) -> Answer:
        place, asked = self._store.at(call.place), call.parameters
        name = asked["ConfigRuleName"]
        _of_rule(place, name)
        keys = [
            (k["resourceType"], k["resourceId"])
            for k in asked.get("ResourceKeys") or ()
        ]
        found = [
            _told(execution)
            for key, execution in list(place.executions.get(name, {}).items())
            if not keys or key in keys
        ]
        limit = asked.get("Limit") or _MOST
        shown, more = page(found, asked.get("NextToken"), limit, "NextToken")
        return {"RemediationExecutionStatuses": shown, **more}


def _is_over(place: Place, execution: Execution) -> bool:
    """It ended, and its resource is gone."""
    last = place.last(execution.key)
    is_there = last is not None and not last.is_deleted
    return execution.state not in _UNDER_WAY and not is_there


def parameters(settings: Mapping[str, Any], resource_id: str) -> dict[str, list[str]]:
    """The document's parameters, with RESOURCE_ID made the id of the resource."""
    return {
        name: [resource_id]
        if "ResourceValue" in value
        else list(value.get("StaticValue", {}).get("Values", ()))
        for name, value in (settings.get("Parameters") or {}).items()
    }


def _check(wanted: Mapping[str, Any]) -> None:
    """An automatic one has to say how often it may be tried.

    Source: PutRemediationConfigurations, and the answers of the service.
    """
    if not wanted.get("Automatic"):
        return
    if not wanted.get("MaximumAutomaticAttempts") or not wanted.get(
        "RetryAttemptSeconds"
    ):
        raise ApiError(
            "InvalidParameterValueException",
            "MaximumAutomaticAttempts and RetryAttemptSeconds are required for "
            "automatic remediation.",
        )


def _of_rule(place: Place, name: str) -> Mapping[str, Any]:
    if name not in place.remediations:
        raise ApiError(
            "NoSuchRemediationConfigurationException",
            f"No RemediationConfiguration for rule exists: {name}",
        )
    return place.remediations[name]


def _end(execution: Execution, state: str, error: str, now: float) -> None:
    execution.state, execution.error, execution.updated = state, error, now


def _told(execution: Execution) -> dict[str, Any]:
    step: dict[str, Any] = {
        "Name": "StartAutomationExecution",
        "State": "PENDING" if execution.state == _QUEUED else execution.state,
        "StartTime": execution.invoked,
    }
    if execution.error:
        step["ErrorMessage"] = execution.error
    if execution.state not in _UNDER_WAY:
        step["StopTime"] = execution.updated
    return {
        "ResourceKey": {
            "resourceType": execution.key[0],
            "resourceId": execution.key[1],
        },
        "State": execution.state,
        "StepDetails": [step],
        "InvocationTime": execution.invoked,
        "LastUpdatedTime": execution.updated,
    }
