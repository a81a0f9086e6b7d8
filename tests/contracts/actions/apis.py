"""API Gateway: a stage that was opened to plain HTTP."""

from __future__ import annotations

from typing import Any

from apps.audit.remediation.actions.base import Subject
from sandbox.kernel.cloud import HOME_REGION
from sandbox.shop.estate.sites import policy
from tests.contracts.actions.scenarios import Scenario
from tests.contracts.actions.world import World

API = "AWS::ApiGateway::RestApi"
STAGE = "AWS::ApiGateway::Stage"


def api_of(subject: Subject) -> str:
    return subject.arn.split("/restapis/")[1].split("/")[0]


def stage_arn(api: str) -> str:
    return f"arn:aws:apigateway:{HOME_REGION}::/restapis/{api}/stages/prod"


def good_stage(world: World) -> Subject:
    """Two ways into an API, both by HTTPS, and served so."""
    api = world.admin("apigateway")
    api_id = api.create_rest_api(name=world.fresh("api"))["id"]
    for verb in ("GET", "POST"):
        where = {"restApiId": api_id, "resourceId": root(world, api_id)}
        where |= {"httpMethod": verb}
        api.put_method(**where, authorizationType="NONE")
        api.put_integration(
            **where,
            type="HTTP_PROXY",
            integrationHttpMethod=verb,
            uri=f"https://shop.test/{verb}",
        )
    made = api.create_deployment(restApiId=api_id)["id"]
    api.create_stage(
        restApiId=api_id,
        stageName="prod",
        deploymentId=made,
        variables={"clientTls": "Enabled", "colour": "blue"},
    )
    return world.subject(STAGE, "prod", stage_arn(api_id))


def root(world: World, api_id: str) -> str:
    items = world.admin("apigateway").get_resources(restApiId=api_id)["items"]
    return str(items[0]["id"])


def plain_stage(world: World) -> Subject:
    """As the incident plain-http of the demo shop makes it."""
    subject = good_stage(world)
    api, api_id = world.admin("apigateway"), api_of(subject)
    for verb in ("GET", "POST"):
        point(world, subject, verb, f"http://shop.test/{verb}")
    made = api.create_deployment(restApiId=api_id)["id"]
    patches = [
        {"op": "replace", "path": "/deploymentId", "value": made},
        {"op": "replace", "path": "/variables/clientTls", "value": "Disabled"},
    ]
    api.update_stage(restApiId=api_id, stageName="prod", patchOperations=patches)
    return subject


def point(world: World, subject: Subject, verb: str, uri: str) -> object:
    api_id = api_of(subject)
    return world.admin("apigateway").update_integration(
        restApiId=api_id,
        resourceId=root(world, api_id),
        httpMethod=verb,
        patchOperations=[{"op": "replace", "path": "/uri", "value": uri}],
    )


def correct_one(world: World, subject: Subject) -> object:
    return point(world, subject, "POST", "https://shop.test/POST")


def deploy(world: World, subject: Subject) -> object:
    return world.admin("apigateway").create_deployment(restApiId=api_of(subject))


def bare_api(world: World) -> Subject:
    api_id = world.admin("apigateway").create_rest_api(name=world.fresh("api"))["id"]
    return world.subject(API, "shop", own_id=api_id)


def guarded_api(world: World) -> Subject:
    """Only from an office, but by HTTP too."""
    subject = bare_api(world)
    guard(world, subject, "198.51.100.0/24")
    return subject


def guard(world: World, subject: Subject, office: str) -> object:
    allowed: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": "execute-api:/*",
        "Condition": {"IpAddress": {"aws:SourceIp": office}},
    }
    return world.admin("apigateway").update_rest_api(
        restApiId=subject.key.id,
        patchOperations=[
            {"op": "replace", "path": "/policy", "value": policy(allowed)}
        ],
    )


def move_office(world: World, subject: Subject) -> object:
    return guard(world, subject, "203.0.113.0/24")


def no_api(world: World) -> Subject:
    return world.subject(API, "absent", own_id="absent")


SCENARIOS = (
    Scenario(
        "restore-api-stage",
        plain_stage,
        correct_one,
        lambda world: world.subject(STAGE, "prod", stage_arn("absent")),
    ),
    Scenario(
        "restore-api-stage",
        plain_stage,
        deploy,
        lambda world: world.subject(STAGE, "prod", stage_arn("absent")),
        {"variables": {"colour": "green"}},
        "with earlier variables",
    ),
    Scenario("restrict-api-policy", bare_api, move_office, no_api, label="bare"),
    Scenario("restrict-api-policy", guarded_api, move_office, no_api, label="guarded"),
    Scenario(
        "restrict-api-policy",
        guarded_api,
        move_office,
        no_api,
        {"policy": {"Version": "2012-10-17", "Statement": []}},
        "an earlier policy",
    ),
)
