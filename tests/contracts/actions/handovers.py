"""What repairs by itself: a runbook, a state machine and functions."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apps.audit.remediation.actions.base import HandOver, Subject, Values
from apps.audit.remediation.actions.registry import by_identifier
from sandbox.functions import Lambda
from sandbox.kernel.clock import SetClock
from sandbox.kernel.cloud import HOME_REGION, SHOP
from sandbox.shop.estate.compute import zipped
from sandbox.shop.estate.sites import trust
from tests.contracts.actions.network import open_group
from tests.contracts.actions.work import function
from tests.contracts.actions.world import World
from tests.sandbox.conftest import allowing

_BAD_CODE = "def handler(event, context):\n    raise ValueError('no repair')\n"


@dataclass(frozen=True)
class Handed:
    """`good` and `bad` make what is to run, so that it succeeds or fails, and say
    the parameters; `meddle` changes what would run."""

    identifier: str
    good: Callable[[World], Values]
    bad: Callable[[World], Values]
    gone: Values
    meddle: Callable[[World, Values], object]
    label: str = ""

    @property
    def action(self) -> HandOver:
        found = by_identifier(self.identifier)
        assert isinstance(found, HandOver)
        return found

    def __str__(self) -> str:
        return f"{self.identifier}{self.label and f' {self.label}'}"


def subject(world: World) -> Subject:
    return open_group(world)


def pass_seconds(world: World, seconds: int) -> None:
    clock = world.cloud.clock
    assert isinstance(clock, SetClock)
    for _ in range(seconds):
        clock.advance(1)
        world.cloud.timers.run_due()
    world.sandbox.one(Lambda).settle()


def revoke(world: World) -> Values:
    inputs = {
        "Service": "ec2",
        "Api": "RevokeSecurityGroupIngress",
        "GroupId": "{{ GroupId }}",
        "IpProtocol": "tcp",
        "FromPort": 22,
        "ToPort": 22,
        "CidrIp": "0.0.0.0/0",
    }
    return runbook(world, inputs)


def revoke_what_is_not_there(world: World) -> Values:
    inputs = {
        "Service": "ec2",
        "Api": "DescribeSecurityGroups",
        "GroupIds": ["sg-0absent"],
    }
    return runbook(world, inputs)


def runbook(world: World, inputs: Values) -> Values:
    name = world.fresh("runbook")
    iam = world.admin("iam")
    role = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=trust(Service="ssm.amazonaws.com")
    )["Role"]["Arn"]
    iam.put_role_policy(
        RoleName=name, PolicyName="own", PolicyDocument=allowing(["ec2:*"])
    )
    content = {
        "assumeRole": role,
        "schemaVersion": "0.3",
        "parameters": {"GroupId": {"type": "String"}},
        "mainSteps": [
            {"name": "Repair", "action": "aws:executeAwsApi", "inputs": inputs},
            {
                "name": "Rest",
                "action": "aws:sleep",
                "inputs": {"Duration": "PT1S"},
                "isEnd": True,
            },
        ],
    }
    world.admin("ssm").create_document(
        Name=name, Content=json.dumps(content), DocumentType="Automation"
    )
    return {"document": name, "resource_parameter": "GroupId"}


def revise(world: World, given: Values) -> object:
    ssm, name = world.admin("ssm"), given["document"]
    content = json.loads(ssm.get_document(Name=name)["Content"])
    content["description"] = "otherwise"
    made = ssm.update_document(
        Name=name, Content=json.dumps(content), DocumentVersion="$LATEST"
    )["DocumentDescription"]
    return ssm.update_document_default_version(
        Name=name, DocumentVersion=made["DocumentVersion"]
    )


def repairing(world: World) -> Values:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:ec2:revokeSecurityGroupIngress",
        "Parameters": {
            "GroupId.$": "$.resource.id",
            "IpPermissions": [
                {
                    "IpProtocol": "tcp",
                    "FromPort": 22,
                    "ToPort": 22,
                    "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
                }
            ],
        },
        "ResultPath": None,
        "Next": "Done",
    }
    return machine(world, {"Repair": task, "Done": {"Type": "Succeed"}})


def failing(world: World) -> Values:
    states = {
        "Look": {"Type": "Pass", "Next": "Fail"},
        "Fail": {"Type": "Fail", "Error": "NoRepair", "Cause": "too late"},
        "Never": {"Type": "Succeed"},
    }
    return machine(world, states)


def machine(world: World, states: dict[str, Any]) -> Values:
    name = world.fresh("machine")
    role = world.admin("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=trust(Service="states.amazonaws.com")
    )["Role"]["Arn"]
    definition = {"StartAt": next(iter(states)), "States": states}
    made = world.admin("stepfunctions").create_state_machine(
        name=name, definition=json.dumps(definition), roleArn=role
    )
    return {"machine": made["stateMachineArn"], "input": {"why": "a test"}}


def redefine(world: World, given: Values) -> object:
    done = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
    return world.admin("stepfunctions").update_state_machine(
        stateMachineArn=given["machine"], definition=json.dumps(done)
    )


def waited_for(world: World) -> Values:
    return {"function": function(world).arn, "mode": "wait"}


def raising_at_once(world: World) -> Values:
    return {"function": function(world, _BAD_CODE).arn, "mode": "wait"}


def left_alone(world: World) -> Values:
    return {"function": function(world).arn, "event": {"why": "a test"}}


def raising(world: World) -> Values:
    made = function(world, _BAD_CODE).arn
    world.admin("lambda").put_function_event_invoke_config(
        FunctionName=made, MaximumRetryAttempts=0
    )
    return {"function": made}


def recode(world: World, given: Values) -> object:
    return world.admin("lambda").update_function_code(
        FunctionName=given["function"], ZipFile=zipped(_BAD_CODE)
    )


_GONE = f"arn:aws:lambda:{HOME_REGION}:{SHOP}:function:absent"
_GONE_MACHINE = f"arn:aws:states:{HOME_REGION}:{SHOP}:stateMachine:absent"
HANDED = (
    Handed(
        "run-automation",
        revoke,
        revoke_what_is_not_there,
        {"document": "absent"},
        revise,
    ),
    Handed(
        "run-state-machine", repairing, failing, {"machine": _GONE_MACHINE}, redefine
    ),
    Handed(
        "invoke-function",
        waited_for,
        raising_at_once,
        {"function": _GONE},
        recode,
        "waited for",
    ),
    Handed("invoke-function", left_alone, raising, {"function": _GONE}, recode),
)
