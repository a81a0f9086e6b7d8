"""AWS Config, walked with the AWS CLI."""

from __future__ import annotations

import json
from collections.abc import Callable

from sandbox.assembly import Sandbox
from sandbox.kernel.cloud import SHOP
from tests.sandbox.tour.aws import Aws
from tests.sandbox.tour.conftest import all_of

KIND = "AWS::EC2::SecurityGroup"
RULE = {
    "ConfigRuleName": "ssh",
    "Source": {"Owner": "AWS", "SourceIdentifier": "INCOMING_SSH_DISABLED"},
}
REMEDY = {
    "ConfigRuleName": "ssh",
    "TargetType": "SSM_DOCUMENT",
    "TargetId": "No-Such-Document",
    "Parameters": {"GroupId": {"ResourceValue": {"Value": "RESOURCE_ID"}}},
}
PassTime = Callable[[float], None]


def test_record_judge_and_repair(
    aws: Aws, sandbox: Sandbox, walked: set[str], pass_time: PassTime
) -> None:
    group = _record(aws, pass_time)
    _read(aws, group)
    _judge(aws, group, pass_time)
    _repair(aws, group, pass_time)
    _end(aws)
    assert walked >= all_of(sandbox, "config")


def _record(aws: Aws, pass_time: PassTime) -> str:
    aws(
        "s3api create-bucket --bucket kept "
        "--create-bucket-configuration LocationConstraint=eu-west-1"
    )
    role = f"arn:aws:iam::{SHOP}:role/config"
    recorder = {"name": "default", "roleARN": role}
    aws(
        "configservice put-configuration-recorder --configuration-recorder",
        json.dumps(recorder),
    )
    aws(
        "configservice put-delivery-channel --delivery-channel "
        "name=default,s3BucketName=kept"
    )
    (shown,) = aws("configservice describe-configuration-recorders")[
        "ConfigurationRecorders"
    ]
    assert shown["recordingGroup"]["allSupported"] is True
    (channel,) = aws("configservice describe-delivery-channels")["DeliveryChannels"]
    assert channel["s3BucketName"] == "kept"
    name = "--configuration-recorder-name default"
    aws(f"configservice start-configuration-recorder {name}")
    (status,) = aws("configservice describe-configuration-recorder-status")[
        "ConfigurationRecordersStatus"
    ]
    assert status["recording"] is True
    group: str = aws("ec2 create-security-group --group-name web --description web")[
        "GroupId"
    ]
    aws(
        "ec2 authorize-security-group-ingress --protocol tcp --port 22 "
        f"--cidr 0.0.0.0/0 --group-id {group}"
    )
    pass_time(2)
    return group


def _read(aws: Aws, group: str) -> None:
    listed = aws(
        f"configservice list-discovered-resources --resource-type {KIND} "
        f"--resource-ids {group}"
    )
    assert listed["resourceIdentifiers"][0]["resourceName"] == "web"
    key = f"resourceType={KIND},resourceId={group}"
    batch = aws(f"configservice batch-get-resource-config --resource-keys {key}")
    assert "ipPermissions" in batch["baseConfigurationItems"][0]["configuration"]
    past = aws(
        f"configservice get-resource-config-history --resource-type {KIND} "
        f"--resource-id {group}"
    )
    assert past["configurationItems"][0]["version"] == "1.3"
    counts = aws("configservice get-discovered-resource-counts")
    assert counts["totalDiscoveredResources"] > 1
    found = aws(
        "configservice select-resource-config --expression",
        f"SELECT resourceId WHERE resourceId = '{group}'",
    )
    assert json.loads(found["Results"][0]) == {"resourceId": group}


def _judge(aws: Aws, group: str, pass_time: PassTime) -> None:
    aws("configservice put-config-rule --config-rule", json.dumps(RULE))
    pass_time(2)
    (rule,) = aws("configservice describe-config-rules")["ConfigRules"]
    assert rule["ConfigRuleState"] == "ACTIVE"
    (status,) = aws("configservice describe-config-rule-evaluation-status")[
        "ConfigRulesEvaluationStatus"
    ]
    assert status["FirstEvaluationStarted"] is True
    (by_rule,) = aws("configservice describe-compliance-by-config-rule")[
        "ComplianceByConfigRules"
    ]
    assert by_rule["Compliance"]["ComplianceType"] == "NON_COMPLIANT"
    resource = f"--resource-type {KIND} --resource-id {group}"
    (by_resource,) = aws(f"configservice describe-compliance-by-resource {resource}")[
        "ComplianceByResources"
    ]
    assert by_resource["ResourceId"] == group
    details = aws(
        "configservice get-compliance-details-by-config-rule --config-rule-name ssh"
    )
    assert len(details["EvaluationResults"]) > 1
    (of,) = aws(f"configservice get-compliance-details-by-resource {resource}")[
        "EvaluationResults"
    ]
    assert of["ComplianceType"] == "NON_COMPLIANT"
    _sum_up(aws)
    aws("configservice start-config-rules-evaluation --config-rule-names ssh")
    tried = aws("configservice put-evaluations --result-token none --test-mode")
    assert tried["FailedEvaluations"] == []


def _sum_up(aws: Aws) -> None:
    summary = aws("configservice get-compliance-summary-by-config-rule")
    failing = summary["ComplianceSummary"]["NonCompliantResourceCount"]
    assert failing == {"CappedCount": 1, "CapExceeded": False}
    (kinds,) = aws(
        f"configservice get-compliance-summary-by-resource-type --resource-types {KIND}"
    )["ComplianceSummariesByResourceType"]
    assert kinds["ResourceType"] == KIND


def _repair(aws: Aws, group: str, pass_time: PassTime) -> None:
    aws(
        "configservice put-remediation-configurations --remediation-configurations",
        json.dumps([REMEDY]),
    )
    named = "--config-rule-name ssh"
    (remedy,) = aws(
        "configservice describe-remediation-configurations --config-rule-names ssh"
    )["RemediationConfigurations"]
    assert ":remediation-configuration/ssh/" in remedy["Arn"]
    key = f"resourceType={KIND},resourceId={group}"
    aws(f"configservice start-remediation-execution {named} --resource-keys {key}")
    pass_time(2)
    (done,) = aws(f"configservice describe-remediation-execution-status {named}")[
        "RemediationExecutionStatuses"
    ]
    assert done["State"] == "FAILED"
    aws(f"configservice delete-remediation-configuration {named}")


def _end(aws: Aws) -> None:
    snapshot = aws(
        "configservice deliver-config-snapshot --delivery-channel-name default"
    )
    assert snapshot["configSnapshotId"]
    (status,) = aws("configservice describe-delivery-channel-status")[
        "DeliveryChannelsStatus"
    ]
    assert status["name"] == "default"
    aws("configservice delete-evaluation-results --config-rule-name ssh")
    aws("configservice delete-config-rule --config-rule-name ssh")
    name = "--configuration-recorder-name default"
    aws(f"configservice stop-configuration-recorder {name}")
    aws("configservice delete-delivery-channel --delivery-channel-name default")
    aws(f"configservice delete-configuration-recorder {name}")
    left = aws("configservice describe-configuration-recorders")
    assert left["ConfigurationRecorders"] == []
