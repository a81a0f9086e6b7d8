"""The services themselves: tasks on ECS and functions on Lambda."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from sandbox.kernel.cloud import HOME_REGION
from sandbox.shop.deployments import past_of, version
from sandbox.shop.estate.sites import Site
from sandbox.shop.names import DeployedFunction
from sandbox.shop.topology import CLUSTER, PORT, SERVICES, Registry, Runtime, Service

_CODE = '''"""{name} of the shop."""

import json


def handler(event, context):
    print(json.dumps({{"level": "INFO", "service": "{name}", "event": event}}))
    return {{"service": "{name}", "ok": True}}
'''


def set_up(site: Site) -> None:
    site.client("ecs").create_cluster(clusterName=CLUSTER)
    for service in SERVICES.values():
        if service.account != site.account:
            continue
        site.client("logs").create_log_group(logGroupName=service.log_group)
        site.client("logs").put_retention_policy(
            logGroupName=service.log_group, retentionInDays=30
        )
        if service.runtime is Runtime.ECS:
            for number in range(len(past_of(service)) + 1):
                register(site, service, version(number))
            _start(site, service)
        else:
            _function(site, service)


def image_of(service: Service, version: str) -> str:
    registry = f"{service.account}.dkr.ecr.{HOME_REGION}.amazonaws.com"
    return f"{registry}/shop/{service.name}:{version}"


def register(site: Site, service: Service, version: str) -> str:
    """A task definition of a version; its ARN."""
    logging = {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": service.log_group,
            "awslogs-region": HOME_REGION,
            "awslogs-stream-prefix": "ecs",
        },
    }
    answer = site.client("ecs").register_task_definition(
        family=service.name,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        taskRoleArn=f"arn:aws:iam::{service.account}:role/service-task",
        containerDefinitions=[
            {
                "name": service.name,
                "image": image_of(service, version),
                "essential": True,
                "portMappings": [{"containerPort": PORT, "protocol": "tcp"}],
                "environment": [{"name": "VERSION", "value": version}],
                "logConfiguration": logging,
            }
        ],
    )
    arn: str = answer["taskDefinition"]["taskDefinitionArn"]
    return arn


def _start(site: Site, service: Service) -> None:
    more: dict[str, Any] = {}
    if service.registry is Registry.CLOUD_MAP:
        more["serviceRegistries"] = [
            {
                "registryArn": site.map_services[service.name],
                "containerName": service.name,
                "containerPort": PORT,
            }
        ]
    if service.registry is Registry.ALB:
        more["loadBalancers"] = [
            {
                "targetGroupArn": site.balancers[service.name].target_group,
                "containerName": service.name,
                "containerPort": PORT,
            }
        ]
    site.client("ecs").create_service(
        cluster=CLUSTER,
        serviceName=service.name,
        taskDefinition=service.name,
        desiredCount=service.tasks,
        launchType="FARGATE",
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": list(site.subnets),
                "securityGroups": [(site.groups or {})[service.name]],
            }
        },
        **more,
    )


def zipped(source: str) -> bytes:
    """Code as Lambda takes it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("main.py", source)
    return packed.getvalue()


def _function(site: Site, service: Service) -> None:
    made = site.client("lambda").create_function(
        FunctionName=service.name,
        Runtime="python3.12",
        Role=f"arn:aws:iam::{service.account}:role/function",
        Handler="main.handler",
        Code={"ZipFile": zipped(_CODE.format(name=service.name))},
        Timeout=30,
        MemorySize=256,
        TracingConfig={"Mode": "Active"},
    )
    site.functions[service.name] = DeployedFunction(
        made["FunctionArn"], made["Version"]
    )
