"""Functions, services and groups of instances."""

from __future__ import annotations

from apps.audit.remediation.actions.base import Subject, Values
from sandbox.kernel.cloud import HOME_REGION, SHOP
from sandbox.shop.estate.compute import zipped
from sandbox.shop.estate.sites import trust
from tests.contracts.actions.scenarios import Scenario, absent
from tests.contracts.actions.world import World

_CODE = "def handler(event, context):\n    return {'did': event}\n"


def function(world: World, code: str = _CODE) -> Subject:
    iam, name = world.admin("iam"), world.fresh("function")
    role = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=trust(Service="lambda.amazonaws.com")
    )["Role"]["Arn"]
    arn = world.admin("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role,
        Handler="main.handler",
        Code={"ZipFile": zipped(code)},
        Tags={"team": "shop"},
    )["FunctionArn"]
    return world.subject("AWS::Lambda::Function", name, arn, name)


def limited_function(world: World) -> Subject:
    subject = function(world)
    reserve(world, subject)
    return subject


def reserve(world: World, subject: Subject) -> object:
    return world.admin("lambda").put_function_concurrency(
        FunctionName=subject.name, ReservedConcurrentExecutions=5
    )


def release(world: World, subject: Subject) -> object:
    return world.admin("lambda").delete_function_concurrency(FunctionName=subject.name)


def service(world: World) -> Subject:
    """One that runs the second revision of its definition."""
    ecs, name = world.admin("ecs"), world.fresh("service")
    ecs.create_cluster(clusterName="shop")
    for _ in range(2):
        revise(world, name)
    made = ecs.create_service(
        cluster="shop",
        serviceName=name,
        taskDefinition=f"{name}:2",
        desiredCount=0,
    )["service"]
    return world.subject("AWS::ECS::Service", name, made["serviceArn"])


def revise(world: World, family: str) -> object:
    return world.admin("ecs").register_task_definition(
        family=family,
        containerDefinitions=[{"name": "app", "image": "app", "memory": 128}],
    )


def deploy(world: World, subject: Subject) -> object:
    return world.admin("ecs").update_service(
        cluster="shop", service=subject.name, forceNewDeployment=True
    )


def run_first(world: World, subject: Subject) -> object:
    return world.admin("ecs").update_service(
        cluster="shop", service=subject.name, taskDefinition=f"{subject.name}:1"
    )


def present(world: World, subject: Subject) -> Values:
    """The deployment that runs now is the one to replace."""
    shown = world.admin("ecs").describe_services(
        cluster="shop", services=[subject.name]
    )["services"]
    return {"deployment": shown[0]["deployments"][0]["id"] if shown else "gone"}


def group(world: World) -> Subject:
    scaling, name = world.admin("autoscaling"), world.fresh("group")
    scaling.create_launch_configuration(
        LaunchConfigurationName=name, ImageId="ami-12c6146b", InstanceType="t3.micro"
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        LaunchConfigurationName=name,
        MinSize=0,
        MaxSize=3,
        DesiredCapacity=0,
        AvailabilityZones=[f"{HOME_REGION}a"],
    )
    found = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    arn = found["AutoScalingGroups"][0]["AutoScalingGroupARN"]
    return world.subject("AWS::AutoScaling::AutoScalingGroup", name, arn)


def scale(world: World, subject: Subject) -> object:
    return world.admin("autoscaling").set_desired_capacity(
        AutoScalingGroupName=subject.name, DesiredCapacity=1
    )


_ABSENT_SERVICE = f"arn:aws:ecs:{HOME_REGION}:{SHOP}:service/shop/absent"


def no_service(world: World) -> Subject:
    world.admin("ecs").create_cluster(clusterName="shop")
    return world.subject("AWS::ECS::Service", "absent", _ABSENT_SERVICE)


SCENARIOS = (
    Scenario(
        "reserve-concurrency",
        function,
        reserve,
        absent(function, "absent"),
        {"reserved": 20},
    ),
    Scenario(
        "reserve-concurrency",
        limited_function,
        release,
        absent(function, "absent"),
        {"reserved": 0},
        "stopped",
    ),
    Scenario("restart-service", service, deploy, no_service, present),
    Scenario("roll-back-service", service, run_first, no_service),
    Scenario(
        "roll-back-service",
        service,
        run_first,
        no_service,
        lambda world, subject: {"task_definition": f"{subject.name}:1"},
        "to a revision",
    ),
    Scenario("set-capacity", group, scale, absent(group, "absent"), {"capacity": 2}),
)
