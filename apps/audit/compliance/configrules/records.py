"""Rules of AWS Config and what they say, as its API tells.

Source: AWS Config API reference, ConfigRule and EvaluationResult.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from apps.audit.compliance.verdicts import Outcome

_LONGEST_NAME = 128
_LONGEST_TEXT = 2_000
_MOST_TYPES = 100
OUTCOMES: Mapping[str, Outcome] = {
    "COMPLIANT": Outcome.PASS,
    "NON_COMPLIANT": Outcome.FAIL,
    "NOT_APPLICABLE": Outcome.NOT_APPLICABLE,
    "INSUFFICIENT_DATA": Outcome.UNKNOWN,
}


class MalformedRecord(ValueError):
    """An answer of Config lacks what identifies it."""


@dataclass(frozen=True, slots=True)
class ConfigRule:
    """`identifier` is that of AWS's managed rule, "" of a custom one."""

    name: str
    arn: str
    description: str
    identifier: str
    parameters: Mapping[str, Any]
    resource_types: tuple[str, ...]
    state: str


@dataclass(frozen=True, slots=True)
class ConfigResult:
    """What a rule says of a resource. `seen_at` is the time that orders results of the
    same resource; `said_at` when Config wrote it down."""

    rule: str
    resource_type: str
    resource_id: str
    outcome: Outcome
    annotation: str
    seen_at: datetime | None
    said_at: datetime | None


def read_rule(record: Mapping[str, Any]) -> ConfigRule:
    """Raises MalformedRecord."""
    source = _object(record, "Source")
    is_aws = source.get("Owner") == "AWS"
    types = _object(record, "Scope").get("ComplianceResourceTypes") or []
    return ConfigRule(
        name=_name(record, "ConfigRuleName"),
        arn=str(record.get("ConfigRuleArn", ""))[:_LONGEST_TEXT],
        description=str(record.get("Description", "")).strip()[:_LONGEST_TEXT],
        identifier=str(source.get("SourceIdentifier", ""))[:140] if is_aws else "",
        parameters=_parameters(record.get("InputParameters")),
        resource_types=tuple(str(one) for one in types[:_MOST_TYPES]),
        state=str(record.get("ConfigRuleState", ""))[:40],
    )


def _parameters(given: Any) -> Mapping[str, Any]:
    """They are JSON within JSON; what cannot be read is told under one name."""
    if not given:
        return {}
    try:
        found = orjson.loads(given)
    except (orjson.JSONDecodeError, TypeError):
        found = None
    if not isinstance(found, Mapping):
        return {"InputParameters": str(given)[:_LONGEST_TEXT]}
    return {str(name): value for name, value in found.items()}


def read_result(record: Mapping[str, Any]) -> ConfigResult:
    """Raises MalformedRecord."""
    identity = _object(record, "EvaluationResultIdentifier")
    about = _object(identity, "EvaluationResultQualifier")
    return ConfigResult(
        rule=_name(about, "ConfigRuleName"),
        resource_type=_name(about, "ResourceType"),
        resource_id=_name(about, "ResourceId", 1_024),
        outcome=outcome_of(str(record.get("ComplianceType", ""))),
        annotation=str(record.get("Annotation", ""))[:_LONGEST_TEXT],
        seen_at=_moment(identity.get("OrderingTimestamp")),
        said_at=_moment(record.get("ResultRecordedTime")),
    )


def outcome_of(compliance: str) -> Outcome:
    """A word that Config does not document is not known to be anything."""
    return OUTCOMES.get(compliance, Outcome.UNKNOWN)


def _moment(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) else None


def _object(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = record.get(name)
    return found if isinstance(found, Mapping) else {}


def _name(record: Mapping[str, Any], name: str, most: int = _LONGEST_NAME) -> str:
    found = record.get(name)
    if not isinstance(found, str) or not found or len(found) > most:
        raise MalformedRecord(f"{name} is missing or too long.")
    return found
