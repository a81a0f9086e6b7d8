"""What `doctor` says of alarms."""

from collections.abc import Callable, Mapping

import pytest

from apps.monitoring.alarms.diagnosis import alarms
from apps.monitoring.models import AlarmScope
from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.monitoring.alarms.conftest import Collect
from tests.sandbox.conftest import NOTHING, act_as


def test_a_region_whose_alarms_may_be_read_is_well(collect: Collect) -> None:
    collect()

    (found,) = alarms()

    assert found.subject == f"alarms.{SHOP}.{HOME_REGION}"
    assert (found.what, found.problem) == ("AWS allows what it needs", None)


def test_what_the_last_reading_met_is_told(collect: Collect) -> None:
    collect()
    AlarmScope.objects.update(problem="CloudWatch did not answer.")

    (found,) = alarms()

    assert found.problem == "CloudWatch did not answer."


def test_a_role_that_may_not_read_them_is_told_with_what_it_needs(
    collect: Collect,
    user: Callable[..., Mapping[str, str]],
    url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    collect()
    act_as(user("nobody", NOTHING), url, monkeypatch)

    (found,) = alarms()

    assert "AccessDenied" in str(found.problem)
    assert "cloudwatch:DescribeAlarms" in found.cure
