"""What is told of the shop names what AWS says there is. One shop for all tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from moto.moto_api._internal.models import moto_api_backend

from sandbox.assembly import Sandbox, assemble
from sandbox.ecs import Ecs
from sandbox.kernel.calls import Finished
from sandbox.kernel.clock import SetClock
from sandbox.kernel.cloud import HOME_REGION, PAYMENTS, SHOP
from sandbox.shop.effects import NONE, Effects
from sandbox.shop.estate.registries import TABLE, renew
from sandbox.shop.shop import Shop
from sandbox.shop.topology import SERVICES, Registry, Runtime
from tests.sandbox.conftest import NOW

ACCOUNTS = (SHOP, PAYMENTS)


@dataclass(frozen=True)
class World:
    sandbox: Sandbox
    shop: Shop

    def client(self, service: str, account: str = SHOP) -> Any:
        make = self.sandbox.cloud.client
        return make(service, account, HOME_REGION, "tests.amazonaws.com")

    def tasks(self, account: str, service: str = "") -> dict[str, str]:
        """Id and address of running tasks."""
        ecs = self.client("ecs", account)
        of = {"serviceName": service} if service else {}
        arns = ecs.list_tasks(cluster="shop", **of)["taskArns"]
        found = ecs.describe_tasks(cluster="shop", tasks=arns)["tasks"]
        return {
            task["taskArn"].split("/")[-1]: task["containers"][0]["networkInterfaces"][
                0
            ]["privateIpv4Address"]
            for task in found
            if task["lastStatus"] == "RUNNING"
        }

    def records(self) -> dict[tuple[str, str], set[str]]:
        route53 = self.client("route53")
        zone = route53.list_hosted_zones()["HostedZones"][0]["Id"]
        sets = route53.list_resource_record_sets(HostedZoneId=zone)
        return {
            (one["Name"], one["Type"]): {v["Value"] for v in one["ResourceRecords"]}
            for one in sets["ResourceRecordSets"]
            if "AliasTarget" not in one
        }

    def entries(self, service: str) -> dict[str, dict[str, Any]]:
        items = self.client("dynamodb").scan(TableName=TABLE)["Items"]
        return {
            item["instance"]["S"]: item
            for item in items
            if item["service"]["S"] == service
        }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home: Path = tmp_path_factory.mktemp("shop")
    moto_api_backend.reset()
    sandbox = assemble(SetClock(NOW), home)
    shop = Shop(sandbox, per_second=0.01)
    shop.traffic.write_history(NOW)
    yield World(sandbox, shop)
    moto_api_backend.reset()


def on_ecs(account: str, registry: Registry) -> list[str]:
    return [
        service.name
        for service in SERVICES.values()
        if (service.account, service.registry) == (account, registry)
        and service.runtime is Runtime.ECS
    ]


@pytest.mark.parametrize(
    ("account", "block", "count"),
    [(SHOP, "10.23.0.0/16", 14), (PAYMENTS, "10.26.0.0/16", 4)],
)
def test_tasks_run_in_their_network(
    world: World, account: str, block: str, count: int
) -> None:
    addresses = set(world.tasks(account).values())

    assert len(addresses) == count
    assert all(ip_address(a) in ip_network(block) for a in addresses)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_cloud_map_knows_the_tasks(world: World, account: str) -> None:
    cloud_map = world.client("servicediscovery", account)

    found = {
        service["Name"]: {
            one["Id"]: one["Attributes"]["AWS_INSTANCE_IPV4"]
            for one in cloud_map.list_instances(ServiceId=service["Id"])["Instances"]
        }
        for service in cloud_map.list_services()["Services"]
    }

    names = on_ecs(account, Registry.CLOUD_MAP)
    assert found == {name: world.tasks(account, name) for name in names}


def test_route_53_knows_the_tasks(world: World) -> None:
    tasks, records = world.tasks(SHOP, "catalog"), world.records()

    assert records["catalog.shop.internal.", "A"] == set(tasks.values())
    assert records["_catalog._tcp.shop.internal.", "SRV"] == {
        f"1 10 8080 {task}.catalog.shop.internal." for task in tasks
    }
    for task, address in tasks.items():
        assert records[f"{task}.catalog.shop.internal.", "A"] == {address}


def test_the_table_knows_tasks_and_functions(world: World) -> None:
    found = world.entries("recommendations")

    assert {task: entry["host"]["S"] for task, entry in found.items()} == world.tasks(
        SHOP, "recommendations"
    )
    assert set(world.entries("cart")) == {
        f"arn:aws:lambda:eu-west-1:{SHOP}:function:cart"
    }


def test_entries_of_the_table_expire_and_can_be_restored(world: World) -> None:
    dynamodb = world.client("dynamodb")
    lives = dynamodb.describe_time_to_live(TableName=TABLE)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=TABLE)

    assert lives == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    kept = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert kept["PointInTimeRecoveryStatus"] == "ENABLED"


def test_renewing_what_did_not_change_writes_entries_only(world: World) -> None:
    calls: list[Finished] = []
    world.sandbox.cloud.on_call(calls.append)

    renew(world.shop.people.site(SHOP))

    assert [done.call.operation for done in calls] == ["PutItem"] * 4


def test_log_streams_are_the_running_tasks(world: World) -> None:
    streams = world.client("logs").describe_log_streams(logGroupName="/ecs/storefront")

    names = {stream["logStreamName"] for stream in streams["logStreams"]}
    assert names == {f"ecs/storefront/{t}" for t in world.tasks(SHOP, "storefront")}


def dimensions(world: World, account: str, metric: str) -> dict[str, set[str]]:
    listed = world.client("cloudwatch", account).list_metrics(MetricName=metric)
    found: dict[str, set[str]] = defaultdict(set)
    for one in listed["Metrics"]:
        for each in one["Dimensions"]:
            found[each["Name"]].add(each["Value"])
    return found


@pytest.mark.parametrize("account", ACCOUNTS)
def test_metrics_and_alarms_name_the_balancer(world: World, account: str) -> None:
    elb = world.client("elbv2", account)
    (balancer,) = elb.describe_load_balancers()["LoadBalancers"]
    (group,) = elb.describe_target_groups()["TargetGroups"]
    name = balancer["LoadBalancerArn"].split("loadbalancer/")[1]

    assert dimensions(world, account, "HealthyHostCount") == {
        "LoadBalancer": {name},
        "TargetGroup": {group["TargetGroupArn"].split(":")[-1]},
    }
    alarms = world.client("cloudwatch", account).describe_alarms()["MetricAlarms"]
    slowness = f"{balancer['LoadBalancerName']}-slow"
    slow = next(a for a in alarms if a["AlarmName"] == slowness)
    assert slow["Dimensions"] == [{"Name": "LoadBalancer", "Value": name}]


def test_history_counts_lines_and_errors(world: World) -> None:
    groups = dimensions(world, SHOP, "IncomingLogEvents")["LogGroupName"]
    listed = world.client("cloudwatch").list_metrics(Namespace="Shop/Logs")

    names = [name for name, s in SERVICES.items() if s.account == SHOP]
    assert groups == {SERVICES[name].log_group for name in names}
    errors = {metric["MetricName"] for metric in listed["Metrics"]}
    assert errors == {f"{name}-errors" for name in names}


def test_traces_name_the_api_and_the_database(world: World) -> None:
    (api,) = world.client("apigateway").get_rest_apis()["items"]
    names = world.shop.traffic.names(NOW)

    assert names.api_id == api["id"]
    (database,) = world.client("rds").describe_db_instances()["DBInstances"]
    assert names.hosts["products"] == database["Endpoint"]["Address"]


def test_a_flood_comes_from_every_task(world: World) -> None:
    traffic = world.shop.traffic
    traffic.effects = Effects(chatter={"pricing": 20.0})
    traffic.tick(NOW + 1)
    traffic.effects = NONE

    found = world.client("logs").filter_log_events(
        logGroupName="/ecs/pricing", filterPattern="DEBUG"
    )

    streams = {event["logStreamName"] for event in found["events"]}
    assert streams == {f"ecs/pricing/{t}" for t in world.tasks(SHOP, "pricing")}


def test_a_task_that_is_replaced_is_replaced_everywhere(world: World) -> None:
    """Of a service no other test looks at."""
    before = world.tasks(SHOP, "catalog")
    gone = next(iter(before))
    arn = f"arn:aws:ecs:eu-west-1:{SHOP}:task/shop/{gone}"
    world.sandbox.one(Ecs).fail_task((SHOP, HOME_REGION), arn, 1, "")
    world.sandbox.one(Ecs).settle()
    renew(world.shop.people.site(SHOP))

    after = world.tasks(SHOP, "catalog")

    assert gone not in after
    assert world.records()["catalog.shop.internal.", "A"] == set(after.values())
    assert (f"{gone}.catalog.shop.internal.", "A") not in world.records()
    told = world.shop.traffic.names(NOW + 10).tasks["catalog"]
    assert {task.id for task in told} == set(after)
