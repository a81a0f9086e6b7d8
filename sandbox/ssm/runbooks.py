"""AWS's own automation documents that the sandbox knows.

Source: Systems Manager Automation runbook reference. Names and parameters are AWS's;
steps do the same by API calls. Where AWS runs a script of its own, `scripts` has one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Document = Mapping[str, Any]

_ROLE = {
    "type": "String",
    "description": "(Optional) The ARN of the role that automation uses.",
    "default": "",
}


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "String", "description": description, **more}


def _flag(description: str) -> dict[str, Any]:
    return {"type": "Boolean", "description": description, "default": True}


def _document(
    description: str, parameters: Mapping[str, Any], *steps: Mapping[str, Any]
) -> Document:
    return {
        "description": description,
        "schemaVersion": "0.3",
        "assumeRole": "{{ AutomationAssumeRole }}",
        "parameters": {**parameters, "AutomationAssumeRole": _ROLE},
        "mainSteps": list(steps),
    }


def _api(name: str, service: str, api: str, **inputs: Any) -> dict[str, Any]:
    return {
        "name": name,
        "action": "aws:executeAwsApi",
        "inputs": {"Service": service, "Api": api, **inputs},
    }


def _assert(
    name: str, asked: Mapping[str, Any], selector: str, *values: str
) -> dict[str, Any]:
    inputs = {**asked, "PropertySelector": selector, "DesiredValues": list(values)}
    return {
        "name": name,
        "action": "aws:assertAwsResourceProperty",
        "inputs": inputs,
    }


def _script(name: str, **payload: Any) -> dict[str, Any]:
    return {
        "name": name,
        "action": "aws:executeScript",
        "inputs": {"Runtime": "python3.11", "Handler": name, "InputPayload": payload},
    }


def _state(name: str, state: str) -> dict[str, Any]:
    inputs = {"InstanceIds": "{{ InstanceId }}", "DesiredState": state}
    return {"name": name, "action": "aws:changeInstanceState", "inputs": inputs}


def _revoke(name: str, port: int, ranges: Mapping[str, Any]) -> dict[str, Any]:
    permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **ranges}
    step = _api(
        name,
        "ec2",
        "RevokeSecurityGroupIngress",
        GroupId="{{ GroupId }}",
        IpPermissions=[permission],
    )
    return {**step, "onFailure": "Continue"}


_V4 = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
_V6 = {"Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
_INSTANCES = {"InstanceId": {"type": "StringList", "description": "EC2 instances"}}
_BUCKET = _text("The name of the S3 bucket.")
_BLOCK = (
    "BlockPublicAcls",
    "BlockPublicPolicy",
    "IgnorePublicAcls",
    "RestrictPublicBuckets",
)

RUNBOOKS: Mapping[str, Document] = {
    "AWS-ConfigureS3BucketVersioning": _document(
        "Configure versioning on an S3 bucket.",
        {
            "BucketName": _BUCKET,
            "VersioningState": _text(
                "Enabled or Suspended",
                default="Enabled",
                allowedValues=["Enabled", "Suspended"],
            ),
        },
        _api(
            "PutBucketVersioning",
            "s3",
            "PutBucketVersioning",
            Bucket="{{ BucketName }}",
            VersioningConfiguration={"Status": "{{ VersioningState }}"},
        ),
    ),
    "AWS-DisablePublicAccessForSecurityGroup": _document(
        "Disable SSH and RDP ports opened to all IP addresses.",
        {"GroupId": _text("The ID of the security group.", allowedPattern="sg-.+")},
        _revoke("DisableSSHFromV4", 22, _V4),
        _revoke("DisableRDPFromV4", 3389, _V4),
        _revoke("DisableSSHFromV6", 22, _V6),
        _revoke("DisableRDPFromV6", 3389, _V6),
    ),
    "AWS-DisableS3BucketPublicReadWrite": _document(
        "Disable an S3 bucket's public read and write access by a private ACL.",
        {"S3BucketName": _BUCKET},
        _api(
            "DisableS3BucketPublicReadWrite",
            "s3",
            "PutBucketAcl",
            Bucket="{{ S3BucketName }}",
            ACL="private",
        ),
    ),
    "AWS-EnableCloudTrail": _document(
        "Create a CloudTrail trail and start its logging to an S3 bucket.",
        {"TrailName": _text("The trail."), "S3BucketName": _BUCKET},
        _api(
            "CreateTrail",
            "cloudtrail",
            "CreateTrail",
            Name="{{ TrailName }}",
            S3BucketName="{{ S3BucketName }}",
        ),
        _api("StartLogging", "cloudtrail", "StartLogging", Name="{{ TrailName }}"),
    ),
    "AWS-EnableS3BucketEncryption": _document(
        "Configure default encryption of an S3 bucket.",
        {"BucketName": _BUCKET, "SSEAlgorithm": _text("AES256", default="AES256")},
        _api(
            "PutBucketEncryption",
            "s3",
            "PutBucketEncryption",
            Bucket="{{ BucketName }}",
            ServerSideEncryptionConfiguration={
                "Rules": [
                    {
                        "ApplyServerSideEncryptionByDefault": {
                            "SSEAlgorithm": "{{ SSEAlgorithm }}"
                        }
                    }
                ]
            },
        ),
    ),
    "AWS-RestartEC2Instance": _document(
        "Restart EC2 instances.",
        _INSTANCES,
        _state("stopInstances", "stopped"),
        _state("startInstances", "running"),
    ),
    "AWS-StartEC2Instance": _document(
        "Start EC2 instances.", _INSTANCES, _state("startInstances", "running")
    ),
    "AWS-StopEC2Instance": _document(
        "Stop EC2 instances.", _INSTANCES, _state("stopInstances", "stopped")
    ),
    "AWSConfigRemediation-ConfigureS3BucketPublicAccessBlock": _document(
        "Configure the public access block of an S3 bucket.",
        {"BucketName": _BUCKET, **{name: _flag(name) for name in _BLOCK}},
        _api(
            "PutBucketPublicAccessBlock",
            "s3",
            "PutPublicAccessBlock",
            Bucket="{{ BucketName }}",
            PublicAccessBlockConfiguration={
                name: "{{ " + name + " }}" for name in _BLOCK
            },
        ),
        _assert(
            "GetBucketPublicAccessBlock",
            {
                "Service": "s3",
                "Api": "GetPublicAccessBlock",
                "Bucket": "{{ BucketName }}",
            },
            "$.PublicAccessBlockConfiguration.BlockPublicAcls",
            "{{ BlockPublicAcls }}",
        ),
    ),
    "AWSConfigRemediation-EnableCloudTrailLogFileValidation": _document(
        "Enable log file validation of a CloudTrail trail.",
        {"TrailName": _text("The name or ARN of the trail.")},
        _api(
            "UpdateTrail",
            "cloudtrail",
            "UpdateTrail",
            Name="{{ TrailName }}",
            EnableLogFileValidation=True,
        ),
        _assert(
            "VerifyTrail",
            {"Service": "cloudtrail", "Api": "GetTrail", "Name": "{{ TrailName }}"},
            "$.Trail.LogFileValidationEnabled",
            "true",
        ),
    ),
    "AWSConfigRemediation-RemoveVPCDefaultSecurityGroupRules": _document(
        "Remove every rule of a VPC's default security group.",
        {"GroupId": _text("The default security group.", allowedPattern="sg-.+")},
        _script("RemoveVPCDefaultSecurityGroupRules", GroupId="{{ GroupId }}"),
    ),
    "AWSConfigRemediation-RevokeUnusedIAMUserCredentials": _document(
        "Deactivate the access keys an IAM user does not use.",
        {
            "IAMResourceId": _text("The unique ID of the IAM user."),
            "MaxCredentialUsageAge": _text("Days", default="90"),
        },
        _script(
            "RevokeUnusedIAMUserCredentials",
            IAMResourceId="{{ IAMResourceId }}",
            MaxCredentialUsageAge="{{ MaxCredentialUsageAge }}",
        ),
    ),
}
