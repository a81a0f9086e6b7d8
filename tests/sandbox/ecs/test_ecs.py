"""Services that come to what they want, and tasks that come and go."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.assembly import Sandbox
from sandbox.ecs import Ecs
from sandbox.ecs.addresses import Subnet
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud, Event
from sandbox.kernel.faults import Fault, FaultKind
from tests.sandbox.conftest import Client

Pass = Callable[[float], None]
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-a", "subnet-b"]}}


def a_definition(client: Client, family: str = "cart") -> str:
    made = client("ecs").register_task_definition(
        family=family,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "app", "image": f"shop/{family}:1"}],
    )
    return str(made["taskDefinition"]["taskDefinitionArn"])


def a_service(client: Client, desired: int = 2, **more: Any) -> Any:
    ecs = client("ecs")
    ecs.create_cluster(clusterName="shop")
    usual = {"networkConfiguration": NETWORK, "launchType": "FARGATE"}
    return ecs.create_service(
        cluster="shop",
        serviceName="cart",
        taskDefinition=a_definition(client),
        desiredCount=desired,
        **{**usual, **more},
    )["service"]


def settle(pass_time: Pass, seconds: int = 12) -> None:
    for _ in range(seconds):
        pass_time(1)


def the_service(client: Client) -> Any:
    ecs = client("ecs")
    return ecs.describe_services(cluster="shop", services=["cart"])["services"][0]


def tasks(client: Client, status: str = "RUNNING") -> list[Any]:
    ecs = client("ecs")
    arns = ecs.list_tasks(cluster="shop", desiredStatus=status)["taskArns"]
    if not arns:
        return []
    found: list[Any] = ecs.describe_tasks(cluster="shop", tasks=arns)["tasks"]
    return found


def address_of(task: Any) -> str:
    (attachment,) = task["attachments"]
    return str(
        {d["name"]: d["value"] for d in attachment["details"]}["privateIPv4Address"]
    )


def code_of(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


@pytest.fixture
def told(cloud: Cloud) -> list[Event]:
    heard: list[Event] = []
    cloud.on_event(heard.append)
    return heard


@pytest.fixture
def ecs_room(sandbox: Sandbox) -> Ecs:
    room = sandbox.service("ecs")
    assert isinstance(room, Ecs)
    return room


def test_a_service_starts_what_it_wants(client: Client, pass_time: Pass) -> None:
    made = a_service(client)
    assert (made["runningCount"], made["deployments"][0]["rolloutState"]) == (
        0, "IN_PROGRESS",
    )  # fmt: skip

    pass_time(1)
    assert the_service(client)["pendingCount"] == 2
    settle(pass_time)

    service = the_service(client)
    assert (service["runningCount"], service["pendingCount"]) == (2, 0)
    assert service["deployments"][0]["rolloutState"] == "COMPLETED"
    said = service["events"][0]["message"]
    assert said == "(service cart) has reached a steady state."


def test_tasks_pass_through_their_statuses(
    client: Client, pass_time: Pass, told: list[Event]
) -> None:
    a_service(client, 1)
    settle(pass_time)

    events = [e.detail for e in told if e.detail_type == "ECS Task State Change"]
    assert [detail["lastStatus"] for detail in events] == [
        "PROVISIONING", "PENDING", "ACTIVATING", "RUNNING",
    ]  # fmt: skip
    assert [detail["version"] for detail in events] == [1, 2, 3, 4]
    assert events[-1]["startedAt"] == "2026-09-21T14:13:27.000Z"
    assert events[-1]["group"] == "service:cart"


def test_a_task_has_an_address_of_its_own(client: Client, pass_time: Pass) -> None:
    a_service(client)
    settle(pass_time)

    addresses = [
        container["networkInterfaces"][0]["privateIpv4Address"]
        for task in tasks(client)
        for container in task["containers"]
    ]
    assert addresses == ["10.0.0.4", "10.0.1.4"]


def test_addresses_come_from_the_blocks_of_the_subnets(
    client: Client, pass_time: Pass
) -> None:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.21.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone)["Subnet"]
        for block, zone in (
            ("10.21.7.0/24", "eu-west-1b"),
            ("10.21.8.0/28", "eu-west-1c"),
        )
    ]
    ids = [subnet["SubnetId"] for subnet in subnets]
    a_service(client, 4, networkConfiguration={"awsvpcConfiguration": {"subnets": ids}})
    settle(pass_time)

    found = {(address_of(task), task["availabilityZone"]) for task in tasks(client)}

    assert found == {
        ("10.21.7.4", "eu-west-1b"), ("10.21.7.5", "eu-west-1b"),
        ("10.21.8.4", "eu-west-1c"), ("10.21.8.5", "eu-west-1c"),
    }  # fmt: skip


def test_clusters_of_a_network_share_its_addresses(
    client: Client, pass_time: Pass
) -> None:
    a_service(client)
    ecs = client("ecs")
    ecs.create_cluster(clusterName="jobs")
    answer = ecs.run_task(
        cluster="jobs", taskDefinition="cart", networkConfiguration=NETWORK
    )
    settle(pass_time)

    taken = [address_of(task) for task in (*answer["tasks"], *tasks(client))]

    assert len(set(taken)) == 3


def test_a_small_subnet_has_eleven_addresses_to_give() -> None:
    subnet = Subnet(IPv4Network("10.0.0.0/28"), "eu-west-1a")

    given = [subnet.take() for _ in range(12)]

    assert given == [*(f"10.0.0.{host}" for host in range(4, 15)), None]


def test_an_address_that_is_free_again_is_given_last() -> None:
    subnet = Subnet(IPv4Network("10.0.0.0/28"), "eu-west-1a")
    given = [subnet.take() for _ in range(10)]
    assert given[0] == "10.0.0.4"

    subnet.give_back("10.0.0.4")

    assert [subnet.take() for _ in range(3)] == ["10.0.0.14", "10.0.0.4", None]


def test_services_can_be_settled_at_once(client: Client, ecs_room: Ecs) -> None:
    a_service(client)

    ecs_room.settle()

    assert [task["lastStatus"] for task in tasks(client)] == ["RUNNING", "RUNNING"]
    running = ecs_room.running((SHOP, HOME_REGION), "shop")["cart"]
    assert {t.arn for t in running} == {t["taskArn"] for t in tasks(client)}
    assert the_service(client)["deployments"][0]["rolloutState"] == "COMPLETED"


def test_a_task_that_fails_is_replaced(
    client: Client, pass_time: Pass, ecs_room: Ecs
) -> None:
    a_service(client)
    settle(pass_time)
    failed = tasks(client)[0]["taskArn"]

    ecs_room.fail_task((SHOP, HOME_REGION), failed, 137, "OutOfMemoryError")
    assert the_service(client)["runningCount"] == 1
    settle(pass_time)

    (stopped,) = tasks(client, "STOPPED")
    assert (stopped["taskArn"], stopped["lastStatus"]) == (failed, "STOPPED")
    assert stopped["stopCode"] == "EssentialContainerExited"
    assert stopped["containers"][0]["exitCode"] == 137
    assert stopped["containers"][0]["reason"] == "OutOfMemoryError"
    assert the_service(client)["runningCount"] == 2


def test_a_stopped_task_is_forgotten_after_an_hour(
    client: Client, pass_time: Pass
) -> None:
    a_service(client, 1)
    settle(pass_time)
    task = tasks(client)[0]["taskArn"]
    client("ecs").stop_task(cluster="shop", task=task, reason="by hand")
    settle(pass_time)
    assert tasks(client, "STOPPED")[0]["stoppedReason"] == "by hand"

    pass_time(3_700)

    answer = client("ecs").describe_tasks(cluster="shop", tasks=[task])
    assert answer["failures"] == [{"arn": task, "reason": "MISSING"}]


def test_a_new_task_definition_rolls_the_tasks(
    client: Client, pass_time: Pass, told: list[Event]
) -> None:
    a_service(client)
    settle(pass_time)
    second = a_definition(client)

    client("ecs").update_service(cluster="shop", service="cart", taskDefinition=second)
    assert [d["status"] for d in the_service(client)["deployments"]] == [
        "PRIMARY", "ACTIVE",
    ]  # fmt: skip
    settle(pass_time, 20)

    service = the_service(client)
    assert [d["taskDefinition"] for d in service["deployments"]] == [second]
    assert {task["taskDefinitionArn"] for task in tasks(client)} == {second}
    names = [e.detail["eventName"] for e in told if "Deployment" in e.detail_type]
    assert names == [
        "SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_COMPLETED",
    ] * 2  # fmt: skip


def test_enough_tasks_run_while_others_are_replaced(
    client: Client, pass_time: Pass
) -> None:
    a_service(client)
    settle(pass_time)
    client("ecs").update_service(
        cluster="shop", service="cart", forceNewDeployment=True
    )
    running = []
    for _ in range(20):
        pass_time(1)
        running.append(the_service(client)["runningCount"])

    assert min(running) == 2


def test_a_deployment_that_fails_is_rolled_back(
    client: Client, pass_time: Pass, ecs_room: Ecs, told: list[Event]
) -> None:
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    first = a_service(client, 1, deploymentConfiguration=breaker)["taskDefinition"]
    settle(pass_time)
    second = a_definition(client)
    client("ecs").update_service(cluster="shop", service="cart", taskDefinition=second)

    for _ in range(3):
        pass_time(1)
        for task in tasks(client):
            if task["taskDefinitionArn"] == second:
                place = (SHOP, HOME_REGION)
                ecs_room.fail_task(place, task["taskArn"], 1, "bad image")
    settle(pass_time, 20)

    names = [e.detail.get("eventName") for e in told]
    assert "SERVICE_DEPLOYMENT_FAILED" in names
    assert the_service(client)["taskDefinition"] == first
    assert the_service(client)["deployments"][0]["rolloutState"] == "COMPLETED"


def test_fewer_are_wanted(client: Client, pass_time: Pass) -> None:
    a_service(client, 3)
    settle(pass_time)

    client("ecs").update_service(cluster="shop", service="cart", desiredCount=1)
    settle(pass_time)

    assert the_service(client)["runningCount"] == 1
    codes = {task["stopCode"] for task in tasks(client, "STOPPED")}
    assert codes == {"ServiceSchedulerInitiated"}


def test_a_service_is_deleted_when_nothing_is_wanted(
    client: Client, pass_time: Pass
) -> None:
    a_service(client)
    settle(pass_time)
    ecs = client("ecs")
    wanted = {"cluster": "shop", "service": "cart"}
    assert code_of(ecs.delete_service, **wanted) == "InvalidParameterException"

    assert ecs.delete_service(**wanted, force=True)["service"]["status"] == "DRAINING"
    settle(pass_time)

    assert the_service(client)["status"] == "INACTIVE"
    assert code_of(ecs.update_service, **wanted) == "ServiceNotActiveException"


def test_a_cluster_counts_its_tasks(client: Client, pass_time: Pass) -> None:
    a_service(client)
    settle(pass_time)

    (shop,) = client("ecs").describe_clusters(clusters=["shop"])["clusters"]

    assert (shop["runningTasksCount"], shop["activeServicesCount"]) == (2, 1)


def a_target_group(client: Client) -> str:
    vpc = client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = client("elbv2").create_target_group(
        Name="cart", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip"
    )
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def test_running_tasks_are_registered_with_their_target_group(
    client: Client, pass_time: Pass, ecs_room: Ecs
) -> None:
    group = a_target_group(client)
    balancer = {"targetGroupArn": group, "containerName": "app", "containerPort": 80}
    a_service(client, 1, loadBalancers=[balancer])
    settle(pass_time)
    health = client("elbv2").describe_target_health
    (target,) = health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert target["Target"]["Id"] == "10.0.0.4"

    failed = tasks(client)[0]["taskArn"]
    ecs_room.fail_task((SHOP, HOME_REGION), failed, 1, "")
    settle(pass_time)

    (target,) = health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert target["Target"]["Id"] == "10.0.1.4"


def test_running_tasks_are_found_in_cloud_map(client: Client, pass_time: Pass) -> None:
    found = client("servicediscovery")
    found.create_http_namespace(Name="shop")
    space = found.list_namespaces()["Namespaces"][0]["Id"]
    made = found.create_service(Name="cart", NamespaceId=space)["Service"]
    a_service(client, 1, serviceRegistries=[{"registryArn": made["Arn"]}])
    settle(pass_time)

    (instance,) = found.list_instances(ServiceId=made["Id"])["Instances"]

    assert instance["Attributes"]["AWS_INSTANCE_IPV4"] == "10.0.0.4"
    assert instance["Id"] == tasks(client)[0]["taskArn"].split("/")[-1]


def test_what_is_missing_is_among_the_failures(client: Client) -> None:
    a_service(client)
    ecs = client("ecs")

    answer = ecs.describe_services(cluster="shop", services=["cart", "gone"])

    assert [s["serviceName"] for s in answer["services"]] == ["cart"]
    arn = f"arn:aws:ecs:{HOME_REGION}:{SHOP}:service/shop/gone"
    assert answer["failures"] == [{"arn": arn, "reason": "MISSING"}]


def test_a_part_may_fail(client: Client, cloud: Cloud) -> None:
    a_service(client)
    cloud.faults.add(Fault(FaultKind.PARTIAL, "ecs.DescribeServices", count=1))

    answer = client("ecs").describe_services(cluster="shop", services=["cart"])

    assert (answer["services"], len(answer["failures"])) == ([], 1)


def test_refusals_carry_aws_codes(client: Client) -> None:
    ecs = client("ecs")
    assert code_of(ecs.list_services, cluster="none") == "ClusterNotFoundException"
    a_service(client)
    on_shop = {"cluster": "shop"}
    many = ["x"] * 11
    refused = "InvalidParameterException"
    assert code_of(ecs.describe_services, services=many, **on_shop) == refused
    assert code_of(ecs.describe_tasks, tasks=many * 10, **on_shop) == refused
    assert code_of(ecs.run_task, taskDefinition="cart", **on_shop) == refused
    assert code_of(ecs.run_task, taskDefinition="gone", **on_shop) == "ClientException"
    gone = code_of(ecs.update_service, service="gone", **on_shop)
    assert gone == "ServiceNotFoundException"
