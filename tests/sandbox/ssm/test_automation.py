"""Automations that really change what they are for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud, Event
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


def test_public_ssh_is_closed_and_nothing_else(client: Client, pass_time: Pass) -> None:
    group = an_open_group(client)

    done = run(
        client, pass_time, "AWS-DisablePublicAccessForSecurityGroup", GroupId=[group]
    )

    assert done["AutomationExecutionStatus"] == "Success"
    assert open_ports(client, group) == [443]
    statuses = [step["StepStatus"] for step in done["StepExecutions"]]
    assert statuses == ["Success", "Failed", "Failed", "Failed"]


def test_nothing_happens_in_the_call_itself(client: Client, pass_time: Pass) -> None:
    group = an_open_group(client)

    client("ssm").start_automation_execution(
        DocumentName="AWS-DisablePublicAccessForSecurityGroup",
        Parameters={"GroupId": [group]},
    )

    assert open_ports(client, group) == [22, 443]


def test_a_role_may_do_only_what_its_policies_say(
    client: Client, pass_time: Pass
) -> None:
    client("s3").create_bucket(
        Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": HOME_REGION}
    )
    name = "AWSConfigRemediation-ConfigureS3BucketPublicAccessBlock"
    role = a_role(client, "s3:GetBucketPublicAccessBlock")
    given = {"BucketName": ["bucket"], "AutomationAssumeRole": [role]}

    refused = run(client, pass_time, name, **given)

    assert refused["AutomationExecutionStatus"] == "Failed"
    assert "repairs/Automation-" in refused["FailureMessage"]
    assert "is not authorized to perform" in refused["FailureMessage"]

    everything = policy("s3:*")
    client("iam").put_role_policy(
        RoleName="repairs", PolicyName="own", PolicyDocument=everything
    )
    assert (
        run(client, pass_time, name, **given)["AutomationExecutionStatus"] == "Success"
    )
    block = client("s3").get_public_access_block(Bucket="bucket")
    assert block["PublicAccessBlockConfiguration"]["BlockPublicPolicy"] is True


def test_a_role_that_does_not_trust_is_refused_at_once(client: Client) -> None:
    nobody = {**TRUST, "Principal": {"Service": "ec2.amazonaws.com"}}
    role = a_role(client, "*", trust=nobody)

    code = code_of(
        client("ssm").start_automation_execution,
        DocumentName="AWS-StopEC2Instance",
        Parameters={"InstanceId": ["i-1"], "AutomationAssumeRole": [role]},
    )

    assert code == "InvalidAutomationExecutionParametersException"


def test_an_instance_is_restarted(client: Client, pass_time: Pass) -> None:
    ec2 = client("ec2")
    images = ec2.describe_images(Owners=["amazon"])["Images"]
    made = ec2.run_instances(ImageId=images[0]["ImageId"], MinCount=1, MaxCount=1)
    instance = made["Instances"][0]["InstanceId"]

    done = run(client, pass_time, "AWS-RestartEC2Instance", InstanceId=[instance])

    assert done["AutomationExecutionStatus"] == "Success"
    outputs = [step["Outputs"]["InstanceStates"] for step in done["StepExecutions"]]
    assert outputs == [["stopped"], ["running"]]


def test_a_default_security_group_loses_its_rules(
    client: Client, pass_time: Pass
) -> None:
    ec2 = client("ec2")
    found = ec2.describe_security_groups(GroupNames=["default"])["SecurityGroups"][0]

    done = run(
        client,
        pass_time,
        "AWSConfigRemediation-RemoveVPCDefaultSecurityGroupRules",
        GroupId=[found["GroupId"]],
    )

    assert done["AutomationExecutionStatus"] == "Success"
    groups = ec2.describe_security_groups(GroupIds=[found["GroupId"]])
    (after,) = groups["SecurityGroups"]
    assert (after["IpPermissions"], after["IpPermissionsEgress"]) == ([], [])


def test_an_unused_access_key_is_deactivated(client: Client, pass_time: Pass) -> None:
    iam = client("iam")
    user = iam.create_user(UserName="ann")["User"]["UserId"]
    iam.create_access_key(UserName="ann")
    name = "AWSConfigRemediation-RevokeUnusedIAMUserCredentials"
    given = {"IAMResourceId": [user], "MaxCredentialUsageAge": ["-999"]}

    run(client, pass_time, name, **given)

    (key,) = iam.list_access_keys(UserName="ann")["AccessKeyMetadata"]
    assert key["Status"] == "Inactive"


def test_a_trail_gets_log_file_validation(client: Client, pass_time: Pass) -> None:
    client("s3", region="us-east-1").create_bucket(Bucket="trails")
    given = {"TrailName": ["trail"], "S3BucketName": ["trails"]}
    made = run(client, pass_time, "AWS-EnableCloudTrail", **given)
    assert made["AutomationExecutionStatus"] == "Success"

    name = "AWSConfigRemediation-EnableCloudTrailLogFileValidation"
    done = run(client, pass_time, name, TrailName=["trail"])

    assert done["AutomationExecutionStatus"] == "Success"
    trail = client("cloudtrail").get_trail(Name="trail")["Trail"]
    assert trail["LogFileValidationEnabled"] is True


def test_steps_hand_on_what_they_found(client: Client, pass_time: Pass) -> None:
    make = {
        **api("make", "sqs", "CreateQueue", QueueName="q-{{ Name }}"),
        "outputs": [{"Name": "Url", "Selector": "$.QueueUrl", "Type": "String"}],
    }
    by = {"by": "{{ automation:EXECUTION_ID }}"}
    tag = api("tag", "sqs", "TagQueue", QueueUrl="{{ make.Url }}", Tags=by)
    declared = {"Name": {"type": "String", "default": "one"}}
    name = a_document(client, make, tag, parameters=declared, outputs=["make.Url"])

    done = run(client, pass_time, name)

    url = client("sqs").get_queue_url(QueueName="q-one")["QueueUrl"]
    assert done["Outputs"] == {"make.Url": [url]}
    tags = client("sqs").list_queue_tags(QueueUrl=url)["Tags"]
    assert tags == {"by": done["AutomationExecutionId"]}


def test_a_failure_aborts_unless_the_step_says_otherwise(
    client: Client, pass_time: Pass
) -> None:
    bad = api("bad", "sqs", "GetQueueUrl", QueueName="gone")
    repair = api("repair", "sqs", "CreateQueue", QueueName="gone")
    never = api("never", "sqs", "CreateQueue", QueueName="never")
    name = a_document(
        client, {**bad, "onFailure": "step:repair"}, never, {**repair, "isEnd": True}
    )

    done = run(client, pass_time, name)

    assert done["AutomationExecutionStatus"] == "Success"
    statuses = [step["StepStatus"] for step in done["StepExecutions"]]
    assert statuses == ["Failed", "Pending", "Success"]


def test_an_abort_says_which_call_failed(client: Client, pass_time: Pass) -> None:
    bad = api("bad", "sqs", "GetQueueUrl", QueueName="gone")
    name = a_document(client, bad, api("never", "sqs", "ListQueues"))

    done = run(client, pass_time, name)

    assert done["AutomationExecutionStatus"] == "Failed"
    assert "when calling the GetQueueUrl operation" in done["FailureMessage"]
    assert done["StepExecutions"][1]["StepStatus"] == "Pending"


@pytest.mark.parametrize(("wanted", "step"), [("yes", "first"), ("no", "second")])
def test_a_branch_goes_where_its_choice_says(
    client: Client, pass_time: Pass, wanted: str, step: str
) -> None:
    choice = {"NextStep": "first", "Variable": "{{ Want }}", "StringEquals": "yes"}
    branch = {
        "name": "branch",
        "action": "aws:branch",
        "inputs": {"Choices": [choice], "Default": "second"},
    }
    steps = [
        {**api(name, "sqs", "ListQueues"), "isEnd": True}
        for name in ("first", "second")
    ]
    name = a_document(client, branch, *steps, parameters={"Want": {"type": "String"}})

    done = run(client, pass_time, name, Want=[wanted])

    succeeded = [
        one["StepName"]
        for one in done["StepExecutions"]
        if one["StepStatus"] == "Success"
    ]
    assert succeeded == ["branch", step]


def test_a_step_waits_for_a_property_until_its_time_is_over(
    client: Client, pass_time: Pass
) -> None:
    wait = {
        "name": "wait",
        "action": "aws:waitForAwsResourceProperty",
        "timeoutSeconds": 60,
        "inputs": {
            "Service": "sqs",
            "Api": "ListQueues",
            "PropertySelector": "$.QueueUrls[0]",
            "DesiredValues": ["never"],
        },
    }
    waiting = run(client, pass_time, a_document(client, wait))
    assert waiting["AutomationExecutionStatus"] == "InProgress"

    pass_time(61)

    done = get(client, waiting["AutomationExecutionId"])
    assert done["AutomationExecutionStatus"] == "TimedOut"


def test_a_sleep_takes_its_time(client: Client, pass_time: Pass) -> None:
    sleep = {"name": "s", "action": "aws:sleep", "inputs": {"Duration": "PT1M"}}
    sleeping = run(client, pass_time, a_document(client, sleep))
    assert sleeping["AutomationExecutionStatus"] == "InProgress"

    pass_time(60)

    done = get(client, sleeping["AutomationExecutionId"])
    assert done["AutomationExecutionStatus"] == "Success"


@pytest.mark.parametrize(
    ("signal", "status"), [("Approve", "Success"), ("Reject", "Failed")]
)
def test_an_approval_is_waited_for(
    client: Client, pass_time: Pass, signal: str, status: str
) -> None:
    ssm = client("ssm")
    approve = {
        "name": "approve",
        "action": "aws:approve",
        "inputs": {"Approvers": [f"arn:aws:iam::{SHOP}:root"]},
    }
    waiting = run(client, pass_time, a_document(client, approve))
    assert waiting["AutomationExecutionStatus"] == "Waiting"
    execution = waiting["AutomationExecutionId"]

    ssm.send_automation_signal(AutomationExecutionId=execution, SignalType=signal)
    pass_time(0)

    assert get(client, execution)["AutomationExecutionStatus"] == status


def test_only_an_approver_approves(client: Client, pass_time: Pass) -> None:
    inputs = {"Approvers": ["arn:aws:iam::111122223333:user/boss"]}
    step = {"name": "approve", "action": "aws:approve", "inputs": inputs}
    waiting = run(client, pass_time, a_document(client, step))

    code = code_of(
        client("ssm").send_automation_signal,
        AutomationExecutionId=waiting["AutomationExecutionId"],
        SignalType="Approve",
    )

    assert code == "InvalidAutomationSignalException"


def test_an_automation_is_cancelled(client: Client, pass_time: Pass) -> None:
    sleep = {"name": "s", "action": "aws:sleep", "inputs": {"Duration": "PT1H"}}
    running = run(client, pass_time, a_document(client, sleep))
    execution = running["AutomationExecutionId"]
    stop = client("ssm").stop_automation_execution

    stop(AutomationExecutionId=execution)
    pass_time(0)

    assert get(client, execution)["AutomationExecutionStatus"] == "Cancelled"
    again = code_of(stop, AutomationExecutionId=execution)
    assert again == "InvalidAutomationStatusUpdateException"


def test_the_same_token_starts_once(client: Client) -> None:
    start = client("ssm").start_automation_execution
    name = a_document(client, api("one", "sqs", "ListQueues"))
    token = "3b4c2f4e-8a3c-4a3e-9a55-0a1b2c3d4e5f"

    ids = {
        start(DocumentName=name, ClientToken=token)["AutomationExecutionId"]
        for _ in range(2)
    }

    assert len(ids) == 1


def test_eventbridge_hears_how_it_ends(
    client: Client, pass_time: Pass, cloud: Cloud
) -> None:
    heard: list[Event] = []
    cloud.on_event(heard.append)

    run(client, pass_time, a_document(client, api("one", "sqs", "ListQueues")))

    kind = "EC2 Automation Execution Status-change Notification"
    assert [(e.detail_type, e.detail["Status"]) for e in heard] == [
        (kind, "InProgress"), (kind, "Success"),
    ]  # fmt: skip


def test_wrong_parameters_are_refused(client: Client) -> None:
    start = client("ssm").start_automation_execution
    name = "AWS-DisablePublicAccessForSecurityGroup"
    refused = "InvalidAutomationExecutionParametersException"
    assert code_of(start, DocumentName=name) == refused
    wrong = {"GroupId": ["not-a-group"]}
    assert code_of(start, DocumentName=name, Parameters=wrong) == refused
    unknown = {"GroupId": ["sg-1"], "More": ["x"]}
    assert code_of(start, DocumentName=name, Parameters=unknown) == refused
    gone = code_of(start, DocumentName="Gone")
    assert gone == "AutomationDefinitionNotFoundException"


def test_parameters_are_still_there(client: Client) -> None:
    ssm = client("ssm")
    ssm.put_parameter(Name="/shop/key", Value="7", Type="String")

    assert ssm.get_parameter(Name="/shop/key")["Parameter"]["Value"] == "7"
