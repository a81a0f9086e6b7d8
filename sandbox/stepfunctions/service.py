"""Step Functions as the API shows it, and its clock."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError
from moto.core.utils import get_service_model

from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError
from sandbox.kernel.paging import page
from sandbox.stepfunctions.executions import RUNNING, Execution

_BY = "states.amazonaws.com"
_MOST = 1_000
_DEFAULT = 100


class StepFunctions:
    """The state machines of every account: kept by moto, run here."""

    name = "stepfunctions"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.RLock()
        self._executions: dict[str, Execution] = {}
        cloud.timers.every(1, self._advance)
        self.operations: Mapping[str, Handler] = {
            "DescribeExecution": self._describe,
            "DescribeStateMachineForExecution": self._machine_of,
            "GetExecutionHistory": self._history,
            "ListExecutions": self._list,
            "StartExecution": self._start,
            "StopExecution": self._stop,
        }

    @cached_property
    def from_moto(self) -> frozenset[str]:
        names = get_service_model(self.name).operation_names
        return frozenset(names) - self.operations.keys() - {"StartSyncExecution"}

    def _advance(self, now: float) -> None:
        with self._lock:
            running = [one for one in self._executions.values() if not one.is_over]
        for execution in running:
            _, _, _, region, account, *_ = execution.arn.split(":")

            def clients(service: str, account: str = account, at: str = region) -> Any:
                return self._cloud.client(service, account, at, _BY)

            with self._lock:
                execution.advance(now, clients)

    def _start(self, call: Call) -> Answer:
        given = call.parameters
        text = given.get("input") or "{}"
        _check(text)
        machine = self._machine(call, given["stateMachineArn"])
        name = given.get("name") or str(uuid.uuid4())
        arn = f"{_execution_arn(machine['stateMachineArn'])}:{name}"
        with self._lock:
            known = self._executions.get(arn)
            if known is not None:
                return self._known(known, text)
            made = Execution(
                arn,
                machine["stateMachineArn"],
                name,
                json.loads(machine["definition"]),
                machine["roleArn"],
                text,
                call.now,
            )
            self._executions[arn] = made
        return {"executionArn": arn, "startDate": call.now}

    def _known(self, known: Execution, text: str) -> Answer:
        """Source: StartExecution, "idempotent" for standard workflows."""
        if known.status == RUNNING and known.input == text:
            return {"executionArn": known.arn, "startDate": known.began}
        raise ApiError(
            "ExecutionAlreadyExists", f"Execution Already Exists: '{known.arn}'"
        )

    def _machine(self, call: Call, arn: str) -> Mapping[str, Any]:
        """Raises StateMachineDoesNotExist."""
        client = self._cloud.client(self.name, call.account, call.region, _BY)
        try:
            found: Mapping[str, Any] = client.describe_state_machine(
                stateMachineArn=arn
            )
        except ClientError as error:
            said = error.response["Error"]
            raise ApiError(said["Code"], said["Message"]) from error
        return found

    def _found(self, call: Call) -> Execution:
        arn = call.parameters["executionArn"]
        with self._lock:
            found = self._executions.get(arn)
        if found is None or arn.split(":")[4] != call.account:
            raise ApiError(
                "ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'"
            )
        return found

    def _describe(self, call: Call) -> Answer:
        return self._found(call).described()

    def _machine_of(self, call: Call) -> Answer:
        found = self._found(call)
        return {
            "stateMachineArn": found.machine_arn,
            "name": found.machine_arn.rpartition(":")[2],
            "definition": json.dumps(found.definition),
            "roleArn": found.role_arn,
            "updateDate": found.began,
        }

    def _history(self, call: Call) -> Answer:
        given, events = call.parameters, list(self._found(call).events)
        if given.get("reverseOrder"):
            events.reverse()
        size = given.get("maxResults") or _DEFAULT
        items, token = page(events, given.get("nextToken"), size, _MOST)
        return {"events": list(items), **({"nextToken": token} if token else {})}

    def _list(self, call: Call) -> Answer:
        given = call.parameters
        with self._lock:
            every = [
                one.summary()
                for one in reversed(list(self._executions.values()))
                if one.machine_arn == given.get("stateMachineArn")
                and given.get("statusFilter", one.status) == one.status
            ]
        size = given.get("maxResults") or _DEFAULT
        items, token = page(every, given.get("nextToken"), size, _MOST)
        return {"executions": list(items), **({"nextToken": token} if token else {})}

    def _stop(self, call: Call) -> Answer:
        given, found = call.parameters, self._found(call)
        with self._lock:
            found.stop(given.get("error", ""), given.get("cause", ""), call.now)
        return {"stopDate": found.ended}


def _execution_arn(machine: str) -> str:
    return machine.replace(":stateMachine:", ":execution:")


def _check(text: str) -> None:
    try:
        json.loads(text)
    except ValueError as error:
        raise ApiError(
            "InvalidExecutionInput", f"Invalid State Machine Execution Input: {error}"
        ) from error
