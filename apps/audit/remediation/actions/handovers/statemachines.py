"""Step Functions: a state machine repairs the resource."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from apps.audit.remediation.actions.base import (
    Call,
    Draft,
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
from apps.audit.remediation.actions.handovers.executiongraph import graph_of
from apps.discovery.aws import AwsGone

_GOOD = "SUCCEEDED"
_RUNNING = frozenset({"RUNNING", "PENDING_REDRIVE"})
_MOST_TEXT = 500


class RunStateMachine(HandOver):
    """The execution is named by the plan's token: a second call with it starts none."""

    identifier = "run-state-machine"
    title = "Run a state machine of Step Functions"
    says = "Starts an execution of a state machine and follows it state by state."
    family = "workflow"
    resource_types = ()
    parameters = (
        Parameter("machine", "State machine", "Its ARN.", default=""),
        Parameter(
            "input",
            "Input",
            "An object; the resource is put into it as `resource`.",
            kind="json",
        ),
    )
    permissions = Permissions(
        read=(
            "states:DescribeStateMachine",
            "states:DescribeExecution",
            "states:DescribeStateMachineForExecution",
            "states:GetExecutionHistory",
        ),
        write=("states:StartExecution",),
    )
    reversibility = Reversibility.NONE
    irreversible_because = "What an execution changed is known to its states alone."

    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        arn = self._machine(parameters)
        said = reads.call(
            "stepfunctions", "describe_state_machine", stateMachineArn=arn
        )
        definition = hashlib.sha256(said["definition"].encode()).hexdigest()
        return Image(
            {
                "machine": said["stateMachineArn"],
                "type": said.get("type", "STANDARD"),
                "status": said.get("status", "ACTIVE"),
                "definition": definition,
                "role": said.get("roleArn", ""),
            }
        )

    def _machine(self, parameters: Values) -> str:
        arn: str = self.given(parameters)["machine"]
        if ":stateMachine:" not in arn:
            raise Refused("Say the ARN of a state machine.")
        return arn

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        values = now.values
        if values["type"] != "STANDARD":
            raise Refused("An express workflow cannot be followed: use a standard one.")
        if values["status"] != "ACTIVE":
            raise Refused("The state machine is being deleted.")
        call = Call(
            "stepfunctions",
            "start_execution",
            {
                "stateMachineArn": values["machine"],
                "input": json.dumps(self._input(subject, parameters)),
            },
            token="name",  # noqa: S106 - the name of a parameter
        )
        title = f"Start {values['machine'].rpartition(':')[2]}"
        warning = "What it changes is up to the state machine and its role."
        return Draft(now, now, (Step(title, call),), (), (warning,))

    def _input(self, subject: Subject, parameters: Values) -> dict[str, Any]:
        given = self.given(parameters)["input"] or {}
        if not isinstance(given, dict):
            raise Refused("The input is to be an object.")
        key = subject.key
        return {
            **given,
            "resource": {
                "account": key.account,
                "region": key.region,
                "type": key.type,
                "id": key.id,
                "arn": subject.arn,
                "name": subject.name,
            },
        }

    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        return ()

    def reference(self, answer: Values) -> str:
        return str(answer["executionArn"])

    def find(
        self, reads: Reads, subject: Subject, parameters: Values, token: str
    ) -> str:
        machine = self._machine(parameters)
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{token}"
        try:
            reads.call("stepfunctions", "describe_execution", executionArn=arn)
        except AwsGone:
            return ""
        return arn

    def follow(self, reads: Reads, parameters: Values, reference: str) -> Progress:
        """The definition is the one that the execution began with."""
        named = {"executionArn": reference}
        said = reads.call("stepfunctions", "describe_execution", **named)
        machine = reads.call(
            "stepfunctions", "describe_state_machine_for_execution", **named
        )
        pages = reads.pages("stepfunctions", "get_execution_history", **named)
        events = [one for page in pages for one in page["events"]]
        is_over = said["status"] not in _RUNNING
        return Progress(
            is_over=is_over,
            is_good=said["status"] == _GOOD,
            text=_text(said),
            graph=graph_of(json.loads(machine["definition"]), events, is_over=is_over),
        )


def _text(said: Values) -> str:
    reasons = [str(said[name]) for name in ("error", "cause") if said.get(name)]
    words = str(said["status"]).replace("_", " ").capitalize()
    return ": ".join([words, *reasons])[:_MOST_TEXT]
