"""Runs automations: step after step, in the timers' thread."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError

from sandbox.kernel.cloud import Cloud, Event
from sandbox.ssm import actions, branches
from sandbox.ssm.executions import ENDED, Execution, Step
from sandbox.ssm.variables import UnknownVariable, filled

_FAILURE = (
    "Step fails when it is Execute/Cancelling action. {}. Please refer to Automation "
    "Service Troubleshooting Guide for more diagnosis details."
)


# What a document that makes no sense ends in; it ends that automation, no other.
_FAILURES = (
    actions.StepFailed,
    UnknownVariable,
    BotoCoreError,
    AttributeError,
    KeyError,
    TypeError,
    ValueError,
)


class Engine:
    """State is changed under the room's lock; actions are carried out without it."""

    def __init__(self, cloud: Cloud, lock: threading.Lock) -> None:
        self._cloud = cloud
        self._lock = lock
        self._active: list[Execution] = []
        cloud.timers.every(1, self.advance)

    def begin(self, execution: Execution) -> None:
        with self._lock:
            self._active.append(execution)
        self._cloud.timers.after(0, self.advance)

    def advance(self, now: float) -> None:
        with self._lock:
            active = list(self._active)
        for execution in active:
            self._proceed(execution, now)
        with self._lock:
            self._active = [e for e in self._active if e.status not in ENDED]

    def _proceed(self, execution: Execution, now: float) -> None:
        if execution.status == "Pending":
            self._set(execution, "InProgress", now)
        while execution.status not in ENDED:
            step = execution.current
            if execution.stopping:
                self._cancel(execution, now)
            elif step is None:
                self._finish(execution, now)
            elif not self._run(execution, step, now):
                return

    def _run(self, execution: Execution, step: Step, now: float) -> bool:
        """Whether the step is over."""
        try:
            self._start(execution, step, now)
            outputs = actions.act(self._moment(execution, step, now))
        except actions.Waiting as waiting:
            return self._wait(execution, step, str(waiting), now)
        except _FAILURES as error:
            self._fail(execution, step, "Failed", str(error), now)
            return True
        with self._lock:
            step.outputs = outputs
            step.status, step.ended = "Success", now
        self._go_on(execution, step, now)
        return True

    def _start(self, execution: Execution, step: Step, now: float) -> None:
        if step.started is not None:
            return
        with self._lock:
            step.started = now
            step.inputs = filled(step.written.get("inputs") or {}, execution.known())

    def _moment(self, execution: Execution, step: Step, now: float) -> actions.Moment:
        def clients(service: str) -> Any:
            account, region = execution.account, execution.region
            return self._cloud.client(service, account, region, execution.acts_as)

        return actions.Moment(execution, step, step.inputs, clients, now)

    def _wait(self, execution: Execution, step: Step, status: str, now: float) -> bool:
        if now >= (step.started or now) + step.timeout_seconds:
            said = f"Step timed out after {step.timeout_seconds} seconds."
            self._fail(execution, step, "TimedOut", said, now)
            return True
        with self._lock:
            step.status = status
            if execution.status != status:
                self._set_locked(execution, status)
        return False

    def _fail(
        self, execution: Execution, step: Step, status: str, said: str, now: float
    ) -> None:
        step.attempts += 1
        if status == "Failed" and step.attempts < int(
            step.written.get("maxAttempts") or 1
        ):
            return
        with self._lock:
            step.status, step.ended = status, now
            step.failure = _FAILURE.format(said)
        if step.on_failure.startswith("step:"):
            self._go_to(execution, step.on_failure.removeprefix("step:"))
        elif step.on_failure == "Continue":
            self._go_on(execution, step, now)
        else:
            execution.failure = step.failure
            self._end(execution, status, now)

    def _go_on(self, execution: Execution, step: Step, now: float) -> None:
        chosen = step.outputs.get(branches.NEXT) or step.written.get("nextStep")
        is_last = execution.at == len(execution.steps) - 1
        if chosen and not (step.is_end and branches.NEXT not in step.outputs):
            self._go_to(execution, str(chosen))
        elif step.is_end or is_last:
            execution.at = None
        elif step.action == "aws:branch":
            self._end(execution, "Failed", now, "No choice holds and none is default.")
        else:
            execution.at = (execution.at or 0) + 1
        if execution.status == "Waiting":
            self._set_locked(execution, "InProgress")

    def _go_to(self, execution: Execution, name: str) -> None:
        execution.at = execution.step(name)
        if execution.at is None:
            execution.failure = f"There is no step {name}."
        elif execution.steps[execution.at].started is not None:
            execution.at = None
            execution.failure = f"The step {name} has run already."

    def _finish(self, execution: Execution, now: float) -> None:
        known = execution.known()
        for name in execution.document.get("outputs") or ():
            if name in known:
                execution.outputs[name] = known[name]
        bad = [
            step.failure for step in execution.steps if step.failure and step.decides
        ]
        failure = execution.failure or (bad[0] if bad else "")
        self._end(execution, "Failed" if failure else "Success", now, failure)

    def _cancel(self, execution: Execution, now: float) -> None:
        step = execution.current
        if step is not None:
            step.status, step.ended = "Cancelled", now
        is_complete = execution.stopping == "Complete"
        self._end(execution, "Success" if is_complete else "Cancelled", now)

    def _end(
        self, execution: Execution, status: str, now: float, failure: str = ""
    ) -> None:
        execution.failure = execution.failure or failure
        execution.ended = now
        self._set(execution, status, now)

    def _set(self, execution: Execution, status: str, now: float) -> None:
        with self._lock:
            self._set_locked(execution, status)
        self._cloud.emit(_event(execution, now))

    def _set_locked(self, execution: Execution, status: str) -> None:
        execution.status = status


def _event(execution: Execution, now: float) -> Event:
    """Source: Systems Manager User Guide, "Amazon EventBridge event examples"."""
    arn = f"arn:aws:ssm:{execution.region}:{execution.account}"
    definition = f"{execution.document_name}:{execution.document_version}"
    detail: dict[str, Any] = {
        "ExecutionId": execution.id,
        "Definition": execution.document_name,
        "DefinitionVersion": float(execution.document_version),
        "Status": execution.status,
        "StartTime": _text(execution.started),
        "Time": now - execution.started,
        "ExecutedBy": execution.executed_by,
    }
    if execution.ended is not None:
        detail["EndTime"] = _text(execution.ended)
    return Event(
        execution.account,
        execution.region,
        "aws.ssm",
        "EC2 Automation Execution Status-change Notification",
        detail,
        now,
        (
            f"{arn}:automation-execution/{execution.id}",
            f"{arn}:automation-definition/{definition}",
        ),
    )


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%b %d, %Y %I:%M:%S %p")
