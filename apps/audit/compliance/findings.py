"""Findings of Security Hub, in the AWS Security Finding Format.

Source: AWS Security Hub user guide, "AWS Security Finding Format (ASFF)". Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.audit.compliance.places import moment_of

_LONGEST = 300
_LONGEST_TEXT = 4_000
_LONGEST_NAME = 2_048
_LONGEST_ID = 1_024
_MOST = 100
# Of Workflow.Status: somebody has decided that nothing is to be done, or it was done.
_SETTLED = frozenset(("SUPPRESSED", "RESOLVED"))


class MalformedFinding(ValueError):
    """What came is no finding; says why."""


@dataclass(frozen=True, slots=True)
class FindingRecord:
    """`status` is what the check says: FAILED, PASSED, WARNING, NOT_AVAILABLE, or ""
    of a finding that is no check. `workflow` is what people decided about it, and
    `record_state` whether its product still reports it."""

    id: str
    account: str
    region: str
    title: str
    description: str
    control: str
    product: str
    severity: str
    status: str
    workflow: str
    record_state: str
    resource_type: str
    resource: str
    url: str
    updated_at: datetime

    @property
    def is_failed(self) -> bool:
        """Whether there is something to repair: it fails, is still reported, and
        nobody has suppressed or resolved it."""
        return (
            self.status == "FAILED"
            and self.record_state == "ACTIVE"
            and self.workflow not in _SETTLED
        )


def findings_in(message: Any) -> Iterator[Mapping[str, Any]]:
    """Those of an EventBridge event, of an answer of GetFindings, a list of them, or
    one alone. Raises MalformedFinding."""
    if isinstance(message, Mapping) and isinstance(message.get("detail"), Mapping):
        message = message["detail"]
    if isinstance(message, Mapping):
        held = message.get("findings", message.get("Findings"))
        message = [message] if held is None else held
    if not isinstance(message, list):
        raise MalformedFinding("It holds no findings.")
    for one in message[:_MOST]:
        if not isinstance(one, Mapping):
            raise MalformedFinding("A finding is an object.")
        yield one


def read_finding(record: Mapping[str, Any]) -> FindingRecord:
    """Raises MalformedFinding for what lacks an id, an account or a time."""
    resource = _first(record.get("Resources"))
    fields = _object(record, "ProductFields")
    advice = _object(_object(record, "Remediation"), "Recommendation")
    return FindingRecord(
        id=_needed(record, "Id", _LONGEST_ID),
        account=_needed(record, "AwsAccountId", 64),
        region=_text(record, "Region", 40) or _text(resource, "Region", 40),
        title=_text(record, "Title", _LONGEST) or "Finding without a title",
        description=_text(record, "Description", _LONGEST_TEXT),
        control=_control(record, fields),
        product=_text(record, "ProductName", _LONGEST)
        or _text(fields, "aws/securityhub/ProductName", _LONGEST),
        severity=_text(_object(record, "Severity"), "Label", 15),
        status=_text(_object(record, "Compliance"), "Status", 30),
        workflow=_text(_object(record, "Workflow"), "Status", 30)
        or _text(record, "WorkflowState", 30),
        record_state=_text(record, "RecordState", 30),
        resource_type=_text(resource, "Type", 128),
        resource=_text(resource, "Id", _LONGEST_NAME),
        url=_link(_text(advice, "Url", _LONGEST_NAME)),
        updated_at=_updated(record),
    )


def _control(record: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    """Such as EC2.1, or the rule of an older standard such as 2.3."""
    compliance = _object(record, "Compliance")
    return (
        _text(compliance, "SecurityControlId", _LONGEST)
        or _text(fields, "ControlId", _LONGEST)
        or _text(fields, "RuleId", _LONGEST)
        or _text(record, "GeneratorId", _LONGEST)
    )


def _updated(record: Mapping[str, Any]) -> datetime:
    for name in ("UpdatedAt", "LastObservedAt", "CreatedAt"):
        found = moment_of(record.get(name))
        if found is not None:
            return found
    raise MalformedFinding("It does not say when it was updated.")


def _link(text: str) -> str:
    """Only what a browser may follow: findings are written by others."""
    return text if text.startswith(("https://", "http://")) else ""


def _first(value: Any) -> Mapping[str, Any]:
    found = value[0] if isinstance(value, list) and value else None
    return found if isinstance(found, Mapping) else {}


def _object(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = record.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(record: Mapping[str, Any], name: str, most: int) -> str:
    found = record.get(name)
    return found[:most] if isinstance(found, str) else ""


def _needed(record: Mapping[str, Any], name: str, most: int) -> str:
    found = record.get(name)
    if not isinstance(found, str) or not found or len(found) > most:
        raise MalformedFinding(f"{name} is missing or too long.")
    return found
