"""A violation names the event of CloudTrail that caused it, once that is there."""

from datetime import timedelta

import pytest

from apps.audit.compliance import evaluating
from apps.audit.compliance.causing import find_causes
from apps.audit.models import Violation
from tests.audit.compliance.making import REGION, a_group, a_resource
from tests.conftest import Fill
from tests.factories import NOON, an_event

pytestmark = pytest.mark.django_db


def test_the_cause_is_found_when_cloudtrail_has_told(fill: Fill) -> None:
    a_resource(a_group("0.0.0.0/0"), id_="sg-0123456789abcdef0")
    evaluating.tick(lambda: NOON)
    rows = Violation.objects.filter(rule__slug="incoming-ssh-disabled")
    fill(an_event())
    assert find_causes(NOON) == 0
    told = {
        "awsRegion": REGION,
        "eventTime": "2026-07-01T11:59:00Z",
        "readOnly": False,
        "requestParameters": {"groupId": "sg-0123456789abcdef0"},
    }
    says_so = {"eventTime": "2026-07-01T11:59:30Z"}
    fill(
        an_event(
            eventName="AuthorizeSecurityGroupIngress",
            eventSource="ec2.amazonaws.com",
            **told,
        ),
        an_event(
            eventName="PutEvaluations",
            eventSource="config.amazonaws.com",
            **told | says_so,
        ),
    )
    assert find_causes(NOON + timedelta(seconds=30)) == 0
    find_causes(NOON + timedelta(minutes=2))
    (row,) = rows
    assert row.cause_event == "AuthorizeSecurityGroupIngress"
    assert row.cause_actor.endswith("user/alice")
