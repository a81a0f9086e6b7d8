"""AWS's own documents really change what they are for."""

from __future__ import annotations

from sandbox.kernel.cloud import HOME_REGION
from tests.sandbox.cloudtrail.conftest import bucket_policy
from tests.sandbox.conftest import Client
from tests.sandbox.ssm.automations import (
    TRUST,
    Pass,
    a_role,
    an_open_group,
    code_of,
    open_ports,
    run,
)
from tests.sandbox.test_identity import policy


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
    made = ec2.run_instances(ImageId="ami-1", MinCount=1, MaxCount=1)
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
    s3 = client("s3", region="us-east-1")
    s3.create_bucket(Bucket="trails")
    s3.put_bucket_policy(Bucket="trails", Policy=bucket_policy("trails"))
    given = {"TrailName": ["trail"], "S3BucketName": ["trails"]}
    made = run(client, pass_time, "AWS-EnableCloudTrail", **given)
    assert made["AutomationExecutionStatus"] == "Success"

    name = "AWSConfigRemediation-EnableCloudTrailLogFileValidation"
    done = run(client, pass_time, name, TrailName=["trail"])

    assert done["AutomationExecutionStatus"] == "Success"
    trail = client("cloudtrail").get_trail(Name="trail")["Trail"]
    assert trail["LogFileValidationEnabled"] is True


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
