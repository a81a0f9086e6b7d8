"""Messages of a queue that ask for a repair, told by their shape.

1. Our own record of a violation, as its topic tells it: {"recordType": ...}.
2. AWS Config, messageType ComplianceChangeNotification, by its topic.
3. The same as an EventBridge event, detail-type "Config Rules Compliance Change".
4. Security Hub's findings by EventBridge, imported or by a custom action.

Each of them bare or in the envelope of SNS. Sources: AWS Config developer guide,
"Example Compliance Change Notification" and "Monitoring AWS Config with Amazon
EventBridge"; Security Hub user guide, "EventBridge event formats".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from apps.audit.compliance.findings import (
    FindingRecord,
    MalformedFinding,
    findings_in,
    read_finding,
)

RECORD_TYPE = "trailmap.violation"
_FAILED = "NON_COMPLIANT"
_COMPLIANCE_EVENT = "Config Rules Compliance Change"
_SECURITY_HUB = "aws.securityhub"
_LONGEST = 1_024


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


@dataclass(frozen=True, slots=True)
class Told:
    """What a message asks for, and the findings in it, failed or not."""

    asked: tuple[Asked, ...] = ()
    findings: tuple[FindingRecord, ...] = ()


def read_told(body: str) -> Told:
    """What a message tells; nothing for one that tells of no failure, such as a rule
    that passes again. Raises NotAsked for a message of no known shape."""
    message = _opened(_json(body))
    if message.get("source") == _SECURITY_HUB:
        found = tuple(_findings(message))
        return Told(tuple(_of_findings(found)), found)
    return Told(tuple(_asked(message)))


def _findings(message: Mapping[str, Any]) -> Iterator[FindingRecord]:
    try:
        for record in findings_in(message):
            yield read_finding(record)
    except MalformedFinding as error:
        raise NotAsked(f"a finding that cannot be read: {error}") from error


def _asked(message: Mapping[str, Any]) -> list[Asked]:
    if message.get("recordType") == RECORD_TYPE:
        return _of_record(message)
    if message.get("messageType") == "ComplianceChangeNotification":
        return _of_compliance(message, "config")
    detail = message.get("detail")
    is_event = message.get("detail-type") == _COMPLIANCE_EVENT
    if is_event and isinstance(detail, Mapping):
        return _of_compliance(detail, "event")
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


def _of_findings(found: Iterable[FindingRecord]) -> list[Asked]:
    """Only what fails is to be repaired."""
    return [
        Asked(
            "finding",
            one.account,
            one.region,
            one.resource_type,
            one.resource[:_LONGEST],
            one.control,
            one.updated_at.isoformat(),
        )
        for one in found
        if one.is_failed
    ]


def _text(part: Mapping[str, Any], name: str) -> str:
    value = part.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
        raise NotAsked(f"a message whose {name} is no text of 1 to {_LONGEST} letters")
    return value
