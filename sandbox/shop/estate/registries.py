"""Where services are registered for others to find: Route 53, Cloud Map, a table.

ECS keeps target groups and Cloud Map up to date by itself. Into Route 53 and the table
the shop writes: `renew` is for what a sidecar or a deployment hook does elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.kernel.cloud import HOME_REGION
from sandbox.shop.estate.sites import Site
from sandbox.shop.names import RunningTask
from sandbox.shop.topology import PORT, SERVICES, Registry, Runtime, Service

ZONE = "shop.internal."
NAMESPACE = "shop.local"
TABLE = "service-registry"
_TTL_SECONDS = 30
_Records = dict[tuple[str, str], tuple[str, ...]]
"""The values of records, by name and type."""
_Running = Mapping[str, tuple[RunningTask, ...]]


def set_up(site: Site) -> None:
    _zone(site)
    _namespace(site)
    _registry_table(site)


def _registered(site: Site, registry: Registry) -> list[Service]:
    return [
        service
        for service in SERVICES.values()
        if service.account == site.account and service.registry is registry
    ]


def _zone(site: Site) -> None:
    route53 = site.client("route53")
    site.zone = route53.create_hosted_zone(
        Name=ZONE,
        CallerReference=f"{site.account}-shop",
        VPC={"VPCRegion": HOME_REGION, "VPCId": site.vpc},
    )["HostedZone"]["Id"]
    for name, balancer in site.balancers.items():
        target = {
            "HostedZoneId": balancer.zone,
            "DNSName": balancer.dns_name,
            "EvaluateTargetHealth": True,
        }
        alias = {"Name": f"{name}.{ZONE}", "Type": "A", "AliasTarget": target}
        route53.change_resource_record_sets(
            HostedZoneId=site.zone,
            ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": alias}]},
        )


def _namespace(site: Site) -> None:
    """Both kinds of records: with SRV, ECS registers the port too.

    Source: ECS API reference, `ServiceRegistry.containerPort`.
    """
    cloud_map = site.client("servicediscovery")
    cloud_map.create_private_dns_namespace(Name=NAMESPACE, Vpc=site.vpc)
    namespace = next(
        each["Id"]
        for each in cloud_map.list_namespaces()["Namespaces"]
        if each["Name"] == NAMESPACE
    )
    for service in _registered(site, Registry.CLOUD_MAP):
        records = [{"Type": kind, "TTL": _TTL_SECONDS} for kind in ("A", "SRV")]
        site.map_services[service.name] = cloud_map.create_service(
            Name=service.name,
            NamespaceId=namespace,
            DnsConfig={"NamespaceId": namespace, "DnsRecords": records},
        )["Service"]["Arn"]


def _registry_table(site: Site) -> None:
    """A table that instances write themselves into, with a time to live."""
    dynamodb = site.client("dynamodb")
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "service", "AttributeType": "S"},
            {"AttributeName": "instance", "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": "service", "KeyType": "HASH"},
            {"AttributeName": "instance", "KeyType": "RANGE"},
        ],
    )
    dynamodb.update_time_to_live(
        TableName=TABLE,
        TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"},
    )
    dynamodb.update_continuous_backups(
        TableName=TABLE,
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )


def renew(site: Site) -> None:
    """Write down the tasks that run now: records where they changed, entries of the
    table always, so that they do not expire."""
    running = site.running()
    _renew_records(site, running)
    _renew_entries(site, running)


def _renew_records(site: Site, running: _Running) -> None:
    wanted: _Records = {}
    for service in _registered(site, Registry.ROUTE_53):
        wanted.update(_records(service, running.get(service.name, ())))
    there = site.registered.records
    changes = [
        *(_change("DELETE", k, there[k]) for k in there if k not in wanted),
        *(_change("UPSERT", k, v) for k, v in wanted.items() if there.get(k) != v),
    ]
    if changes:
        site.client("route53").change_resource_record_sets(
            HostedZoneId=site.zone, ChangeBatch={"Changes": changes}
        )
        site.registered.records = wanted


def _records(service: Service, tasks: tuple[RunningTask, ...]) -> _Records:
    """All addresses by the service's name, and where each of its tasks listens."""
    if not tasks:
        return {}
    hosts = {f"{task.id}.{service.name}.{ZONE}": task.address for task in tasks}
    return {
        (f"{service.name}.{ZONE}", "A"): tuple(hosts.values()),
        (f"_{service.name}._tcp.{ZONE}", "SRV"): tuple(
            f"1 10 {PORT} {host}" for host in hosts
        ),
        **{(host, "A"): (address,) for host, address in hosts.items()},
    }


def _change(action: str, key: tuple[str, str], values: tuple[str, ...]) -> object:
    return {
        "Action": action,
        "ResourceRecordSet": {
            "Name": key[0],
            "Type": key[1],
            "TTL": _TTL_SECONDS,
            "ResourceRecords": [{"Value": value} for value in values],
        },
    }


def _renew_entries(site: Site, running: _Running) -> None:
    dynamodb, now = site.client("dynamodb"), site.cloud.clock.now()
    expires = {"expires_at": {"N": str(int(now) + 2 * _TTL_SECONDS)}}
    entries = {_key_of(entry): entry for entry in _entries(site, running)}
    for service, instance in site.registered.entries - entries.keys():
        key = {"service": {"S": service}, "instance": {"S": instance}}
        dynamodb.delete_item(TableName=TABLE, Key=key)
    for entry in entries.values():
        dynamodb.put_item(TableName=TABLE, Item={**entry, **expires})
    site.registered.entries = set(entries)


def _entries(site: Site, running: _Running) -> Iterator[dict[str, Any]]:
    """A task says its address, a function its ARN: it has no address."""
    for service in _registered(site, Registry.TABLE):
        of = {"service": {"S": service.name}}
        if service.runtime is Runtime.LAMBDA:
            yield {**of, "instance": {"S": site.functions[service.name].arn}}
        for task in running.get(service.name, ()):
            where = {"host": {"S": task.address}, "port": {"N": str(PORT)}}
            named = {"instance": {"S": task.id}, "task_arn": {"S": task.arn}}
            yield {**of, **named, **where}


def _key_of(entry: Mapping[str, Any]) -> tuple[str, str]:
    return entry["service"]["S"], entry["instance"]["S"]
