"""Deployments that fail, and what is told of a service's tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.ecs import Ecs
from sandbox.kernel.cloud import HOME_REGION, SHOP, Event
from tests.sandbox.conftest import Client
from tests.sandbox.ecs.test_ecs import (
    NETWORK,
    a_definition,
    a_service,
    a_target_group,
    code_of,
    ecs_room,
    settle,
    tasks,
    the_service,
    told,
)

__all__ = ["ecs_room", "told"]

Pass = Callable[[float], None]
PLACE = (SHOP, HOME_REGION)


def breaker(*, rollback: bool) -> dict[str, Any]:
    return {"deploymentCircuitBreaker": {"enable": True, "rollback": rollback}}


def fail_tasks_of(
    client: Client, room: Ecs, pass_time: Pass, *definitions: str, times: int = 12
) -> None:
    """Each second, end every task of these definitions."""
    for _ in range(times):
        pass_time(1)
        for task in tasks(client):
            if task["taskDefinitionArn"] in definitions:
                room.fail_task(PLACE, task["taskArn"], 1, "bad image")


def update(client: Client, **more: Any) -> Any:
    ecs = client("ecs")
    return ecs.update_service(cluster="shop", service="cart", **more)["service"]


def test_without_a_rollback_a_failed_deployment_stays_failed(
    client: Client, pass_time: Pass, ecs_room: Ecs, told: list[Event]
) -> None:
    a_service(client, 1, deploymentConfiguration=breaker(rollback=False))
    settle(pass_time)
    second = a_definition(client)
    update(client, taskDefinition=second)

    fail_tasks_of(client, ecs_room, pass_time, second)

    primary = the_service(client)["deployments"][0]
    assert (primary["rolloutState"], primary["failedTasks"]) == ("FAILED", 3)
    failed = [e.detail for e in told if "DEPLOYMENT_FAILED" in str(e.detail)]
    assert [(d["deploymentId"], d["eventType"]) for d in failed] == [
        (primary["id"], "ERROR")
    ]
    assert the_service(client)["runningCount"] == 1  # of the one before


def test_without_a_breaker_a_service_never_gives_up(
    client: Client, pass_time: Pass, ecs_room: Ecs
) -> None:
    first = a_service(client, 1)["taskDefinition"]

    fail_tasks_of(client, ecs_room, pass_time, first)

    deployment = the_service(client)["deployments"][0]
    assert deployment["rolloutState"] == "IN_PROGRESS"
    assert deployment["failedTasks"] > 3


def test_half_of_what_is_wanted_may_fail(
    client: Client, pass_time: Pass, ecs_room: Ecs
) -> None:
    """The breaker's threshold is half of the desired count, three at least."""
    configuration = breaker(rollback=False)
    a_service(client, 8, deploymentConfiguration=configuration)
    pass_time(1)
    for task in tasks(client)[:3]:
        ecs_room.fail_task(PLACE, task["taskArn"], 1, "")
    pass_time(1)
    assert the_service(client)["deployments"][0]["rolloutState"] == "IN_PROGRESS"

    ecs_room.fail_task(PLACE, tasks(client)[0]["taskArn"], 1, "")
    pass_time(1)

    assert the_service(client)["deployments"][0]["rolloutState"] == "FAILED"


def test_a_rollback_that_fails_is_not_rolled_back(
    client: Client, pass_time: Pass, ecs_room: Ecs, told: list[Event]
) -> None:
    configuration = breaker(rollback=True)
    first = a_service(client, 1, deploymentConfiguration=configuration)
    settle(pass_time)
    second = a_definition(client)
    update(client, taskDefinition=second)

    both = (first["taskDefinition"], second)
    fail_tasks_of(client, ecs_room, pass_time, *both, times=30)

    names = [event.detail.get("eventName") for event in told]
    assert names.count("SERVICE_DEPLOYMENT_FAILED") == 2
    assert the_service(client)["deployments"][0]["rolloutState"] == "FAILED"


def test_deployments_without_tasks_are_not_kept(
    client: Client, pass_time: Pass, ecs_room: Ecs
) -> None:
    a_service(client, 1)
    for _ in range(5):
        update(client, forceNewDeployment=True)
        pass_time(1)

    settle(pass_time, 4)

    assert len(the_service(client)["deployments"]) == 1


