"""Alert rules may watch violations."""

from datetime import timedelta

import pytest

from apps.audit.compliance import evaluating
from apps.audit.compliance.alerting import CONDITION
from apps.audit.models import Exemption, Violation
from apps.discovery.alerthooks import ConditionInvalid, ConditionUnavailable, Periods
from apps.search.engines.base import Scope
from tests.audit.compliance.making import a_group, a_resource, seen_again
from tests.factories import NOON, OTHER_ACCOUNT

pytestmark = pytest.mark.django_db
SSH = {"rule": "INCOMING_SSH*", "severity": "high"}


def values(minutes: int, scope: Scope | None = None, **given: str) -> list[list[float]]:
    """Of each violation read at a time, for the last three minutes."""
    until = NOON + timedelta(minutes=minutes)
    parameters = CONDITION.check(SSH | given)
    asked = CONDITION.read(parameters, Periods(until, 60, 3), scope or Scope(None))
    return [list(one.values) for one in asked]  # type: ignore[arg-type]


def tick(minutes: float) -> None:
    evaluating.tick(lambda: NOON + timedelta(minutes=minutes))


def test_a_violation_is_one_where_it_was_open_and_over_when_it_is_mended() -> None:
    with pytest.raises(ConditionUnavailable):
        values(1)
    row = a_resource(a_group("0.0.0.0/0"))
    tick(0.5)
    assert values(1) == [[0, 0, 1]]
    assert values(2) == [[0, 1, 1]]
    seen_again(row, configuration=a_group("10.0.0.0/8"))
    tick(2.5)
    assert values(3) == [[1, 1, 1]]
    assert values(4) == [[1, 1, 0]]
    assert values(9) == []


def test_what_is_exempt_or_elsewhere_is_not_read() -> None:
    a_resource(a_group("0.0.0.0/0"))
    tick(0)
    assert values(1, Scope(frozenset((OTHER_ACCOUNT,)))) == []
    assert values(1, severity="critical") == []
    assert len(values(1, type="AWS::EC2::SecurityGroup")) == 1
    held = Exemption.objects.create(
        reason="x", made_at=NOON, expires_at=NOON + timedelta(days=1), pattern="*"
    )
    Violation.objects.update(exemption=held)
    assert values(1) == []


@pytest.mark.parametrize("given", [{"severity": "grave"}, {"account": "prod"}])
def test_parameters_that_mean_nothing_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(ConditionInvalid):
        CONDITION.check(SSH | given)
