"""Pages and REST of compliance."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.audit.compliance import evaluating
from apps.audit.models import ComplianceRule, Violation
from apps.discovery.roles import Role
from tests.audit.compliance.making import a_group, a_resource, seen_again
from tests.conftest import signed_in
from tests.factories import ACCOUNT, OTHER_ACCOUNT

pytestmark = pytest.mark.django_db
SSH = "incoming-ssh-disabled"


@pytest.fixture
def client() -> Client:
    """An admin, before whom one violation was mended and another is open."""
    row = a_resource(a_group("0.0.0.0/0"), id_="sg-was", name="was-open")
    a_resource(a_group("::/0"), id_="sg-is", name="is-open", tags={"team": "web"})
    a_resource(a_group("::/0"), id_="sg-far", name="far", account=OTHER_ACCOUNT)
    then = timezone.now() - timedelta(hours=1)
    evaluating.tick(lambda: then)
    seen_again(row, configuration=a_group("10.0.0.0/8"))
    evaluating.tick(lambda: then + timedelta(minutes=30))
    return signed_in("ann", Role.ADMIN)


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_the_overview_counts_what_is_open(client: Client) -> None:
    shown = text(client, "/compliance/")
    assert "Mended 1: half within 30 min" in shown
    assert f'/compliance/violations/?account={OTHER_ACCOUNT}"' in shown
    assert "is-open" in shown


def test_the_list_narrows_as_its_url_says(client: Client) -> None:
    open_, resolved = (
        "/compliance/violations/",
        "/compliance/violations/?state=resolved",
    )
    assert "is-open" in text(client, open_)
    assert "was-open" not in text(client, open_)
    assert "was-open" in text(client, resolved)
    assert "No violation matches" in text(client, f"{open_}?owner=nobody")
    assert "far" not in text(client, f"{open_}?owner=web")
    assert "No violation matches" in text(client, f"{open_}?service=S3")


def test_a_violation_shows_why_and_where(client: Client) -> None:
    row = Violation.objects.get(resource__name="is-open")
    shown = text(client, f"/compliance/violations/{row.pk}/")
    assert "SSH, port 22, is open to ::/0." in shown
    assert "&quot;::/0&quot;" in shown
    assert "No CloudTrail event is known" in shown


def test_a_rule_that_is_switched_off_closes_its_violations(client: Client) -> None:
    path = f"/compliance/rules/{SSH}/"
    assert "Settings" in text(client, path)
    client.post(f"{path}change", {"severity": "low"})
    rule = ComplianceRule.objects.get(slug=SSH)
    assert (rule.is_enabled, rule.severity) == (False, "low")
    rows = Violation.objects.filter(rule=rule, resource__name="is-open")
    assert [one.resolution for one in rows] == ["The rule was switched off."]


def test_a_parameter_that_cannot_be_read_is_refused(client: Client) -> None:
    path = "/compliance/rules/access-keys-rotated/change"
    given = {"severity": "low", "is_enabled": "on", "p_maxAccessKeyAge": "soon"}
    shown = client.post(path, given, follow=True).content.decode()
    assert "is not a whole number" in shown
    assert not ComplianceRule.objects.get(slug="access-keys-rotated").parameters


def test_the_api_says_the_same(client: Client) -> None:
    said = client.get("/api/v1/violations?owner=web").json()
    (one,) = [item for item in said["items"] if item["rule"] == SSH]
    assert (one["resource_id"], one["severity"], one["state"]) == (
        "sg-is",
        "high",
        "open",
    )
    assert client.get(f"/api/v1/violations/{one['id']}").json() == one
    figures = client.get(f"/api/v1/compliance?rule={SSH}&account={ACCOUNT}").json()
    assert figures["open"] == 1
    (fixed,) = figures["seconds_to_fix"]["all"]
    assert (fixed["count"], fixed["median"]) == (1, 1_800)
    assert figures["by"]["service"] == [{"key": "EC2", "open": 1}]


def test_who_sees_one_account_sees_only_its_violations(client: Client) -> None:
    there = signed_in("bob", Role.VIEWER, ACCOUNT)
    items = there.get("/api/v1/violations?state=all").json()["items"]
    assert {one["account"] for one in items} == {ACCOUNT}
    hidden = Violation.objects.filter(account=OTHER_ACCOUNT)[0]
    assert there.get(f"/compliance/violations/{hidden.pk}/").status_code == 404
    assert OTHER_ACCOUNT not in text(there, "/compliance/")