def test_the_events_of_a_service_are_the_last_hundred(
    client: Client, pass_time: Pass, ecs_room: Ecs
) -> None:
    first = a_service(client, 2)["taskDefinition"]

    fail_tasks_of(client, ecs_room, pass_time, first, times=110)

    events = the_service(client)["events"]
    assert len(events) == 100
    assert events[0]["createdAt"] >= events[-1]["createdAt"]


def test_a_task_that_never_ran_leaves_nothing_to_deregister(
    client: Client, pass_time: Pass
) -> None:
    found = client("servicediscovery")
    found.create_http_namespace(Name="shop")
    space = found.list_namespaces()["Namespaces"][0]["Id"]
    made = found.create_service(Name="cart", NamespaceId=space)["Service"]
    a_service(client, 1, serviceRegistries=[{"registryArn": made["Arn"]}])
    pass_time(1)

    update(client, desiredCount=0)
    settle(pass_time)

    messages = [event["message"] for event in the_service(client)["events"]]
    assert not [message for message in messages if "registry" in message]


def test_a_service_scaled_to_nothing_leaves_its_registries(
    client: Client, pass_time: Pass
) -> None:
    group = a_target_group(client)
    found = client("servicediscovery")
    found.create_http_namespace(Name="shop")
    space = found.list_namespaces()["Namespaces"][0]["Id"]
    made = found.create_service(Name="cart", NamespaceId=space)["Service"]
    balancer = {"targetGroupArn": group, "containerName": "app", "containerPort": 80}
    registry = {"registryArn": made["Arn"], "containerPort": 80}
    a_service(client, 2, loadBalancers=[balancer], serviceRegistries=[registry])
    settle(pass_time)
    instances = found.list_instances(ServiceId=made["Id"])["Instances"]
    assert {i["Attributes"]["AWS_INSTANCE_PORT"] for i in instances} == {"80"}

    update(client, desiredCount=0)
    settle(pass_time)

    assert found.list_instances(ServiceId=made["Id"])["Instances"] == []
    health = client("elbv2").describe_target_health(TargetGroupArn=group)
    assert health["TargetHealthDescriptions"] == []


TAGS = [{"key": "team", "value": "shop"}]


@pytest.mark.parametrize(("given", "tags"), [("SERVICE", TAGS), ("NONE", []), ("", [])])
def test_tasks_carry_the_service_tags_if_asked(
    client: Client, pass_time: Pass, given: str, tags: list[Any]
) -> None:
    more = {"propagateTags": given} if given else {}
    a_service(client, 1, tags=TAGS, **more)
    pass_time(1)

    arns = client("ecs").list_tasks(cluster="shop")["taskArns"]
    (task,) = client("ecs").describe_tasks(
        cluster="shop", tasks=arns, include=["TAGS"]
    )["tasks"]

    assert task["tags"] == tags


def test_tags_are_shown_to_those_who_ask(client: Client, pass_time: Pass) -> None:
    a_service(client, 1, tags=TAGS, propagateTags="SERVICE")
    pass_time(1)

    assert tasks(client)[0]["tags"] == []


def run_task(client: Client, **more: Any) -> Any:
    return client("ecs").run_task(
        cluster="shop", taskDefinition="cart", networkConfiguration=NETWORK, **more
    )["tasks"]


def test_a_task_of_a_group_named_like_a_service_is_not_its_task(
    client: Client, pass_time: Pass
) -> None:
    group = a_target_group(client)
    balancer = {"targetGroupArn": group, "containerName": "app", "containerPort": 80}
    a_service(client, 0, loadBalancers=[balancer])
    run_task(client, group="cart")

    settle(pass_time)

    health = client("elbv2").describe_target_health(TargetGroupArn=group)
    assert health["TargetHealthDescriptions"] == []


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({}, 3),
        ({"family": "cart"}, 3),
        ({"family": "orders"}, 0),
        ({"startedBy": "ann"}, 1),
        ({"serviceName": "cart"}, 2),
        ({"launchType": "EC2"}, 0),
        ({"desiredStatus": "STOPPED"}, 0),
    ],
)
def test_tasks_are_filtered(
    client: Client, pass_time: Pass, asked: dict[str, str], count: int
) -> None:
    a_service(client, 2)
    run_task(client, startedBy="ann")
    pass_time(1)

    assert len(client("ecs").list_tasks(cluster="shop", **asked)["taskArns"]) == count


def test_tasks_come_in_pages(client: Client, pass_time: Pass) -> None:
    a_service(client, 5)
    pass_time(1)
    listed = client("ecs").list_tasks

    first = listed(cluster="shop", maxResults=3)
    rest = listed(cluster="shop", maxResults=3, nextToken=first["nextToken"])

    assert len({*first["taskArns"], *rest["taskArns"]}) == 5
    assert "nextToken" not in rest


