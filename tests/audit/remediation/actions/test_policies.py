"""The policy of one plan's session is as narrow as the plan."""

from __future__ import annotations

from apps.audit.remediation.actions.base import Call, Draft, Image, Step, Subject
from apps.audit.remediation.actions.policies import (
    MOST_CHARACTERS,
    compact,
    session_policy,
)
from apps.discovery.inventory.items import ResourceKey

STAGE = "arn:aws:apigateway:eu-west-1::/restapis/abc/stages/prod"


def subject(region: str = "eu-west-1") -> Subject:
    key = ResourceKey("111122223333", region, "AWS::ApiGateway::Stage", STAGE)
    return Subject(key, STAGE, "prod")


def draft(*calls: Call) -> Draft:
    image = Image({})
    return Draft(image, image, tuple(Step("-", call) for call in calls), ())


def integration(resource: str) -> Call:
    named = {"restApiId": "abc", "resourceId": resource, "httpMethod": "GET"}
    return Call("apigateway", "update_integration", named)


def test_it_allows_the_calls_on_their_resources_and_nothing_else() -> None:
    stage = Call(
        "apigateway", "update_stage", {"restApiId": "abc", "stageName": "prod"}
    )

    policy = session_policy(subject(), draft(stage, integration("r1")))

    assert policy["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["apigateway:PATCH"],
            "Resource": [
                "arn:aws:apigateway:eu-west-1::/restapis/abc/resources/r1/methods/GET"
                "/integration",
                STAGE,
            ],
        }
    ]


def test_what_undoes_it_is_allowed_too() -> None:
    group = {"GroupId": "sg-1", "IpPermissions": []}
    undo = Step("-", Call("ec2", "authorize_security_group_ingress", group))
    plan = draft(Call("ec2", "revoke_security_group_ingress", group))

    policy = session_policy(subject("cn-north-1"), plan, (undo,))

    assert policy["Statement"] == [
        {
            "Effect": "Allow",
            "Action": [
                "ec2:AuthorizeSecurityGroupIngress",
                "ec2:RevokeSecurityGroupIngress",
            ],
            "Resource": ["arn:aws-cn:ec2:cn-north-1:111122223333:security-group/sg-1"],
        }
    ]


def test_a_plan_of_many_calls_still_fits_and_stays_within_its_api() -> None:
    many = [integration(f"resource{number}") for number in range(100)]

    policy = session_policy(subject(), draft(*many))

    assert len(compact(policy)) <= MOST_CHARACTERS
    (statement,) = policy["Statement"]
    assert statement["Resource"] == [
        "arn:aws:apigateway:eu-west-1::/restapis/abc/resources/resource*"
    ]
