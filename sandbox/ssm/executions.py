"""An automation that runs or ran, and its steps."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.kernel.principals import Principal
from sandbox.ssm.variables import as_text, as_texts

KEPT_SECONDS = 30 * 86_400
"""Source: "Viewing automation executions": 30 days."""
ENDED = frozenset({"Success", "Failed", "TimedOut", "Cancelled"})
_DEFAULT_SECONDS = {"aws:approve": 604_800}
_LONG_SECONDS = 3_600


@dataclass(slots=True)
class Step:
    """One step of an execution; `written` is what the document says of it."""

    written: Mapping[str, Any]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "Pending"
    started: float | None = None
    ended: float | None = None
    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    failure: str = ""
    attempts: int = 0
    signals: list[tuple[str, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.written["name"])

    @property
    def action(self) -> str:
        return str(self.written["action"])

    @property
    def on_failure(self) -> str:
        return str(self.written.get("onFailure") or "Abort")

    @property
    def is_critical(self) -> bool:
        """Source: "Properties shared by all actions": a step whose failure is passed
        over is not critical unless it says so."""
        default = self.on_failure != "Continue"
        return str(self.written.get("isCritical", default)).lower() == "true"

    @property
    def decides(self) -> bool:
        """Whether its failure is the automation's even though that goes on."""
        return "isCritical" in self.written and self.is_critical

    @property
    def is_end(self) -> bool:
        return str(self.written.get("isEnd", "false")).lower() == "true"

    @property
    def timeout_seconds(self) -> int:
        default = _DEFAULT_SECONDS.get(self.action, _LONG_SECONDS)
        return int(self.written.get("timeoutSeconds") or default)

    def described(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "StepExecutionId": self.id,
            "StepName": self.name,
            "Action": self.action,
            "StepStatus": self.status,
            "TimeoutSeconds": self.timeout_seconds,
            "OnFailure": self.on_failure,
            "IsEnd": self.is_end,
            "IsCritical": self.is_critical,
            "Inputs": {name: _quoted(value) for name, value in self.inputs.items()},
            "Outputs": {name: as_texts(value) for name, value in self.outputs.items()},
        }
        if self.written.get("nextStep"):
            shown["NextStep"] = self.written["nextStep"]
        if self.failure:
            shown["FailureMessage"] = self.failure
            shown["FailureDetails"] = {
                "FailureStage": "Invocation",
                "FailureType": "Verification",
                "Details": {},
            }
        if self.started is not None:
            shown["ExecutionStartTime"] = self.started
        if self.ended is not None:
            shown["ExecutionEndTime"] = self.ended
            shown["ResponseCode"] = "0" if self.status == "Success" else "-1"
        return shown


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else as_text(value)


@dataclass(slots=True)
class Execution:
    """`acts_as` is the role it assumed, or who started it."""

    account: str
    region: str
    document_name: str
    document_version: str
    document: Mapping[str, Any]
    parameters: dict[str, Any]
    executed_by: str
    acts_as: Principal | str
    started: float
    mode: str = "Auto"
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "Pending"
    ended: float | None = None
    failure: str = ""
    outputs: dict[str, Any] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    at: int | None = 0
    passed: list[str] = field(default_factory=list)
    stopping: str = ""

    def __post_init__(self) -> None:
        self.steps = [Step(written) for written in self.document["mainSteps"]]

    @property
    def current(self) -> Step | None:
        is_over = self.at is None or self.at >= len(self.steps)
        return None if is_over else self.steps[self.at or 0]

    def step(self, name: str) -> int | None:
        """Where the step of this name is."""
        names = [step.name for step in self.steps]
        return names.index(name) if name in names else None

    def known(self) -> dict[str, Any]:
        """Every variable that has a value."""
        known: dict[str, Any] = {
            **self.parameters,
            "automation:EXECUTION_ID": self.id,
            "global:ACCOUNT_ID": self.account,
            "global:REGION": self.region,
            "global:AWS_PARTITION": "aws",
        }
        for step in self.steps:
            for name, value in step.outputs.items():
                known[f"{step.name}.{name}"] = value
        return known

    def summary(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "AutomationExecutionId": self.id,
            "DocumentName": self.document_name,
            "DocumentVersion": self.document_version,
            "AutomationExecutionStatus": self.status,
            "ExecutionStartTime": self.started,
            "ExecutedBy": self.executed_by,
            "Mode": self.mode,
            "Outputs": {name: as_texts(value) for name, value in self.outputs.items()},
            "Targets": [],
            "ResolvedTargets": {"ParameterValues": [], "Truncated": False},
        }
        if self.ended is not None:
            shown["ExecutionEndTime"] = self.ended
        if self.failure:
            shown["FailureMessage"] = self.failure
        if self.current is not None and self.ended is None:
            shown["CurrentStepName"] = self.current.name
            shown["CurrentAction"] = self.current.action
        return shown

    def described(self) -> dict[str, Any]:
        given = {name: as_texts(value) for name, value in self.parameters.items()}
        return {
            **self.summary(),
            "Parameters": given,
            "StepExecutions": [step.described() for step in self.steps],
            "StepExecutionsTruncated": False,
        }
