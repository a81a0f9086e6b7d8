"""The incident `plain-http` is seen by a rule, for as long as it lasts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.assembly import Sandbox
from sandbox.functions import Lambda
from sandbox.shop.estate.tls import RULE
from sandbox.shop.shop import Shop
from tests.sandbox.conftest import Client


@pytest.fixture
def verdict(
    sandbox: Sandbox, url: str, client: Client, pass_time: Callable[[float], None]
) -> Callable[[], dict[str, Any]]:
    """What the rule says of the shop's stage, once everything has settled."""
    functions = sandbox.one(Lambda)
    functions.endpoint_url = url

    def read() -> dict[str, Any]:
        pass_time(2)
        functions.settle()
        (said,) = client("config").get_compliance_details_by_config_rule(
            ConfigRuleName=RULE
        )["EvaluationResults"]
        return dict(said)

    return read


def test_the_stage_is_right_wrong_and_right_again(
    sandbox: Sandbox, verdict: Callable[[], dict[str, Any]]
) -> None:
    shop = Shop(sandbox, per_second=0.0)
    assert verdict()["ComplianceType"] == "COMPLIANT"

    shop.begin("plain-http")
    during = verdict()
    assert during["ComplianceType"] == "NON_COMPLIANT"
    assert "http://storefront.shop.internal" in during["Annotation"]

    shop.end("plain-http")
    assert verdict()["ComplianceType"] == "COMPLIANT"
