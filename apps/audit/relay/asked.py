"""Messages of a queue that ask for a repair, told by their shape.

1. Our own record of a violation, as its topic tells it: {"recordType": ...}.
2. AWS Config, messageType ComplianceChangeNotification, by its topic.
3. The same as an EventBridge event, detail-type "Config Rules Compliance Change".
4. Security Hub by EventBridge, detail-type "Security Hub Findings - Imported".

Each of them bare or in the envelope of SNS. Sources: AWS Config developer guide,
"Example Compliance Change Notification" and "Monitoring AWS Config with Amazon
EventBridge"; Security Hub user guide, "EventBridge event formats".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

RECORD_TYPE = "trailmap.violation"
_FAILED = "NON_COMPLIANT"
_COMPLIANCE_EVENT = "Config Rules Compliance Change"
_FINDING_EVENT = "Security Hub Findings - Imported"
_LONGEST = 1_024
_MOST_FINDINGS = 100


class NotAsked(ValueError):
    """The message asks for nothing that is known here; it becomes a dead letter."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`violation`: its number here, 0 where another system noticed. `rule` as the
    sender calls it. `occasion` tells one failure from the next of the same resource.
    """

    origin: str
    account: str
    region: str
    type: str
    resource_id: str
    rule: str
    occasion: str
    violation: int = 0

    @property
    def digest(self) -> str:
        """The same for the same request, however often it is delivered."""
        told = (
            self.origin, self.account, self.region, self.type, self.resource_id,
            self.rule, self.occasion, str(self.violation),
        )  # fmt: skip
        return hashlib.sha256(orjson.dumps(told)).hexdigest()


def read_asked(body: str) -> list[Asked]:
    """What a message asks for; nothing for one that tells of no failure, such as a
    rule that passes again. Raises NotAsked for a message of no known shape."""
    message = _opened(_json(body))
    if message.get("recordType") == RECORD_TYPE:
        return _of_record(message)
    if message.get("messageType") == "ComplianceChangeNotification":
        return _of_compliance(message, "config")
    detail = message.get("detail")
    if isinstance(detail, Mapping):
        kind = message.get("detail-type")
        if kind == _COMPLIANCE_EVENT:
            return _of_compliance(detail, "event")
        if kind == _FINDING_EVENT:
            return list(_of_findings(detail))
    if "messageType" in message or message.get("source") == "aws.config":
        return []
    raise NotAsked(f"a message with {', '.join(sorted(message)[:8]) or 'nothing'}")


def _json(body: str) -> Mapping[str, Any]:
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotAsked(f"a message that is no JSON: {body[:60]!r}") from error
    if not isinstance(message, Mapping):
        raise NotAsked(f"a message that is no JSON object: {body[:60]!r}")
    return message


def _opened(message: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = message.get("Message")
    if "TopicArn" in message and isinstance(inner, str):
        return _json(inner)
    return message


def _of_record(message: Mapping[str, Any]) -> list[Asked]:
    if message.get("state") != "opened":
        return []
    resource, rule = message.get("resource"), message.get("rule")
    number = message.get("id")
    if not isinstance(resource, Mapping) or not isinstance(rule, Mapping):
        raise NotAsked("a record without resource or rule")
    if not isinstance(number, int) or number < 1:
        raise NotAsked("a record without the id of a violation")
    return [
        Asked(
            "record",
            _text(resource, "account"),
            _text(resource, "region"),
            _text(resource, "type"),
            _text(resource, "id"),
            _text(rule, "slug"),
            _text(message, "openedAt"),
            number,
        )
    ]


def _of_compliance(detail: Mapping[str, Any], origin: str) -> list[Asked]:
    result = detail.get("newEvaluationResult")
    if not isinstance(result, Mapping) or result.get("complianceType") != _FAILED:
        return []
    return [
        Asked(
            origin,
            _text(detail, "awsAccountId"),
            _text(detail, "awsRegion"),
            _text(detail, "resourceType"),
            _text(detail, "resourceId"),
            _text(detail, "configRuleName"),
            _text(result, "resultRecordedTime"),
        )
    ]


def _of_findings(detail: Mapping[str, Any]) -> Iterator[Asked]:
    findings = detail.get("findings")
    if not isinstance(findings, Sequence):
        raise NotAsked("an event without findings")
    for finding in findings[:_MOST_FINDINGS]:
        if isinstance(finding, Mapping) and _is_failed(finding):
            yield from _of_finding(finding)


def _is_failed(finding: Mapping[str, Any]) -> bool:
    """Failed, not archived, and neither suppressed nor resolved by a person."""
    compliance, workflow = finding.get("Compliance"), finding.get("Workflow")
    status = compliance.get("Status") if isinstance(compliance, Mapping) else None
    handled = workflow.get("Status") if isinstance(workflow, Mapping) else "NEW"
    return (
        status == "FAILED"
        and finding.get("RecordState", "ACTIVE") == "ACTIVE"
        and handled in ("NEW", "NOTIFIED")
    )


def _of_finding(finding: Mapping[str, Any]) -> Iterator[Asked]:
    resources = finding.get("Resources")
    for resource in resources if isinstance(resources, Sequence) else ():
        if isinstance(resource, Mapping):
            yield Asked(
                "finding",
                _text(finding, "AwsAccountId"),
                str(resource.get("Region") or finding.get("Region") or "")[:40],
                _text(resource, "Type"),
                _text(resource, "Id"),
                _text(finding, "GeneratorId"),
                _text(finding, "UpdatedAt"),
            )


def _text(part: Mapping[str, Any], name: str) -> str:
    value = part.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
        raise NotAsked(f"a message whose {name} is no text of 1 to {_LONGEST} letters")
    return value