def test_a_task_by_itself_runs_until_it_is_stopped(
    client: Client, pass_time: Pass
) -> None:
    a_service(client, 0)
    (task,) = run_task(client, startedBy="ann")
    assert task["group"] == "family:cart"
    pass_time(86_400)
    assert tasks(client)[0]["lastStatus"] == "RUNNING"

    client("ecs").stop_task(cluster="shop", task=task["taskArn"])
    settle(pass_time)

    (stopped,) = tasks(client, "STOPPED")
    assert (stopped["stopCode"], stopped["stoppedReason"]) == (
        "UserInitiated", "Task stopped by user",
    )  # fmt: skip
    assert stopped["containers"][0]["exitCode"] == 0


def test_a_stopped_task_is_there_for_an_hour_and_no_longer(
    client: Client, pass_time: Pass
) -> None:
    a_service(client, 0)
    (task,) = run_task(client)
    client("ecs").stop_task(cluster="shop", task=task["taskArn"])
    settle(pass_time)

    pass_time(3_580)
    assert len(tasks(client, "STOPPED")) == 1
    pass_time(30)

    assert tasks(client, "STOPPED") == []


def test_what_is_inactive_is_forgotten_after_an_hour(
    client: Client, pass_time: Pass
) -> None:
    a_service(client, 0)
    client("ecs").delete_service(cluster="shop", service="cart")
    settle(pass_time)
    assert the_service(client)["status"] == "INACTIVE"

    pass_time(3_700)
    pass_time(1)

    answer = client("ecs").describe_services(cluster="shop", services=["cart"])
    assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]


def test_a_deleted_cluster_is_inactive_and_then_gone(
    client: Client, pass_time: Pass
) -> None:
    ecs = client("ecs")
    ecs.create_cluster(clusterName="shop")
    ecs.delete_cluster(cluster="shop")
    (shown,) = ecs.describe_clusters(clusters=["shop"])["clusters"]
    assert shown["status"] == "INACTIVE"

    pass_time(3_700)
    pass_time(1)

    failures = ecs.describe_clusters(clusters=["shop"])["failures"]
    arn = f"arn:aws:ecs:{HOME_REGION}:{SHOP}:cluster/shop"
    assert failures == [{"arn": arn, "reason": "MISSING"}]


def test_a_cluster_with_something_in_it_stays(client: Client, pass_time: Pass) -> None:
    a_service(client, 0)
    delete = client("ecs").delete_cluster
    assert code_of(delete, cluster="shop") == "ClusterContainsServicesException"
    client("ecs").delete_service(cluster="shop", service="cart")
    run_task(client)
    pass_time(1)

    assert code_of(delete, cluster="shop") == "ClusterContainsTasksException"


def test_all_deployments_of_a_service_are_listed(
    client: Client, pass_time: Pass
) -> None:
    a_service(client, 1)
    settle(pass_time)
    update(client, forceNewDeployment=True)
    pass_time(1)
    listed = client("ecs").list_service_deployments(cluster="shop", service="cart")
    statuses = [one["status"] for one in listed["serviceDeployments"]]
    assert statuses == ["IN_PROGRESS", "SUCCESSFUL"]

    settle(pass_time, 30)
    ecs = client("ecs")
    first = ecs.list_service_deployments(
        cluster="shop", service="cart", status=["SUCCESSFUL"], maxResults=1
    )
    second = ecs.list_service_deployments(
        cluster="shop", service="cart", maxResults=1, nextToken=first["nextToken"]
    )

    (new,), (old,) = first["serviceDeployments"], second["serviceDeployments"]
    assert new["createdAt"] > old["createdAt"]
    assert new["serviceDeploymentArn"] != old["serviceDeploymentArn"]
    assert "nextToken" not in second


def test_revisions_are_listed_in_either_order(client: Client) -> None:
    arns = [a_definition(client) for _ in range(11)]
    ecs, family = client("ecs"), arns[0].rpartition("/")[2].partition(":")[0]

    up = ecs.list_task_definitions(familyPrefix=family)
    down = ecs.list_task_definitions(familyPrefix=family, sort="DESC", maxResults=3)

    assert up["taskDefinitionArns"] == arns
    assert down["taskDefinitionArns"] == arns[:-4:-1]
    assert down["nextToken"]
