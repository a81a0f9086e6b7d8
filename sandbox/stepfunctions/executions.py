"""An execution and its history: a state each second, for whoever follows it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.stepfunctions import data, tasks
from sandbox.stepfunctions.choices import chosen
from sandbox.stepfunctions.data import StateFailed

Clients = Callable[[str], Any]
RUNNING = "RUNNING"


@dataclass(slots=True)
class Execution:
    """`at` is the state that is entered next, or waited in until `until`."""

    arn: str
    machine_arn: str
    name: str
    definition: Mapping[str, Any]
    role_arn: str
    input: str
    began: float
    status: str = RUNNING
    ended: float | None = None
    output: str | None = None
    error: str = ""
    cause: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    at: str = ""
    given: Any = None
    until: float | None = None

    def __post_init__(self) -> None:
        self.given, self.at = json.loads(self.input), self.definition["StartAt"]
        details = {"input": self.input, "roleArn": self.role_arn}
        self._say("ExecutionStarted", self.began, executionStarted=details)

    @property
    def is_over(self) -> bool:
        return self.ended is not None

    @property
    def _state(self) -> Mapping[str, Any]:
        state: Mapping[str, Any] = self.definition["States"][self.at]
        return state

    def advance(self, now: float, clients: Clients) -> None:
        """Go through one state, as far as the time allows."""
        if self.is_over or (self.until is not None and now < self.until):
            return
        state = self._state
        if self.until is None:
            self._enter(state, now)
        try:
            result = self._work(state, now, clients)
        except StateFailed as failed:
            self._fail(state, failed, now)
            return
        if result is not _WAITS:
            self._leave(state, result, now)

    def _enter(self, state: Mapping[str, Any], now: float) -> None:
        details = {"name": self.at, "input": json.dumps(self.given)}
        self._say(f"{state['Type']}StateEntered", now, stateEntered=details)

    def _work(self, state: Mapping[str, Any], now: float, clients: Clients) -> Any:
        kind = state["Type"]
        given = data.entered(state, self.given, self._context)
        if kind == "Pass":
            return state.get("Result", given)
        if kind == "Wait":
            return self._wait(state, given, now)
        if kind == "Task":
            return self._task(state["Resource"], given, now, clients)
        if kind == "Fail":
            error, cause = state.get("Error", "Failed"), state.get("Cause", "")
            raise StateFailed(error, cause)
        if kind in ("Succeed", "Choice"):
            return given
        raise StateFailed("States.Runtime", f"The sandbox does not run {kind}.")

    @property
    def _context(self) -> dict[str, Any]:
        return {
            "Execution": {"Id": self.arn, "Name": self.name},
            "State": {"Name": self.at},
            "StateMachine": {"Id": self.machine_arn},
        }

    def _wait(self, state: Mapping[str, Any], given: Any, now: float) -> Any:
        if self.until is not None:
            return given
        seconds = state.get("Seconds")
        if seconds is None:
            seconds = data.path(state.get("SecondsPath", "$"), given, {})
        self.until = now + float(seconds)
        return _WAITS if seconds else given

    def _task(self, resource: str, given: Any, now: float, clients: Clients) -> Any:
        kind, called = tasks.kind_of(resource)
        named = {"resourceType": kind, "resource": called}
        region = self.arn.split(":")[3]
        asked = {**named, "region": region, "parameters": json.dumps(given)}
        self._say("TaskScheduled", now, taskScheduled=asked)
        self._say("TaskStarted", now, taskStarted=named)
        try:
            result = tasks.carry_out(resource, given, clients)
        except StateFailed as failed:
            told = {**named, "error": failed.error, "cause": failed.cause}
            self._say("TaskFailed", now, taskFailed=told)
            raise
        told = {**named, "output": json.dumps(result)}
        self._say("TaskSucceeded", now, taskSucceeded=told)
        return result

    def _leave(self, state: Mapping[str, Any], result: Any, now: float) -> None:
        try:
            following = chosen(state, result) if state["Type"] == "Choice" else ""
            output = data.left(state, self.given, result)
        except StateFailed as failed:
            self._fail(state, failed, now)
            return
        details = {"name": self.at, "output": json.dumps(output)}
        self._say(f"{state['Type']}StateExited", now, stateExited=details)
        self._go(following or state.get("Next", ""), output, now)

    def _go(self, following: str, output: Any, now: float) -> None:
        self.given, self.until, self.at = output, None, following
        if not following:
            self.output = json.dumps(output)
            self._end("SUCCEEDED", now, executionSucceeded={"output": self.output})

    def _fail(self, state: Mapping[str, Any], failed: StateFailed, now: float) -> None:
        for catcher in state.get("Catch", ()):
            if {failed.error, "States.ALL"} & set(catcher["ErrorEquals"]):
                said = {"Error": failed.error, "Cause": failed.cause}
                output = data.left(
                    {"ResultPath": catcher.get("ResultPath", "$")}, self.given, said
                )
                details = {"name": self.at, "output": json.dumps(output)}
                self._say(f"{state['Type']}StateExited", now, stateExited=details)
                self._go(catcher["Next"], output, now)
                return
        self.error, self.cause = failed.error, failed.cause
        self._end(
            "FAILED", now, executionFailed={"error": self.error, "cause": self.cause}
        )

    def stop(self, error: str, cause: str, now: float) -> None:
        if not self.is_over:
            self.error, self.cause = error, cause
            told = {"error": error, "cause": cause}
            self._end("ABORTED", now, executionAborted=told)

    def _end(self, status: str, now: float, **details: Any) -> None:
        self.status, self.ended = status, now
        self._say(f"Execution{status.capitalize()}", now, **details)

    def _say(self, kind: str, now: float, **details: Any) -> None:
        number = len(self.events) + 1
        self.events.append(
            {
                "timestamp": now,
                "type": kind,
                "id": number,
                "previousEventId": number - 1,
                **{f"{name}EventDetails": told for name, told in details.items()},
            }
        )

    def described(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            **self.summary(),
            "input": self.input,
            "inputDetails": {"included": True},
        }
        if self.output is not None:
            shown |= {"output": self.output, "outputDetails": {"included": True}}
        if self.error:
            shown["error"] = self.error
        if self.cause:
            shown["cause"] = self.cause
        return shown

    def summary(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "executionArn": self.arn,
            "stateMachineArn": self.machine_arn,
            "name": self.name,
            "status": self.status,
            "startDate": self.began,
        }
        if self.ended is not None:
            shown["stopDate"] = self.ended
        return shown


_WAITS: Any = object()
