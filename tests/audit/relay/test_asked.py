"""What a queue may be told, and what that asks for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from apps.audit.relay.asked import Asked, NotAsked, read_told

# AWS Config developer guide, "Example Compliance Change Notification".
_CHANGED = {
    "awsAccountId": "111122223333",
    "configRuleName": "restricted-ssh",
    "configRuleARN": "arn:aws:config:eu-west-1:111122223333:config-rule/config-rule-a",
    "resourceType": "AWS::EC2::SecurityGroup",
    "resourceId": "sg-0123456789abcdef0",
    "awsRegion": "eu-west-1",
    "newEvaluationResult": {
        "evaluationResultIdentifier": {
            "evaluationResultQualifier": {
                "configRuleName": "restricted-ssh",
                "resourceType": "AWS::EC2::SecurityGroup",
                "resourceId": "sg-0123456789abcdef0",
            },
            "orderingTimestamp": "2026-10-16T16:52:40.000Z",
        },
        "complianceType": "NON_COMPLIANT",
        "resultRecordedTime": "2026-10-16T16:52:48.000Z",
        "configRuleInvokedTime": "2026-10-16T16:52:47.000Z",
        "annotation": None,
        "resultToken": None,
    },
    "oldEvaluationResult": None,
    "notificationCreationTime": "2026-10-16T16:52:49.000Z",
    "messageType": "ComplianceChangeNotification",
    "recordVersion": "1.0",
}
_GROUP = (
    "111122223333",
    "eu-west-1",
    "AWS::EC2::SecurityGroup",
    "sg-0123456789abcdef0",
    "restricted-ssh",
    "2026-10-16T16:52:48.000Z",
)
_RECORD = {
    "recordType": "trailmap.violation",
    "recordVersion": "1.0",
    "id": 7,
    "state": "opened",
    "rule": {"slug": "incoming-ssh-disabled", "title": "No SSH from everywhere"},
    "resource": {
        "account": "111122223333",
        "region": "eu-west-1",
        "type": "AWS::EC2::SecurityGroup",
        "id": "sg-0123456789abcdef0",
    },
    "openedAt": "2026-10-16T16:53:01.000Z",
}


def read_asked(body: str) -> list[Asked]:
    return list(read_told(body).asked)


def of_topic(message: dict[str, Any]) -> str:
    return json.dumps(
        {
            "Type": "Notification",
            "TopicArn": "arn:aws:sns:eu-west-1:111122223333:config",
            "Message": json.dumps(message),
        }
    )


def test_config_asks_for_what_became_non_compliant() -> None:
    assert read_asked(of_topic(_CHANGED)) == [Asked("config", *_GROUP)]
    assert read_asked(json.dumps(_CHANGED)) == [Asked("config", *_GROUP)]


def test_eventbridge_tells_the_same_change_as_an_event() -> None:
    event = {
        "version": "0",
        "id": "8b2cbd7a-5d2e-4c4b-9f42-3f5dc1b7a111",
        "detail-type": "Config Rules Compliance Change",
        "source": "aws.config",
        "account": "111122223333",
        "detail": _CHANGED,
    }

    assert read_asked(json.dumps(event)) == [Asked("event", *_GROUP)]


def test_record_of_a_violation_asks_for_it_by_its_number() -> None:
    (asked,) = read_asked(of_topic(_RECORD))

    assert asked.violation == 7
    assert asked.resource_id == "sg-0123456789abcdef0"
    assert asked.rule == "incoming-ssh-disabled"


@pytest.mark.parametrize(
    "message",
    [
        {**_RECORD, "state": "resolved"},
        {**_CHANGED, "newEvaluationResult": None},
        {
            **_CHANGED,
            "newEvaluationResult": {
                **_CHANGED["newEvaluationResult"],  # type: ignore[dict-item]
                "complianceType": "COMPLIANT",
            },
        },
        {"messageType": "ConfigurationItemChangeNotification", "recordVersion": "1.3"},
        {"messageType": "ConfigurationSnapshotDeliveryCompleted"},
        {"source": "aws.config", "detail-type": "Config Rules Re-evaluation Status"},
    ],
)
def test_what_tells_of_no_failure_asks_for_nothing(message: dict[str, Any]) -> None:
    assert read_asked(of_topic(message)) == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not JSON",
        "[1, 2]",
        "{}",
        '{"detail": {"a": 1}}',
        json.dumps({**_RECORD, "id": "7"}),
        json.dumps({**_RECORD, "id": -7}),
        json.dumps({**_RECORD, "resource": "sg-1"}),
        json.dumps({**_CHANGED, "resourceId": ["sg-1"]}),
        json.dumps({**_CHANGED, "resourceId": "x" * 1_025}),
        "[" * 10_000,
    ],
)
def test_message_of_no_known_shape_is_left_to_the_queue(body: str) -> None:
    with pytest.raises(NotAsked):
        read_asked(body)


def test_request_delivered_again_is_the_same_and_the_next_failure_is_not() -> None:
    (first,) = read_asked(of_topic(_CHANGED))
    (again,) = read_asked(json.dumps(_CHANGED))
    later: dict[str, Any] = json.loads(json.dumps(_CHANGED))
    later["newEvaluationResult"]["resultRecordedTime"] = "2026-10-17T08:00:00.000Z"
    (next_one,) = read_asked(json.dumps(later))

    assert first.digest == again.digest
    assert first.digest != next_one.digest


def of_hub(finding: dict[str, Any]) -> str:
    event = {
        "detail-type": "Security Hub Findings - Imported",
        "source": "aws.securityhub",
        "detail": {"findings": [finding]},
    }
    return json.dumps(event)


@pytest.mark.cases
def test_only_findings_that_fail_ask_for_a_repair(cases: Path) -> None:
    files = sorted((cases / "findings").glob("*.json"))
    assert files
    for file in files:
        found = json.loads(file.read_text())
        told = read_told(json.dumps(found) if "detail" in found else of_hub(found))
        finding = found["detail"]["findings"][0] if "detail" in found else found
        failed = finding["Compliance"]["Status"] == "FAILED"
        assert len(told.findings) == 1, file.name
        assert len(told.asked) == int(failed), file.name


@pytest.mark.parametrize(
    "fields",
    [
        {"RecordState": "ARCHIVED"},
        {"Workflow": {"Status": "SUPPRESSED"}},
        {"Workflow": {"Status": "RESOLVED"}},
        {"Compliance": {"Status": "PASSED"}},
    ],
)
def test_finding_that_is_over_or_suppressed_asks_for_nothing(
    fields: dict[str, Any],
) -> None:
    finding = {
        "SchemaVersion": "2018-10-08",
        "Id": "arn:aws:securityhub:eu-west-1:111122223333:finding/1",
        "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/securityhub",
        "GeneratorId": "aws-foundational-security-best-practices/v/1.0.0/S3.8",
        "AwsAccountId": "111122223333",
        "Region": "eu-west-1",
        "UpdatedAt": "2026-10-16T16:52:48.000Z",
        "Title": "S3.8 Block Public Access",
        "Severity": {"Label": "HIGH"},
        "Compliance": {"Status": "FAILED"},
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
        "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::example"}],
    }
    assert len(read_asked(of_hub(finding))) == 1

    assert read_asked(of_hub(finding | fields)) == []
