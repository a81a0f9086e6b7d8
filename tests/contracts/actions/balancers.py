"""Listeners for HTTP that answer by HTTP."""

from __future__ import annotations

from typing import Any

from apps.audit.remediation.actions.base import Subject
from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.contracts.actions.scenarios import Scenario
from tests.contracts.actions.world import World

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
_HEAD = f"arn:aws:elasticloadbalancing:{HOME_REGION}:{SHOP}"


def fixed(text: str) -> list[dict[str, Any]]:
    said = {"StatusCode": "200", "ContentType": "text/plain", "MessageBody": text}
    return [{"Type": "fixed-response", "FixedResponseConfig": said}]


def balancer(world: World) -> Subject:
    """HTTP on two ports, and HTTPS."""
    elb, ec2, name = world.admin("elbv2"), world.admin("ec2"), world.fresh("lb")
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"][:2]]
    arn = elb.create_load_balancer(Name=name, Subnets=subnets)["LoadBalancers"][0][
        "LoadBalancerArn"
    ]
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    target = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc)
    group = target["TargetGroups"][0]["TargetGroupArn"]
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    elb.create_listener(
        LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=forward
    )
    elb.create_listener(
        LoadBalancerArn=arn, Protocol="HTTP", Port=8_080, DefaultActions=fixed("hello")
    )
    certificate = world.admin("acm").request_certificate(DomainName="shop.test")
    elb.create_listener(
        LoadBalancerArn=arn,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": certificate["CertificateArn"]}],
        DefaultActions=forward,
    )
    return world.subject(BALANCER, name, arn)


def listener(world: World) -> Subject:
    return world.subject(LISTENER, "", listener_of(world, balancer(world), 80))


def listener_of(world: World, subject: Subject, port: int) -> str:
    listed = world.admin("elbv2").describe_listeners(LoadBalancerArn=subject.arn)
    return next(
        str(one["ListenerArn"]) for one in listed["Listeners"] if one["Port"] == port
    )


def answer_otherwise(world: World, subject: Subject) -> object:
    arn = subject.arn
    if subject.key.type == BALANCER:
        arn = listener_of(world, subject, 8_080)
    return world.admin("elbv2").modify_listener(
        ListenerArn=arn, DefaultActions=fixed("goodbye")
    )


SCENARIOS = (
    Scenario(
        "redirect-to-https",
        balancer,
        answer_otherwise,
        lambda world: world.subject(
            BALANCER, "absent", f"{_HEAD}:loadbalancer/app/absent/0123456789abcdef"
        ),
        label="load balancer",
    ),
    Scenario(
        "redirect-to-https",
        listener,
        answer_otherwise,
        lambda world: world.subject(
            LISTENER, "", f"{_HEAD}:listener/app/absent/0123456789abcdef/0a0a"
        ),
        label="listener",
    ),
)
