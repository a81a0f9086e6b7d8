"""A network of its own for each account, and the balancers people come in by."""

from __future__ import annotations

from sandbox.kernel.cloud import HOME_REGION
from sandbox.shop.estate.sites import Balancer, Site
from sandbox.shop.topology import PORT, SERVICES, Registry, Runtime


def set_up(site: Site) -> None:
    ec2 = site.client("ec2")
    block = f"10.{int(site.account[-1]) + 20}"
    vpc: str = ec2.create_vpc(CidrBlock=f"{block}.0.0/16")["Vpc"]["VpcId"]
    site.vpc = vpc
    site.subnets = tuple(
        ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=f"{block}.{number}.0/24",
            AvailabilityZone=f"{HOME_REGION}{zone}",
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("ab")
    )
    site.groups = {name: _group(site, name, block) for name in _services_of(site)}
    site.balancers = {
        name: _balance(site, name)
        for name in _services_of(site)
        if SERVICES[name].registry is Registry.ALB
    }


def _services_of(site: Site) -> list[str]:
    return [
        service.name
        for service in SERVICES.values()
        if service.account == site.account and service.runtime is Runtime.ECS
    ]


def _group(site: Site, name: str, block: str) -> str:
    """A security group that lets only the network in."""
    ec2 = site.client("ec2")
    group: str = ec2.create_security_group(
        GroupName=name, Description=f"{name} of the shop", VpcId=site.vpc
    )["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": PORT,
                "ToPort": PORT,
                "IpRanges": [{"CidrIp": f"{block}.0.0/16"}],
            }
        ],
    )
    return group


def _balance(site: Site, name: str) -> Balancer:
    """A load balancer before a service."""
    elb = site.client("elbv2")
    groups = site.groups or {}
    balancer = elb.create_load_balancer(
        Name=name,
        Subnets=list(site.subnets),
        SecurityGroups=[groups[name]],
        Scheme="internal",
        Type="application",
    )["LoadBalancers"][0]
    target: str = elb.create_target_group(
        Name=name,
        Protocol="HTTP",
        Port=PORT,
        VpcId=site.vpc,
        TargetType="ip",
        HealthCheckPath="/health",
    )["TargetGroups"][0]["TargetGroupArn"]
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": target}],
    )
    return Balancer(
        balancer["LoadBalancerArn"],
        target,
        balancer["DNSName"],
        balancer["CanonicalHostedZoneId"],
    )
