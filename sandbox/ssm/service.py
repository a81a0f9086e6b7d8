"""Systems Manager as the API shows it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError, absent
from sandbox.kernel.paging import page
from sandbox.kernel.principals import Principal, PrincipalKind
from sandbox.ssm import documents, filters, parameters
from sandbox.ssm.engine import Engine
from sandbox.ssm.executions import ENDED, KEPT_SECONDS, Execution
from sandbox.ssm.variables import UnknownVariable, filled

_PAGE = 50
_FORGET_EVERY_SECONDS = 10
_NOT_HERE = ("Targets", "TargetMaps", "TargetLocations", "TargetLocationsURL")
_SIGNALS_OF = {
    "aws:approve": frozenset({"Approve", "Reject"}),
    "aws:pause": frozenset({"Resume"}),
}


class Ssm:
    """The Systems Manager of every account."""

    name = "ssm"
    from_moto = frozenset(
        {
            "AddTagsToResource",
            "CreateDocument",
            "DeleteDocument",
            "DeleteParameter",
            "DeleteParameters",
            "DescribeDocumentPermission",
            "DescribeParameters",
            "GetParameter",
            "GetParameterHistory",
            "GetParameters",
            "GetParametersByPath",
            "LabelParameterVersion",
            "ListTagsForResource",
            "ModifyDocumentPermission",
            "PutParameter",
            "RemoveTagsFromResource",
            "UnlabelParameterVersion",
            "UpdateDocument",
            "UpdateDocumentDefaultVersion",
        }
    )

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._engine = Engine(cloud, self._lock)
        self._executions: dict[tuple[str, str], dict[str, Execution]] = {}
        self._tokens: dict[tuple[str, str, str], str] = {}
        cloud.timers.every(_FORGET_EVERY_SECONDS, self._forget)
        self.operations: Mapping[str, Handler] = {
            "DescribeAutomationExecutions": self._describe_all,
            "DescribeAutomationStepExecutions": self._describe_steps,
            "DescribeDocument": documents.describe,
            "GetAutomationExecution": self._get,
            "GetDocument": documents.get,
            "ListDocuments": documents.list_all,
            "SendAutomationSignal": self._signal,
            "StartAutomationExecution": self._start,
            "StopAutomationExecution": self._stop,
        }

    def _start(self, call: Call) -> Answer:
        given = call.parameters
        for member in _NOT_HERE:
            if given.get(member):
                raise absent("ssm", f"StartAutomationExecution with {member}")
        token = (*call.place, given.get("ClientToken") or "")
        if token[2] and token in self._tokens:
            return {"AutomationExecutionId": self._tokens[token]}
        execution = self._execution(call)
        with self._lock:
            self._executions.setdefault(call.place, {})[execution.id] = execution
            if token[2]:
                self._tokens[token] = execution.id
        self._engine.begin(execution)
        return {"AutomationExecutionId": execution.id}

    def _forget(self, now: float) -> None:
        """Drop executions that are over for thirty days, and their tokens."""
        with self._lock:
            over = set()
            for executions in self._executions.values():
                old = [
                    execution.id
                    for execution in executions.values()
                    if (execution.ended or now) + KEPT_SECONDS < now
                ]
                over.update(old)
                for execution_id in old:
                    del executions[execution_id]
            if over:
                self._tokens = {t: i for t, i in self._tokens.items() if i not in over}

    def _execution(self, call: Call) -> Execution:
        given = call.parameters
        name = given["DocumentName"].rsplit("/", 1)[-1]
        document, version = documents.automation(
            call, name, given.get("DocumentVersion")
        )
        read = parameters.read(document, given.get("Parameters") or {})
        return Execution(
            call.account,
            call.region,
            name,
            version,
            document,
            read,
            call.principal.arn,
            self._acts_as(call, document, read),
            call.now,
            given.get("Mode") or "Auto",
        )

    def _acts_as(
        self, call: Call, document: Mapping[str, Any], read: Mapping[str, Any]
    ) -> Principal | str:
        """The document's role, or who calls where it has none."""
        try:
            role_arn = str(filled(document.get("assumeRole") or "", read))
        except UnknownVariable as error:
            raise _bad_role() from error
        if not role_arn:
            return call.principal
        sts = self._cloud.client("sts", call.account, call.region, "ssm.amazonaws.com")
        try:
            granted = sts.assume_role(
                RoleArn=role_arn, RoleSessionName=f"Automation-{call.request_id}"
            )
        except ClientError as error:
            raise _bad_role() from error
        role_id, _, session = granted["AssumedRoleUser"]["AssumedRoleId"].partition(":")
        return Principal(
            PrincipalKind.ROLE,
            role_arn.split(":")[4],
            role_arn.rsplit("/", 1)[-1],
            role_id,
            granted["Credentials"]["AccessKeyId"],
            session_name=session,
            issued_at=call.now,
        )

    def _get(self, call: Call) -> Answer:
        with self._lock:
            return {"AutomationExecution": self._find(call).described()}

    def _describe_steps(self, call: Call) -> Answer:
        given = call.parameters
        with self._lock:
            steps = [
                step.described()
                for step in self._find(call).steps
                if filters.keeps_step(step, given.get("Filters") or ())
            ]
        if given.get("ReverseOrder"):
            steps.reverse()
        items, token = page(
            steps, given.get("NextToken"), given.get("MaxResults"), _PAGE
        )
        return {
            "StepExecutions": list(items),
            **({"NextToken": token} if token else {}),
        }

    def _describe_all(self, call: Call) -> Answer:
        given = call.parameters
        with self._lock:
            executions = list(self._executions.get(call.place, {}).values())
        found = [
            {**execution.summary(), "AutomationType": "Local"}
            for execution in reversed(executions)
            if filters.keeps(execution, given.get("Filters") or ())
        ]
        items, token = page(
            found, given.get("NextToken"), given.get("MaxResults"), _PAGE
        )
        more = {"NextToken": token} if token else {}
        return {"AutomationExecutionMetadataList": list(items), **more}

    def _stop(self, call: Call) -> Answer:
        with self._lock:
            execution = self._find(call)
            if execution.status in ENDED:
                raise ApiError(
                    "InvalidAutomationStatusUpdateException",
                    f"The execution has already ended with {execution.status}.",
                )
            execution.stopping = call.parameters.get("Type") or "Cancel"
        self._cloud.timers.after(0, self._engine.advance)
        return {}

    def _signal(self, call: Call) -> Answer:
        with self._lock:
            execution = self._find(call)
            step = execution.current
            wanted = call.parameters["SignalType"]
            if step is None or execution.status in ENDED:
                raise ApiError(
                    "AutomationStepNotFoundException", "No step waits for a signal."
                )
            if wanted not in _SIGNALS_OF.get(step.action, ()):
                raise _bad_signal(f"{step.action} does not take {wanted}.")
            approvers = step.inputs.get("Approvers") or [call.principal.arn]
            names = {call.principal.arn, call.principal.name, call.principal.role_arn}
            if wanted in _SIGNALS_OF["aws:approve"] and not names & set(approvers):
                raise _bad_signal("The caller is not among the approvers.")
            step.signals.append((wanted, call.principal.arn))
        self._cloud.timers.after(0, self._engine.advance)
        return {}

    def _find(self, call: Call) -> Execution:
        wanted = call.parameters["AutomationExecutionId"]
        found = self._executions.get(call.place, {}).get(wanted)
        if found is None:
            raise ApiError(
                "AutomationExecutionNotFoundException",
                f"Automation execution with id {wanted} is not found.",
            )
        return found


def _bad_role() -> ApiError:
    return ApiError(
        "InvalidAutomationExecutionParametersException",
        "The defined assume role is unable to be assumed.",
    )


def _bad_signal(said: str) -> ApiError:
    return ApiError("InvalidAutomationSignalException", said)
