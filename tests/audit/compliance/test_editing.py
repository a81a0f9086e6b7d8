"""Rules of conditions, exemptions and the report, as people use them."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.audit.compliance import evaluating
from apps.audit.models import ComplianceRule, Exemption, Violation
from apps.discovery.roles import Role
from tests.audit.compliance.making import a_group, a_resource
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db
RULE = """
title: No group is called web
severity: critical
resource_types: [AWS::EC2::SecurityGroup]
fails_when: {path: configuration.groupName, op: eq, value: web}
examples:
  - {says: fail, resource: {configuration: {groupName: web}}}
"""
WRONG = RULE.replace("says: fail", "says: pass")


@pytest.fixture
def client() -> Client:
    a_resource(a_group("0.0.0.0/0"), name="=1+1", tags={"team": "web"})
    evaluating.tick(timezone.now)
    return signed_in("ann", Role.ADMIN)


def post(client: Client, path: str, **given: str) -> str:
    answer = client.post(f"/compliance/{path}", given, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_rule_is_tried_before_it_is_kept(client: Client) -> None:
    assert "All 1 examples come out as they say" in post(client, "rules/try", text=RULE)
    assert "Example 1 says pass" in post(client, "rules/try", text=WRONG)
    broken = RULE.replace("op: eq", "op: equals")
    assert "fails_when.op" in post(client, "rules/try", text=broken)
    nobody = post(client, "rules/try", text=RULE, resource="sg-none")
    assert "No resource of its types has this id" in nobody
    assert not ComplianceRule.objects.filter(kind="custom").exists()


def test_a_rule_whose_examples_do_not_come_out_stays_off(client: Client) -> None:
    said = post(client, "rules/new", text=WRONG, is_enabled="on")
    assert "examples[0]" in said
    assert not ComplianceRule.objects.filter(kind="custom").exists()
    post(client, "rules/new", text=WRONG)
    assert not ComplianceRule.objects.get(kind="custom").is_enabled


def test_a_rule_of_conditions_opens_violations(client: Client) -> None:
    post(client, "rules/new", text=RULE, is_enabled="on")
    evaluating.tick(timezone.now)
    (row,) = Violation.objects.filter(rule__kind="custom")
    assert row.reason == "configuration.groupName is web."
    softer = RULE.replace("value: web", "value: db").replace("web}}}", "db}}}")
    path = "rules/no-group-is-called-web/edit"
    post(client, path, text=softer, is_enabled="on")
    evaluating.tick(timezone.now)
    row.refresh_from_db()
    assert row.resolution == "The rule passes."


def test_an_exemption_needs_a_reason_and_is_reviewed_by_another(
    client: Client,
) -> None:
    asked = {"rule": "incoming-ssh-disabled", "days": "7"}
    assert "required" in post(client, "exemptions/new", **asked)
    everything = post(client, "exemptions/new", reason="x", days="7", pattern="*")
    assert "everything cannot be exempt" in everything
    post(client, "exemptions/new", reason="a bastion", **asked)
    held = Exemption.objects.get()
    assert held.expires_at - held.made_at == timedelta(days=7)
    assert held.violations.count() == 1
    post(client, f"exemptions/{held.pk}/review")
    held.refresh_from_db()
    assert held.reviewed_by is None
    post(signed_in("bea", Role.APPROVER), f"exemptions/{held.pk}/review")
    held.refresh_from_db()
    assert str(held.reviewed_by) == "bea"
    assert "1 violations are open again" in post(client, f"exemptions/{held.pk}/end")


def test_the_report_is_a_page_csv_and_json(client: Client) -> None:
    shown = client.get("/compliance/report/").content.decode()
    assert "SSH is not open to the world" in shown
    answer = client.get("/compliance/violations.csv?rule=incoming-ssh-disabled")
    content = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    (row,) = csv.DictReader(io.StringIO(content))
    assert (row["state"], row["owner"]) == ("open", "web")
    assert row["resource_name"] == "'=1+1"
    path = "/compliance/violations.json?rule=incoming-ssh-disabled"
    (item,) = client.get(path).json()["items"]
    assert item["resource_name"] == "=1+1"
