"""A repair goes back to what the resource was like while it passed its rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.audit.models import ComplianceRule, Violation
from apps.audit.remediation.actions.registry import by_identifier
from apps.audit.remediation.earlier import good_item, suggestions
from apps.discovery.inventory.items import (
    ConfigItem,
    ItemSource,
    ItemStatus,
    ResourceKey,
)
from apps.discovery.inventory.keeping import keep
from apps.discovery.models import Resource

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 9, 21, 14, tzinfo=UTC)
ARN = "arn:aws:apigateway:eu-west-1::/restapis/abc/stages/prod"
KEY = ResourceKey("111122223333", "eu-west-1", "AWS::ApiGateway::Stage", ARN)


def seen(minute: int, deployment: str, scheme: str) -> ConfigItem:
    return ConfigItem(
        KEY,
        ItemStatus.OK,
        NOW + timedelta(minutes=minute),
        ItemSource.SCANNER,
        name="prod",
        arn=ARN,
        configuration={
            "stageName": "prod",
            "restApiId": "abc",
            "deploymentId": deployment,
            "variables": {"clientTls": "Enabled" if scheme == "https" else "Disabled"},
        },
        supplementary={"integrations": [{"uri": f"{scheme}://shop.test"}]},
    )


def violation_of(*items: ConfigItem) -> Violation:
    """Of the last of the items."""
    keep(items, NOW + timedelta(hours=1))
    rule = ComplianceRule.objects.create(
        slug="tls",
        title="Over TLS",
        kind=ComplianceRule.Kind.MANAGED,
        identifier="TRAILMAP_API_GW_INTEGRATIONS_TLS",
        resource_types=[KEY.type],
    )
    at = items[-1].captured_at
    return Violation.objects.create(
        rule=rule,
        resource=Resource.objects.get(resource_id=ARN),
        account=KEY.account,
        region=KEY.region,
        opened_at=at + timedelta(seconds=2),
        seen_at=at,
        changed_at=at,
    )


def test_the_newest_that_passed_before_is_restored() -> None:
    violation = violation_of(
        seen(0, "d1", "https"),
        seen(1, "d2", "http"),
        seen(2, "d3", "https"),
        seen(3, "d4", "http"),
        seen(4, "d5", "http"),
    )

    assert suggestions(by_identifier("restore-api-stage"), violation) == {
        "deployment": "d3",
        "variables": {"clientTls": "Enabled"},
    }


def test_where_none_passed_nothing_is_restored() -> None:
    violation = violation_of(seen(0, "d1", "http"), seen(1, "d2", "http"))

    assert good_item(violation) is None
    assert suggestions(by_identifier("restore-api-stage"), violation) == {}
