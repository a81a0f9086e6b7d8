"""What goes wrong in the demo shop is repaired by the actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.audit.remediation.actions.base import Subject, Values
from apps.audit.remediation.actions.registry import by_identifier
from apps.discovery.inventory.items import ResourceKey
from sandbox.assembly import Sandbox
from sandbox.kernel.cloud import HOME_REGION, SHOP
from sandbox.shop.estate.audit import TRAIL
from sandbox.shop.estate.data import ASSETS
from sandbox.shop.shop import Shop
from tests.contracts.actions.world import Runner
from tests.sandbox.conftest import Client, client, cloud, sandbox

__all__ = ["client", "cloud", "sandbox"]


def subject(kind: str, name: str, arn: str = "") -> Subject:
    return Subject(ResourceKey(SHOP, HOME_REGION, kind, arn or name), arn, name)


def repair(runner: Runner, identifier: str, what: Subject) -> Callable[[], None]:
    """Repairs, and gives what undoes it."""
    action = by_identifier(identifier)
    none: Values = {}
    draft = action.draft(what, none, action.read(runner, what, none))
    assert draft.steps
    for step in draft.steps:
        runner.make(step)
    assert action.read(runner, what, none).digest == draft.expected.digest

    def undo() -> None:
        for step in action.undo(what, none, draft):
            runner.make(step)

    return undo


def stage_of(aws: Client) -> Subject:
    api = aws("apigateway")
    (found,) = api.get_rest_apis()["items"]
    head = f"arn:aws:apigateway:{HOME_REGION}::/restapis"
    arn = f"{head}/{found['id']}/stages/prod"
    return subject("AWS::ApiGateway::Stage", "prod", arn)


def served(aws: Client, what: Subject) -> dict[str, Any]:
    api = what.arn.split("/")[2]
    found: dict[str, Any] = aws("apigateway").get_stage(restApiId=api, stageName="prod")
    return found


def group_of(aws: Client) -> Subject:
    named: Values = aws("ec2").describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["catalog"]}]
    )["SecurityGroups"][0]
    return subject("AWS::EC2::SecurityGroup", str(named["GroupId"]))


def test_every_wrong_change_of_the_shop_is_repaired(
    sandbox: Sandbox,
    client: Client,
) -> None:
    shop, runner = Shop(sandbox, per_second=0.0), Runner(client)
    good = served(client, stage_of(client))["deploymentId"]
    wrong = {
        "plain-http": ("restore-api-stage", stage_of(client)),
        "open-security-group": ("revoke-open-ingress", group_of(client)),
        "public-bucket": ("block-public-access", subject("AWS::S3::Bucket", ASSETS)),
        "trail-stopped": ("restart-trail", subject("AWS::CloudTrail::Trail", TRAIL)),
    }
    for incident in wrong:
        shop.begin(incident)
    undone = served(client, stage_of(client))

    back = {name: repair(runner, *what) for name, what in wrong.items()}

    repaired = served(client, stage_of(client))
    assert repaired["deploymentId"] == good
    assert repaired["variables"] == {"clientTls": "Enabled"}
    back["plain-http"]()
    again = served(client, stage_of(client))
    assert again["deploymentId"] == undone["deploymentId"] != good
    assert again["variables"] == {"clientTls": "Disabled"}
