"""Rules are held against what changes, and violations follow what they say."""

from datetime import datetime, timedelta

import pytest

from apps.audit.compliance import evaluating
from apps.audit.models import (
    ComplianceRule,
    Evaluation,
    Exemption,
    Sweep,
    Violation,
)
from apps.discovery.inventory.items import ItemSource
from apps.discovery.models import ConfigGap, ResourceChange
from tests.audit.compliance.making import a_group, a_resource, seen_again
from tests.factories import ACCOUNT, NOON

pytestmark = pytest.mark.django_db
SSH = "incoming-ssh-disabled"
OPEN, CLOSED = a_group("0.0.0.0/0"), a_group("10.0.0.0/8")


def tick(minutes: int = 0) -> evaluating.Count:
    return evaluating.tick(lambda: NOON + timedelta(minutes=minutes))


def of_ssh() -> list[Violation]:
    return list(Violation.objects.filter(rule__slug=SSH).order_by("opened_at"))


def test_a_new_home_has_the_managed_rules() -> None:
    tick()
    rules = ComplianceRule.objects.filter(kind="managed", is_enabled=True)
    assert rules.count() >= 40
    ComplianceRule.objects.filter(slug=SSH).update(is_enabled=False)
    Sweep.objects.update(rules_digest="")
    tick(1)
    assert not ComplianceRule.objects.get(slug=SSH).is_enabled


def test_a_violation_opens_with_what_fails_and_ends_with_what_passes() -> None:
    row = a_resource(OPEN, tags={"Owner": "payments"})
    tick()
    (found,) = of_ssh()
    assert found.reason == "SSH, port 22, is open to 0.0.0.0/0."
    assert found.path == "configuration.ipPermissions[0].ipv4Ranges[0].cidrIp"
    assert (found.owner, found.opened_at, found.is_open) == ("payments", NOON, True)
    seen_again(row, configuration=CLOSED)
    tick(5)
    (found,) = of_ssh()
    assert found.resolved_at == NOON + timedelta(minutes=5)
    assert found.resolution == "The rule passes."


def test_a_violation_that_comes_back_is_another() -> None:
    row = a_resource(OPEN)
    for minute, configuration in enumerate((CLOSED, OPEN)):
        tick(minute)
        seen_again(row, configuration=configuration)
    tick(9)
    assert [one.is_open for one in of_ssh()] == [False, True]


def test_what_is_not_told_resolves_nothing() -> None:
    row = a_resource(OPEN)
    tick()
    seen_again(row, configuration={"groupName": "web"})
    tick(5)
    said = Evaluation.objects.get(rule__slug=SSH)
    assert said.outcome == "unknown"
    assert said.reason == "The item does not say configuration.ipPermissions."
    assert [one.is_open for one in of_ssh()] == [True]


def test_a_deleted_resource_resolves_with_that_reason() -> None:
    row = a_resource(OPEN)
    tick()
    seen_again(row, deleted_at=NOON)
    tick(5)
    assert [one.resolution for one in of_ssh()] == ["The resource was deleted."]
    assert set(Evaluation.objects.values_list("outcome", flat=True)) == {
        "not_applicable"
    }


def test_a_gap_of_the_recorder_is_unknown_and_said_to_be_stale() -> None:
    row = a_resource(OPEN, source=ItemSource.CONFIG)
    tick()
    ConfigGap.objects.create(
        account=ACCOUNT, region=row.region, reason="off", since=NOON
    )
    seen_again(row, configuration=CLOSED)
    tick(5)
    said = Evaluation.objects.get(rule__slug=SSH)
    assert said.outcome == "unknown"
    assert "stale" in said.reason
    assert [one.is_open for one in of_ssh()] == [True]


def test_only_what_is_said_anew_is_written() -> None:
    row = a_resource(CLOSED)
    assert tick().changed > 0
    before = Evaluation.objects.get(rule__slug=SSH).evaluated_at
    seen_again(row, name="renamed")
    again = tick(5)
    assert (again.changed, again.opened, again.resolved) == (0, 0, 0)
    assert again.verdicts > 0
    assert Evaluation.objects.get(rule__slug=SSH).evaluated_at == before


def test_every_resource_is_judged_once_a_day() -> None:
    tick()
    row = a_resource(OPEN)
    ResourceChange.objects.all().delete()
    tick(60)
    assert not of_ssh()
    tick(24 * 60)
    assert [one.resource_id for one in of_ssh()] == [row.pk]


def test_an_exempt_violation_is_not_open_until_the_exemption_ends() -> None:
    exemption = Exemption.objects.create(
        account=ACCOUNT,
        pattern="sg-*",
        reason="a bastion",
        made_at=NOON,
        expires_at=NOON + timedelta(days=1),
    )
    a_resource(OPEN)
    tick()
    (found,) = of_ssh()
    assert found.exemption == exemption

    def counts(now: datetime) -> tuple[int, int]:
        seen = Violation.objects.filter(rule__slug=SSH)
        return seen.open(now).count(), seen.exempt(now).count()

    assert counts(NOON) == (0, 1)
    assert counts(NOON + timedelta(days=1)) == (1, 0)
    tick(24 * 60)
    (found,) = of_ssh()
    assert found.exemption is None


def test_two_workers_do_not_evaluate_at_once() -> None:
    a_resource(OPEN)
    Sweep.objects.create(pk=1, claimed_until=NOON + timedelta(minutes=1))
    assert tick().resources == 0
    assert tick(2).resources > 0


def test_who_looks_at_what_changed_is_judged_anew() -> None:
    balancer = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    a_resource({"loadBalancerArn": "arn:1", "type": "application"}, balancer, "lb")
    tick()
    rows = Evaluation.objects.filter(rule__identifier__startswith="ALB_HTTP_TO")
    assert [one.outcome for one in rows] == ["unknown"]
    plain = {"loadBalancerArn": "arn:1", "protocol": "HTTP", "defaultActions": []}
    a_resource(plain, "AWS::ElasticLoadBalancingV2::Listener", "listener")
    tick(1)
    assert [one.outcome for one in rows.all()] == ["fail"]
