"""Every type of resource that is read by its own API."""

from __future__ import annotations

from collections.abc import Mapping

from apps.discovery.inventory.scanners import (
    gateways,
    identities,
    messaging,
    network,
    storage,
    workloads,
)
from apps.discovery.inventory.scanners.base import Scanner

SCANNERS: Mapping[str, Scanner] = {
    one.type: one
    for room in (network, gateways, storage, workloads, messaging, identities)
    for one in room.SCANNERS
}
SCANNED_TYPES = tuple(SCANNERS)
PERMISSIONS = tuple(
    sorted({action for one in SCANNERS.values() for action in one.permissions})
)
