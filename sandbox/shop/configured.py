"""What Config recorded of the past: services, and the versions they got."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.config.doors import DOORS
from sandbox.config.items import DISCOVERED, OK, Found, Item
from sandbox.config.reading import Reader
from sandbox.kernel.cloud import HOME_REGION
from sandbox.shop.deployments import past_of
from sandbox.shop.estate.sites import Site
from sandbox.shop.topology import SERVICES, Runtime, Service

_SERVICE = DOORS["AWS::ECS::Service"]
_DEFINITION = DOORS["AWS::ECS::TaskDefinition"]
# A definition is registered, a service told of it 2 s later, and both are recorded.
_RECORDED_AFTER_SECONDS = 4


def past_items(site: Site, start: float, end: float) -> Iterator[Item]:
    """Items of the account's ECS services and task definitions, as they were read now
    but with the definitions of their time."""
    reader = Reader(site.cloud, site.account, HOME_REGION)
    listed = _SERVICE.listed(reader)
    by_name = {raw["ServiceName"]: raw for raw in listed.values()}
    for service in SERVICES.values():
        if service.account == site.account and service.runtime is Runtime.ECS:
            for at, revision in _versions(service, start, end):
                status = OK if at > start else DISCOVERED
                yield from _items(reader, by_name[service.name], revision, (at, status))


def _versions(
    service: Service, start: float, end: float
) -> Iterator[tuple[float, int]]:
    """When each revision of the service's definition was recorded."""
    yield start, 1
    for deployment in past_of(service):
        at = deployment.time(start, end) + _RECORDED_AFTER_SECONDS
        yield at, deployment.number + 1


def _items(
    reader: Reader, service: Any, revision: int, recorded: tuple[float, str]
) -> Iterator[Item]:
    at, status = recorded
    family = service["TaskDefinition"].rpartition(":")[0]
    arn = f"{family}:{revision}"
    definition = _DEFINITION.read(reader, arn)
    if definition is not None:
        yield _item(reader, definition, at, DISCOVERED)
    then = _SERVICE.read(reader, {**service, "TaskDefinition": arn})
    if then is not None:
        yield _item(reader, then, at, status)


def _item(reader: Reader, found: Found, at: float, status: str) -> Item:
    return Item(found, reader.account, reader.region, at, status, int(at * 1_000))
