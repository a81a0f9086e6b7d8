"""Findings of Security Hub are read, and only what fails may be repaired."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.audit.compliance.findingrows import take_findings
from apps.audit.compliance.findings import (
    MalformedFinding,
    findings_in,
    read_finding,
)
from apps.audit.models import Finding
from tests.conftest import cases_folder
from tests.factories import ACCOUNT, NOON


def a_finding(**fields: Any) -> dict[str, Any]:
    return {
        "Id": "arn:aws:securityhub:finding/1",
        "AwsAccountId": ACCOUNT,
        "Title": "S3.2 Buckets should prohibit public read access",
        "UpdatedAt": "2026-07-01T12:00:00Z",
        "Compliance": {"Status": "FAILED"},
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
        "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::assets"}],
        **fields,
    }


@pytest.mark.parametrize(
    ("fields", "may_be_repaired"),
    [
        ({}, True),
        ({"Workflow": {"Status": "NOTIFIED"}}, True),
        ({"Workflow": {"Status": "SUPPRESSED"}}, False),
        ({"Workflow": {"Status": "RESOLVED"}}, False),
        ({"Compliance": {"Status": "PASSED"}}, False),
        ({"Compliance": {"Status": "WARNING"}}, False),
        ({"Compliance": {"Status": "NOT_AVAILABLE"}}, False),
        ({"Compliance": {}}, False),
        ({"RecordState": "ARCHIVED"}, False),
        ({"RecordState": None}, False),
    ],
)
def test_only_failed_active_findings_are_repaired(
    fields: dict[str, Any], *, may_be_repaired: bool
) -> None:
    assert read_finding(a_finding(**fields)).is_failed is may_be_repaired


@pytest.mark.parametrize("name", ["Id", "AwsAccountId", "UpdatedAt"])
def test_what_identifies_nothing_is_refused(name: str) -> None:
    with pytest.raises(MalformedFinding):
        read_finding(a_finding(**{name: None}))


def test_a_link_is_one_that_a_browser_may_follow() -> None:
    advice = {"Recommendation": {"Url": "javascript:alert(1)"}}
    assert read_finding(a_finding(Remediation=advice)).url == ""


@pytest.mark.django_db
def test_the_newest_of_a_finding_is_kept() -> None:
    new = read_finding(a_finding(Workflow={"Status": "SUPPRESSED"}))
    old = read_finding(a_finding(UpdatedAt="2026-06-30T12:00:00Z"))
    assert take_findings([old, new, old, new], NOON) == 2
    (row,) = Finding.objects.all()
    assert (row.workflow, row.is_failed) == ("SUPPRESSED", False)


@pytest.mark.cases
def test_recorded_findings_are_read() -> None:
    files = sorted((cases_folder() / "findings").glob("*.json"))
    if not files:
        pytest.skip("the cases have no findings")
    for file in files:
        for record in findings_in(json.loads(file.read_bytes())):
            found = read_finding(record)
            said = record.get("Compliance", {}).get("Status", "")
            assert found.id == record["Id"], file
            assert found.status == said, file
            assert found.title == record["Title"][:300], file
            assert found.resource, file
            # Nothing but a failed check is ever offered to be repaired.
            assert not found.is_failed or said == "FAILED", file
            if record.get("Workflow", {}).get("Status") in ("SUPPRESSED", "RESOLVED"):
                assert not found.is_failed, file
