"""Systems Manager: an Automation runbook repairs the resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apps.audit.remediation.actions.base import (
    Call,
    Draft,
    GraphNode,
    HandOver,
    Image,
    Parameter,
    Permissions,
    Progress,
    Reads,
    Refused,
    Reversibility,
    Step,
    Subject,
    Values,
)

_STATES: Mapping[str, str] = {
    "Success": "succeeded",
    "CompletedWithSuccess": "succeeded",
    "Failed": "failed",
    "TimedOut": "failed",
    "Cancelled": "skipped",
    "CompletedWithFailure": "failed",
    "InProgress": "running",
    "Waiting": "running",
    "Cancelling": "running",
    "PendingApproval": "running",
    "Approved": "running",
    "Rejected": "failed",
}
_OVER = frozenset(
    {"Success", "Failed", "TimedOut", "Cancelled", "CompletedWithSuccess",
     "CompletedWithFailure", "Rejected", "ChangeCalendarOverrideRejected"}
)  # fmt: skip
_GOOD = frozenset({"Success", "CompletedWithSuccess"})


class RunAutomation(HandOver):
    """The document's version is part of the plan: a changed document is a stale plan.

    Systems Manager does not say which execution a token started; the same call with
    the same token starts no second one, and names the first.
    """

    identifier = "run-automation"
    title = "Run an Automation of Systems Manager"
    says = "Starts an Automation runbook and follows it until it is over."
    family = "automation"
    resource_types = ()
    parameters = (
        Parameter("document", "Document", "Name of the runbook.", default=""),
        Parameter(
            "given",
            "Its parameters",
            'Lists of text by name, such as {"GroupId": ["sg-1"]}.',
            kind="json",
        ),
        Parameter(
            "resource_parameter",
            "Parameter for the resource",
            "The one of its parameters that gets the id of the resource; empty for "
            "none.",
            default="",
        ),
    )
    permissions = Permissions(
        read=("ssm:DescribeDocument", "ssm:GetAutomationExecution"),
        write=("ssm:StartAutomationExecution",),
    )
    reversibility = Reversibility.NONE
    irreversible_because = "What a runbook changed is known to the runbook alone."

    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        name = self.given(parameters)["document"]
        if not name:
            raise Refused("Say which runbook is to run.")
        said = reads.call("ssm", "describe_document", Name=name)["Document"]
        return Image(
            {
                "document": said["Name"],
                "type": said.get("DocumentType", ""),
                "version": said.get("DocumentVersion", ""),
                "hash": said.get("Hash", ""),
            }
        )

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        if now.values["type"] != "Automation":
            raise Refused(f"{now.values['document']} is no runbook of Automation.")
        call = Call(
            "ssm",
            "start_automation_execution",
            {
                "DocumentName": now.values["document"],
                "DocumentVersion": now.values["version"],
                "Parameters": self._filled(subject, parameters),
            },
            token="ClientToken",  # noqa: S106 - the name of a parameter
        )
        title = f"Start {now.values['document']}, version {now.values['version']}"
        warning = "What it changes is up to the runbook."
        return Draft(now, now, (Step(title, call),), (), (warning,))

    def _filled(self, subject: Subject, parameters: Values) -> dict[str, list[str]]:
        given = self.given(parameters)
        filled = given["given"] or {}
        if not isinstance(filled, dict):
            raise Refused("The runbook's parameters are to be lists of text by name.")
        listed = {
            str(name): [
                str(one) for one in (value if isinstance(value, list) else [value])
            ]
            for name, value in filled.items()
        }
        if given["resource_parameter"]:
            listed[given["resource_parameter"]] = [subject.key.id]
        return listed

    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        return ()

    def reference(self, answer: Values) -> str:
        return str(answer["AutomationExecutionId"])

    def find(
        self, reads: Reads, subject: Subject, parameters: Values, token: str
    ) -> str:
        return ""

    def follow(self, reads: Reads, parameters: Values, reference: str) -> Progress:
        said = reads.call(
            "ssm", "get_automation_execution", AutomationExecutionId=reference
        )["AutomationExecution"]
        status = said["AutomationExecutionStatus"]
        text = said.get("FailureMessage") or _spaced(status)
        return Progress(
            is_over=status in _OVER,
            is_good=status in _GOOD,
            text=text,
            graph=tuple(_nodes(said.get("StepExecutions", ()))),
        )


def _nodes(steps: Any) -> Iterator[GraphNode]:
    """Steps in their order; each leads to the one that it names, or to the next."""
    listed = list(steps)
    names = [one["StepName"] for one in listed]
    for place, step in enumerate(listed):
        after = names[place + 1 : place + 2]
        following = [step["NextStep"]] if step.get("NextStep") else after
        yield GraphNode(
            name=step["StepName"],
            kind=step.get("Action", ""),
            state=_STATES.get(step.get("StepStatus", ""), "pending"),
            text=step.get("FailureMessage", ""),
            next=() if step.get("IsEnd") else tuple(following),
        )


def _spaced(status: str) -> str:
    """InProgress as "In progress"."""
    words = "".join(f" {one.lower()}" if one.isupper() else one for one in status)
    return words.strip().capitalize()
