"""Where services are registered for others to find: Route 53, Cloud Map, a table.

Balancers register their own targets: ECS does that.
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.kernel.cloud import HOME_REGION
from sandbox.shop.estate.network import PORT
from sandbox.shop.estate.sites import Site
from sandbox.shop.topology import SERVICES, Registry, Service

ZONE = "shop.internal."
NAMESPACE = "shop.local"
TABLE = "service-registry"
_TTL_SECONDS = 30


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


def addresses(service: Service) -> Iterator[tuple[str, str]]:
    """Id and address of each instance of a service."""
    place = list(SERVICES).index(service.name)
    for task in range(service.tasks):
        yield f"{service.name}-{task}", f"10.21.{task}.{10 + place}"


def _zone(site: Site) -> None:
    services = _registered(site, Registry.ROUTE_53)
    if not services:
        return
    route53 = site.client("route53")
    zone = route53.create_hosted_zone(
        Name=ZONE,
        CallerReference=f"{site.account}-shop",
        VPC={"VPCRegion": HOME_REGION, "VPCId": site.vpc},
    )["HostedZone"]["Id"]
    changes = [change for service in services for change in _records(service)]
    route53.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": changes}
    )


def _records(service: Service) -> Iterator[dict[str, object]]:
    instances = list(addresses(service))
    targets = [f"1 10 {PORT} {name}.{ZONE}" for name, _ in instances]
    yield _change(f"_{service.name}._tcp.{ZONE}", "SRV", targets)
    for name, address in instances:
        yield _change(f"{name}.{ZONE}", "A", [address])


def _change(name: str, kind: str, values: list[str]) -> dict[str, object]:
    return {
        "Action": "CREATE",
        "ResourceRecordSet": {
            "Name": name,
            "Type": kind,
            "TTL": _TTL_SECONDS,
            "ResourceRecords": [{"Value": value} for value in values],
        },
    }


def _namespace(site: Site) -> None:
    services = _registered(site, Registry.CLOUD_MAP)
    cloud_map = site.client("servicediscovery")
    cloud_map.create_private_dns_namespace(Name=NAMESPACE, Vpc=site.vpc)
    namespace = next(
        each["Id"]
        for each in cloud_map.list_namespaces()["Namespaces"]
        if each["Name"] == NAMESPACE
    )
    for service in services:
        records = [{"Type": "A", "TTL": _TTL_SECONDS}]
        service_id = cloud_map.create_service(
            Name=service.name,
            NamespaceId=namespace,
            DnsConfig={"NamespaceId": namespace, "DnsRecords": records},
        )["Service"]["Id"]
        for name, address in addresses(service):
            cloud_map.register_instance(
                ServiceId=service_id,
                InstanceId=name,
                Attributes={
                    "AWS_INSTANCE_IPV4": address,
                    "AWS_INSTANCE_PORT": str(PORT),
                },
            )


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
    renew(site)


def renew(site: Site) -> None:
    """Write the instances again, as they do themselves every few seconds."""
    dynamodb, now = site.client("dynamodb"), site.cloud.clock.now()
    for service in _registered(site, Registry.TABLE):
        for name, address in addresses(service):
            dynamodb.put_item(
                TableName=TABLE,
                Item={
                    "service": {"S": service.name},
                    "instance": {"S": name},
                    "host": {"S": address},
                    "port": {"N": str(PORT)},
                    "expires_at": {"N": str(int(now) + 2 * _TTL_SECONDS)},
                },
            )
