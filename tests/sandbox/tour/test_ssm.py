"""Systems Manager Automation, walked with the AWS CLI."""

from __future__ import annotations

import json
from collections.abc import Callable

from sandbox.assembly import Sandbox
from sandbox.kernel.cloud import SHOP
from tests.sandbox.tour.aws import Aws
from tests.sandbox.tour.conftest import all_of

PAUSE = {
    "schemaVersion": "0.3",
    "mainSteps": [
        {
            "name": "approve",
            "action": "aws:approve",
            "inputs": {"Approvers": [f"arn:aws:iam::{SHOP}:user/visitor"]},
        },
        {"name": "sleep", "action": "aws:sleep", "inputs": {"Duration": "PT1H"}},
    ],
}


def walk_documents(aws: Aws) -> None:
    name = "AWS-StopEC2Instance"
    assert aws(f"ssm describe-document --name {name}")["Document"]["Owner"] == "Amazon"
    content = json.loads(aws(f"ssm get-document --name {name}")["Content"])
    assert content["mainSteps"][0]["action"] == "aws:changeInstanceState"
    aws(
        "ssm create-document --name Own --document-type Automation --content",
        json.dumps(PAUSE),
    )
    own = aws("ssm list-documents --filters Key=Owner,Values=Self")
    assert [one["Name"] for one in own["DocumentIdentifiers"]] == ["Own"]
    amazon = aws("ssm list-documents --filters Key=Owner,Values=Amazon")
    assert name in [one["Name"] for one in amazon["DocumentIdentifiers"]]


def test_documents_and_executions(
    aws: Aws,
    sandbox: Sandbox,
    walked: set[str],
    pass_time: Callable[[float], None],
) -> None:
    walk_documents(aws)
    started = aws("ssm start-automation-execution --document-name Own")
    on = f"--automation-execution-id {started['AutomationExecutionId']}"
    pass_time(1)
    aws(f"ssm send-automation-signal {on} --signal-type Approve")
    pass_time(1)
    steps = aws(f"ssm describe-automation-step-executions {on}")["StepExecutions"]
    assert [step["StepStatus"] for step in steps] == ["Success", "InProgress"]
    aws(f"ssm stop-automation-execution {on}")
    pass_time(1)
    got = aws(f"ssm get-automation-execution {on}")["AutomationExecution"]
    assert got["AutomationExecutionStatus"] == "Cancelled"
    listed = aws("ssm describe-automation-executions")
    assert listed["AutomationExecutionMetadataList"][0]["DocumentName"] == "Own"
    assert walked >= all_of(sandbox, "ssm")
