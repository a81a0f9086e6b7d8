"""What violations and incidents tell of repairs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.audit.models import ComplianceRule, Violation
from apps.audit.remediation.offers import links, story
from apps.discovery.incidenthooks import About
from apps.discovery.models import User
from apps.discovery.roles import Role
from tests.audit.compliance.making import a_resource
from tests.audit.remediation.test_pages import a_plan, a_run
from tests.factories import ACCOUNT, NOON, a_user

pytestmark = pytest.mark.django_db
ARN = "arn:aws:ec2:eu-west-1:111122223333:security-group/sg-1"


@pytest.fixture
def violation() -> Violation:
    rule = ComplianceRule.objects.create(
        slug="ssh", title="No SSH", kind="managed", identifier="INCOMING_SSH_DISABLED"
    )
    return Violation.objects.create(
        rule=rule, resource=a_resource({}), account=ACCOUNT, region="eu-west-1",
        opened_at=NOON, seen_at=NOON,
    )  # fmt: skip


@pytest.fixture
def operator() -> User:
    return a_user("olga", Role.OPERATOR, ACCOUNT)


def test_what_fails_can_be_repaired_by_what_fits(
    violation: Violation, operator: User
) -> None:
    urls = [one.url for one in links(violation, operator)]

    assert f"/repairs/new?violation={violation.pk}&action=revoke-open-ingress" in urls


def test_repair_is_offered_only_to_those_who_may_have_it_planned(
    violation: Violation,
) -> None:
    assert links(violation, a_user("vera", Role.VIEWER, ACCOUNT)) == []


def test_what_is_over_is_not_repaired(violation: Violation, operator: User) -> None:
    violation.resolved_at = NOON

    assert links(violation, operator) == []


def test_what_was_done_about_it_stands_instead(
    violation: Violation, operator: User
) -> None:
    run = a_run(a_plan(violation=violation, arn=ARN))
    violation.resolved_at = NOON

    (link,) = links(violation, operator)

    assert link.url == f"/repairs/runs/{run.pk}/"
    assert link.text == "Repair: repaired and verified"


def test_incident_tells_of_repairs_of_its_resource_in_its_time(operator: User) -> None:
    plan = a_plan(arn=ARN)
    about = About(
        1, "incident:1", ACCOUNT, "eu-west-1", plan.created_at, None, {"resource": ARN}
    )

    (entry,) = story(about, operator)

    assert entry.url == f"/repairs/plans/{plan.pk}/"
    later = plan.created_at + timedelta(seconds=1)
    assert story(About(1, "", ACCOUNT, "", later, None, about.labels), operator) == []
    assert story(About(1, "", ACCOUNT, "", plan.created_at, None, {}), operator) == []
