"""Which executions and steps a call asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from sandbox.kernel.errors import ApiError, absent
from sandbox.ssm.executions import Execution, Step

Filters = Iterable[Mapping[str, Any]]
_Kept = TypeVar("_Kept")
_Tests = Mapping[str, Callable[[_Kept, list[str]], bool]]


def keeps(execution: Execution, wanted: Filters) -> bool:
    return _all_hold(_OF_EXECUTIONS, "Executions", execution, wanted)


def keeps_step(step: Step, wanted: Filters) -> bool:
    return _all_hold(_OF_STEPS, "StepExecutions", step, wanted)


def _all_hold(tests: _Tests[_Kept], what: str, one: _Kept, wanted: Filters) -> bool:
    for asked in wanted:
        test = tests.get(asked["Key"])
        if test is None:
            raise absent("ssm", f"DescribeAutomation{what} by {asked['Key']}")
        if not test(one, asked["Values"]):
            return False
    return True


def _moment(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        said = f"{text} is not a date of ISO 8601."
        raise ApiError("InvalidFilterValue", said) from error


def _is_after(started: float | None, values: list[str]) -> bool:
    return started is not None and started >= _moment(values[0])


def _is_before(started: float | None, values: list[str]) -> bool:
    return started is not None and started <= _moment(values[0])


_OF_EXECUTIONS: _Tests[Execution] = {
    "AutomationType": lambda one, values: "Local" in values,
    "CurrentAction": lambda one, values: (
        one.ended is None and one.current is not None and one.current.action in values
    ),
    "DocumentNamePrefix": lambda one, values: one.document_name.startswith(
        tuple(values)
    ),
    "ExecutionId": lambda one, values: one.id in values,
    "ExecutionStatus": lambda one, values: one.status in values,
    "StartTimeAfter": lambda one, values: _is_after(one.started, values),
    "StartTimeBefore": lambda one, values: _is_before(one.started, values),
}
_OF_STEPS: _Tests[Step] = {
    "Action": lambda one, values: one.action in values,
    "StartTimeAfter": lambda one, values: _is_after(one.started, values),
    "StartTimeBefore": lambda one, values: _is_before(one.started, values),
    "StepExecutionId": lambda one, values: one.id in values,
    "StepExecutionStatus": lambda one, values: one.status in values,
    "StepName": lambda one, values: one.name in values,
}
