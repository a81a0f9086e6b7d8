"""Deployments and what operators do: now by real calls, in the past by records."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from botocore import xform_name

from sandbox.cloudtrail import records
from sandbox.cloudtrail.records import Record
from sandbox.kernel.calls import Call, Finished
from sandbox.kernel.cloud import HOME_REGION
from sandbox.kernel.principals import Principal, PrincipalKind
from sandbox.shop.deployments import PAST, past_of, version
from sandbox.shop.estate.compute import image_of, register, zipped
from sandbox.shop.estate.sites import OFFICE, PIPELINE
from sandbox.shop.people import People
from sandbox.shop.topology import CLUSTER, SERVICES, Runtime, Service

_LOOKS_AN_HOUR = 24
_Asked = tuple[str, str, dict[str, Any]]
"""Service, operation and parameters of a call."""
_LOOKS: tuple[_Asked, ...] = (
    ("ecs", "DescribeServices", {"cluster": CLUSTER, "services": ["storefront"]}),
    ("ecs", "ListTasks", {"cluster": CLUSTER}),
    ("rds", "DescribeDBInstances", {}),
    ("ec2", "DescribeSecurityGroups", {}),
    ("logs", "DescribeLogGroups", {}),
    ("cloudwatch", "DescribeAlarms", {}),
    ("iam", "ListUsers", {}),
)


class Changes:
    """Changes to the shop: who makes them, what and when is drawn by lot."""

    def __init__(self, people: People, seed: int = 1) -> None:
        self._people = people
        self._random = random.Random(seed)  # noqa: S311 - a demo's dice
        self._versions = {
            name: len(past_of(service)) for name, service in SERVICES.items()
        }

    def deploy_any(self) -> Service:
        """Put a new version of one service in place; which."""
        service = self._random.choice(list(SERVICES.values()))
        self.deploy(service)
        return service

    def look(self) -> None:
        """Somebody of the shop looks at something."""
        who = self._random.choice((self._people.anna_user, self._people.ci))
        service, operation, parameters = self._random.choice(_LOOKS)
        client = self._people.site(who.account).as_(who, service)
        getattr(client, xform_name(operation))(**parameters)

    def deploy(self, service: Service) -> None:
        site = self._people.site(service.account)
        new = self._next_version(service)
        if service.runtime is Runtime.ECS:
            definition = register(site, service, new)
            site.client("ecs").update_service(
                cluster=CLUSTER, service=service.name, taskDefinition=definition
            )
        else:
            code = f'VERSION = "{new}"\n\n\ndef handler(event, context):\n'
            site.client("lambda").update_function_code(
                FunctionName=service.name,
                ZipFile=zipped(f'{code}    return {{"ok": True}}\n'),
            )

    def _next_version(self, service: Service) -> str:
        self._versions[service.name] += 1
        return version(self._versions[service.name])

    def past(self, start: float, end: float) -> list[Record]:
        """Records of the deployments and looks of a time, in order."""
        found = [*self._past_deployments(start, end), *self._past_looks(start, end)]
        return sorted(found, key=lambda record: str(record["eventTime"]))

    def _past_deployments(self, start: float, end: float) -> Iterator[Record]:
        for deployment in PAST:
            service, at = deployment.service, deployment.time(start, end)
            image = image_of(service, version(deployment.number))
            containers = [{"name": service.name, "image": image}]
            register_it = {"family": service.name, "containerDefinitions": containers}
            update_it = {
                "cluster": CLUSTER,
                "service": service.name,
                "taskDefinition": f"{service.name}:{deployment.number + 1}",
            }
            deployer = self._people.site(service.account).deployer
            yield from self._recorded(
                deployer, at, ("ecs", "RegisterTaskDefinition", register_it)
            )
            yield from self._recorded(
                deployer, at + 2, ("ecs", "UpdateService", update_it)
            )

    def _past_looks(self, start: float, end: float) -> Iterator[Record]:
        people = (self._people.anna_user, self._people.ci)
        deployers = tuple(site.deployer for site in self._people.sites.values())
        for _ in range(round(_LOOKS_AN_HOUR * (end - start) / 3_600)):
            at = start + self._random.random() * (end - start)
            who = self._random.choice((*people, *deployers))
            yield from self._recorded(who, at, self._random.choice(_LOOKS))

    def _recorded(self, who: Principal, at: float, asked: _Asked) -> Iterator[Record]:
        service, operation, parameters = asked
        is_pipeline = who.name == "deployer"
        if who.kind is PrincipalKind.ROLE:
            who = replace(who, issued_at=at - 60)
        call = Call(
            service,
            operation,
            parameters,
            who.account,
            HOME_REGION,
            who,
            at,
            str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
            PIPELINE if is_pipeline else OFFICE,
            "Boto3/1.44" if is_pipeline else "aws-cli/2.31",
        )
        yield from records.of(Finished(call, {}))
