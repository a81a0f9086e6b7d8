"""What Config says on its topic and to EventBridge.

Source: AWS Config Developer Guide, "Notifications that AWS Config sends to an Amazon
SNS topic" and "Monitoring AWS Config with Amazon EventBridge".
"""

from __future__ import annotations

from typing import Any

from sandbox.config.differences import difference
from sandbox.config.items import Item, iso, message_item
from sandbox.config.state import Evaluation, Place

MOST_BYTES = 256 * 1_024
"""What SNS carries in a message."""

Message = dict[str, Any]


def item_changed(before: Item | None, item: Item, now: float) -> Message:
    return {
        "configurationItemDiff": difference(before, item),
        "configurationItem": message_item(item),
        "notificationCreationTime": iso(now),
        "messageType": "ConfigurationItemChangeNotification",
        "recordVersion": "1.3",
    }


def oversized(item: Item, change: str, where: Message, now: float) -> Message:
    """`where` is the `s3DeliverySummary`."""
    said = message_item(item)
    for name in (
        "relatedEvents",
        "relationships",
        "configuration",
        "supplementaryConfiguration",
        "tags",
    ):
        del said[name]
    failed = where["errorCode"] is not None
    kind = "DeliveryFailed" if failed else "Notification"
    return {
        "configurationItemSummary": {"changeType": change, **said},
        "s3DeliverySummary": where,
        "notificationCreationTime": iso(now),
        "messageType": f"OversizedConfigurationItemChange{kind}",
        "recordVersion": "1.0",
    }


def compliance_changed(
    place: Place, rule_arn: str, old: Evaluation | None, new: Evaluation | None
) -> Message:
    either = new or old
    if either is None:
        raise ValueError("nothing was evaluated, before or after")
    return {
        "awsAccountId": place.account,
        "configRuleName": either.rule,
        "configRuleARN": rule_arn,
        "resourceType": either.key[0],
        "resourceId": either.key[1],
        "awsRegion": place.region,
        "newEvaluationResult": _result(new),
        "oldEvaluationResult": _result(old),
        "notificationCreationTime": iso(either.recorded),
        "messageType": "ComplianceChangeNotification",
        "recordVersion": "1.0",
    }


def _result(evaluation: Evaluation | None) -> Message | None:
    if evaluation is None:
        return None
    return {
        "evaluationResultIdentifier": {
            "evaluationResultQualifier": {
                "configRuleName": evaluation.rule,
                "resourceType": evaluation.key[0],
                "resourceId": evaluation.key[1],
            },
            "orderingTimestamp": iso(evaluation.ordering),
        },
        "complianceType": evaluation.compliance,
        "resultRecordedTime": iso(evaluation.recorded),
        "configRuleInvokedTime": iso(evaluation.invoked),
        "annotation": evaluation.annotation or None,
        "resultToken": None,
    }


def delivered(kind: str, bucket: str, key: str, now: float) -> Message:
    """`kind` is `History` or `Snapshot`."""
    return {
        "s3ObjectKey": key,
        "s3Bucket": bucket,
        "notificationCreationTime": iso(now),
        "messageType": f"Configuration{kind}DeliveryCompleted",
        "recordVersion": "1.1",
    }


def evaluation_started(place: Place, rules: list[str], now: float) -> Message:
    return {
        "awsAccountId": place.account,
        "awsRegion": place.region,
        "configRuleNames": rules,
        "notificationCreationTime": iso(now),
        "messageType": "ConfigRulesEvaluationStarted",
        "recordVersion": "1.0",
    }


_SUBJECTS = {
    "ConfigurationHistoryDeliveryCompleted": "Configuration History Delivery Completed",
    "ConfigurationSnapshotDeliveryCompleted": (
        "Configuration Snapshot Delivery Completed"
    ),
    "ConfigRulesEvaluationStarted": "Config Rules Evaluation Started",
}
DETAIL_TYPES = {
    "ConfigurationItemChangeNotification": "Config Configuration Item Change",
    "OversizedConfigurationItemChangeNotification": "Config Configuration Item Change",
    "ComplianceChangeNotification": "Config Rules Compliance Change",
    "ConfigRulesEvaluationStarted": "Config Rules Re-evaluation Status",
    "ConfigurationHistoryDeliveryCompleted": (
        "Config Configuration History Delivery Status"
    ),
    "ConfigurationSnapshotDeliveryCompleted": (
        "Config Configuration Snapshot Delivery Status"
    ),
}


def subject(message: Message, place: Place) -> str:
    """SNS takes a hundred letters."""
    kind = message["messageType"]
    if kind in _SUBJECTS:
        said = f"{_SUBJECTS[kind]} for Account {place.account}"
    elif kind == "ComplianceChangeNotification":
        result = message["newEvaluationResult"] or {}
        compliance = result.get("complianceType", "NOT_APPLICABLE")
        said = f"{message['resourceType']} {message['resourceId']} is {compliance}"
    else:
        item = message.get("configurationItem") or message["configurationItemSummary"]
        diff = message.get("configurationItemDiff") or item
        change = {"CREATE": "Created", "DELETE": "Deleted"}.get(
            diff["changeType"], "Updated"
        )
        said = f"{item['resourceType']} {item['resourceId']} {change}"
    return f"[AWS Config:{place.region}] {said}"[:100]


def resources(message: Message) -> tuple[str, ...]:
    """The ARNs an event is about."""
    arn = (message.get("configurationItem") or {}).get("ARN")
    return (arn,) if arn else ()
