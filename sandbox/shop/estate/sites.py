"""An account of the shop, and those who build and run it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.backends import get_backend

from sandbox.kernel.cloud import HOME_REGION, REGIONS, Cloud
from sandbox.kernel.principals import Principal, PrincipalKind
from sandbox.shop.names import Balanced, DeployedFunction, RunningTask

OFFICE = "198.51.100.20"
_AMAZON = "801119661308"
PIPELINE = "198.51.100.44"
_EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@dataclass(frozen=True, slots=True)
class Balancer:
    """A load balancer and its target group, by their ARNs, and how DNS knows it."""

    arn: str
    target_group: str
    dns_name: str
    zone: str

    @property
    def balanced(self) -> Balanced:
        return Balanced(
            self.arn.split(":loadbalancer/")[1], self.target_group.rsplit(":", 1)[1]
        )


@dataclass(slots=True)
class Registered:
    """What was written last into the registries the shop writes itself: records of
    Route 53 by name and type, and keys of the table."""

    records: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    entries: set[tuple[str, str]] = field(default_factory=set)


@dataclass(slots=True)
class Site:
    """One account in its home region, with what later steps need of earlier ones.

    `map_services` are the ARNs of services in Cloud Map; `running` tells which tasks
    run.
    """

    cloud: Cloud
    account: str
    deployer: Principal
    vpc: str = ""
    zone: str = ""
    subnets: tuple[str, ...] = ()
    groups: dict[str, str] | None = None
    balancers: dict[str, Balancer] = field(default_factory=dict)
    functions: dict[str, DeployedFunction] = field(default_factory=dict)
    map_services: dict[str, str] = field(default_factory=dict)
    running: Callable[[], Mapping[str, tuple[RunningTask, ...]]] = dict
    registered: Registered = field(default_factory=Registered)

    @property
    def balanced(self) -> dict[str, Balanced]:
        """The dimensions of its load balancers' metrics."""
        return {name: each.balanced for name, each in self.balancers.items()}

    def client(self, service: str, region: str = HOME_REGION) -> Any:
        """A client of the deployment pipeline."""
        return self.cloud.clients.get(
            service, self.account, region, self.deployer, PIPELINE
        )

    def as_(self, who: Principal, service: str, source_ip: str = OFFICE) -> Any:
        """A client of somebody else."""
        return self.cloud.clients.get(
            service, self.account, HOME_REGION, who, source_ip
        )


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(**principal: str) -> str:
    return policy(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    )


def open_site(cloud: Cloud, account: str) -> Site:
    """Make the people and roles of an account."""
    iam = cloud.client("iam", account, HOME_REGION, "organizations.amazonaws.com")
    root = f"arn:aws:iam::{account}:root"
    role = iam.create_role(
        RoleName="deployer", AssumeRolePolicyDocument=trust(AWS=root)
    )["Role"]
    iam.put_role_policy(
        RoleName="deployer", PolicyName="deploys", PolicyDocument=policy(_EVERYTHING)
    )
    for name, service in (
        ("service-task", "ecs-tasks.amazonaws.com"),
        ("function", "lambda.amazonaws.com"),
        ("automation", "ssm.amazonaws.com"),
        ("config-recorder", "config.amazonaws.com"),
    ):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(Service=service))
    iam.put_role_policy(
        RoleName="automation", PolicyName="repairs", PolicyDocument=policy(_EVERYTHING)
    )
    _disown_images(account)
    deployer = Principal(
        PrincipalKind.ROLE,
        account,
        "deployer",
        role["RoleId"],
        f"ASIADEPLOYER{account[:8]}",
        session_name="pipeline",
        issued_at=cloud.clock.now(),
    )
    return Site(cloud, account, deployer)


def _disown_images(account: str) -> None:
    """moto makes a snapshot of each of Amazon's images, and has the account own it."""
    for region in REGIONS:
        for snapshot in get_backend("ec2")[account][region].snapshots.values():
            snapshot.owner_id = _AMAZON


def hire(site: Site, name: str) -> Principal:
    """A user who may do everything, with an access key, as it should not be."""
    iam = site.client("iam")
    user = iam.create_user(UserName=name)["User"]
    iam.put_user_policy(
        UserName=name, PolicyName="works", PolicyDocument=policy(_EVERYTHING)
    )
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Principal(
        PrincipalKind.USER, site.account, name, user["UserId"], key["AccessKeyId"]
    )
