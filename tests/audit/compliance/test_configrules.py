"""What AWS Config's rules say is read, kept beside ours, and never made better."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from apps.audit.compliance import evaluating
from apps.audit.compliance.configrules.records import (
    ConfigResult,
    ConfigRule,
    read_result,
    read_rule,
)
from apps.audit.compliance.configrules.results import (
    keep_results,
    note_rules,
    take_changes,
)
from apps.audit.compliance.verdicts import Outcome
from apps.audit.models import ComplianceRule, Evaluation, Violation
from apps.discovery.inventory.items import ResourceKey
from apps.discovery.inventory.notices import ComplianceChanged
from tests.audit.compliance.making import GROUP, REGION, a_group, a_resource
from tests.conftest import cases_folder
from tests.factories import ACCOUNT, NOON

PLACE = (ACCOUNT, REGION)
STAGE = "AWS::ApiGateway::Stage"
FAIL, PASS = Outcome.FAIL, Outcome.PASS


def a_config_rule(name: str = "tls", **fields: Any) -> ConfigRule:
    told: dict[str, Any] = {
        "arn": "",
        "description": "",
        "identifier": "",
        "parameters": {},
        "resource_types": (),
        "state": "ACTIVE",
    }
    return ConfigRule(name=name, **told | fields)


def a_result(outcome: Outcome, id_: str = "prod", type_: str = STAGE) -> ConfigResult:
    return ConfigResult("tls", type_, id_, outcome, "As seen.", NOON, NOON)


def noted(**fields: Any) -> ComplianceRule:
    return note_rules(PLACE, [a_config_rule(**fields)], NOON)["tls"]


def outcomes() -> dict[str, str]:
    said = Evaluation.objects.filter(rule__kind="config")
    return dict(said.values_list("resource__resource_id", "outcome"))


def a_change(new: str, minutes: int, rule: str = "tls") -> ComplianceChanged:
    key = ResourceKey(ACCOUNT, REGION, STAGE, "prod")
    at = NOON + timedelta(minutes=minutes)
    return ComplianceChanged(key, rule, "", "", new, "It is plain.", at)


@pytest.mark.django_db
def test_a_result_opens_and_ends_a_violation() -> None:
    rule = noted()
    keep_results(rule, [a_result(FAIL), a_result(PASS, "other")], NOON)
    (row,) = Violation.objects.all()
    assert (row.resource.resource_id, row.reason) == ("prod", "As seen.")
    later = NOON + timedelta(hours=1)
    keep_results(rule, [a_result(PASS), a_result(PASS, "other")], later)
    assert not Violation.objects.filter(resolved_at=None).exists()


@pytest.mark.django_db
def test_insufficient_data_resolves_nothing() -> None:
    rule = noted()
    keep_results(rule, [a_result(FAIL)], NOON)
    keep_results(rule, [a_result(Outcome.UNKNOWN)], NOON)
    assert outcomes() == {"prod": "unknown"}
    assert Violation.objects.filter(resolved_at=None).count() == 1


@pytest.mark.django_db
def test_what_config_no_longer_tells_of_is_over() -> None:
    rule = noted()
    keep_results(rule, [a_result(FAIL), a_result(FAIL, "other")], NOON)
    keep_results(rule, [a_result(FAIL, "other")], NOON)
    assert outcomes() == {"prod": "not_applicable", "other": "fail"}
    (still,) = Violation.objects.filter(resolved_at=None)
    assert still.resource.resource_id == "other"
    note_rules(PLACE, [], NOON)
    assert not Violation.objects.filter(resolved_at=None).exists()


@pytest.mark.django_db
def test_a_rule_that_is_ours_too_opens_one_violation() -> None:
    a_resource(a_group("0.0.0.0/0"))
    evaluating.tick(lambda: NOON)
    # A notification may name the rule before it is known which it is.
    keep_results(noted(), [a_result(FAIL, "sg-1", GROUP)], NOON)
    rule = noted(identifier="INCOMING_SSH_DISABLED")
    keep_results(rule, [a_result(FAIL, "sg-1", GROUP)], NOON)
    (one,) = Violation.objects.filter(resource__resource_id="sg-1", resolved_at=None)
    assert one.rule.kind == "managed"
    assert outcomes() == {"sg-1": "fail"}


@pytest.mark.django_db
def test_notifications_may_come_twice_and_in_any_order() -> None:
    changes = [a_change("NON_COMPLIANT", 5), a_change("COMPLIANT", 3)]
    for one in (*changes, *changes):
        take_changes([one], NOON)
    assert outcomes() == {"prod": "fail"}
    assert Violation.objects.count() == 1
    take_changes([a_change("", 9)], NOON)
    assert outcomes() == {"prod": "not_applicable"}


def as_botocore(value: Any) -> Any:
    """Recorded answers write times as objects."""
    if isinstance(value, list):
        return [as_botocore(one) for one in value]
    if isinstance(value, dict):
        if value.get("__class__") == "datetime":
            parts = {k: v for k, v in value.items() if k != "__class__"}
            return datetime(**parts, tzinfo=UTC)
        return {name: as_botocore(one) for name, one in value.items()}
    return value


def recorded(operation: str, member: str) -> list[dict[str, Any]]:
    path = cases_folder() / "aws-responses" / "config" / f"{operation}.jsonl"
    if not path.exists():
        return []
    return [
        as_botocore(one)
        for line in path.read_bytes().splitlines()
        if line.strip()
        for one in orjson.loads(line)["data"].get(member, ())
    ]


@pytest.mark.cases
def test_recorded_rules_and_results_are_read() -> None:
    rules = recorded("DescribeConfigRules", "ConfigRules")
    results = recorded("GetComplianceDetailsByConfigRule", "EvaluationResults")
    if not rules or not results:
        pytest.skip("the cases have no recorded answers of AWS Config")
    for record in rules:
        rule = read_rule(record)
        assert rule.name == record["ConfigRuleName"]
        is_aws = record["Source"]["Owner"] == "AWS"
        assert rule.identifier == (
            record["Source"]["SourceIdentifier"] if is_aws else ""
        )
    for record in results:
        result = read_result(record)
        assert result.outcome is not Outcome.UNKNOWN
        assert (result.outcome is FAIL) == (record["ComplianceType"] == "NON_COMPLIANT")
        assert result.said_at == record["ResultRecordedTime"]
