"""Documents to run, and what they are run on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.conftest import Client
from tests.sandbox.test_identity import policy

Pass = Callable[[float], None]
TRUST = {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Principal": {"Service": "ssm.amazonaws.com"},
}


def run(client: Client, pass_time: Pass, name: str, **given: list[str]) -> Any:
    """The execution, started and given some time."""
    ssm = client("ssm")
    started = ssm.start_automation_execution(DocumentName=name, Parameters=given)
    for _ in range(3):
        pass_time(1)
    return get(client, started["AutomationExecutionId"])


def get(client: Client, execution_id: str) -> Any:
    answer = client("ssm").get_automation_execution(AutomationExecutionId=execution_id)
    return answer["AutomationExecution"]


def a_document(client: Client, *steps: Mapping[str, Any], **more: Any) -> str:
    content = {"schemaVersion": "0.3", "mainSteps": list(steps), **more}
    client("ssm").create_document(
        Name="Own", Content=json.dumps(content), DocumentType="Automation"
    )
    return "Own"


def a_role(client: Client, *actions: str, trust: Any = TRUST) -> str:
    iam = client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    made = iam.create_role(RoleName="repairs", AssumeRolePolicyDocument=document)
    iam.put_role_policy(
        RoleName="repairs", PolicyName="own", PolicyDocument=policy(*actions)
    )
    return str(made["Role"]["Arn"])


def an_open_group(client: Client) -> str:
    ec2 = client("ec2")
    group = ec2.create_security_group(GroupName="open", Description="open")["GroupId"]
    for port in (22, 443):
        ec2.authorize_security_group_ingress(
            GroupId=group,
            IpProtocol="tcp",
            FromPort=port,
            ToPort=port,
            CidrIp="0.0.0.0/0",
        )
    return str(group)


def open_ports(client: Client, group: str) -> list[int]:
    found = client("ec2").describe_security_groups(GroupIds=[group])
    rules = found["SecurityGroups"][0]["IpPermissions"]
    return [rule["FromPort"] for rule in rules]


def api(name: str, service: str, call: str, **inputs: Any) -> dict[str, Any]:
    inputs = {"Service": service, "Api": call, **inputs}
    return {"name": name, "action": "aws:executeAwsApi", "inputs": inputs}


def code_of(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])
