"""The private addresses tasks in awsvpc mode are given, out of their subnets' blocks.

Source: Amazon VPC User Guide, "Subnet CIDR blocks": the first four addresses of each
block and its last belong to AWS.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any

from botocore.exceptions import ClientError

from sandbox.ecs.tasks import Network
from sandbox.kernel.calls import Call
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError

Place = tuple[str, str]
_FIRST_FREE = 4


@dataclass(slots=True)
class Subnet:
    """A block, and the hosts of it that are taken. The next address is the one after
    the last that was given, so that one which is free again rests for a while."""

    block: IPv4Network
    zone: str
    taken: set[int] = field(default_factory=set)
    last: int = _FIRST_FREE - 1

    def take(self) -> str | None:
        """None where every address is taken."""
        most = self.block.num_addresses - 1 - _FIRST_FREE
        for step in range(1, most + 1):
            host = _FIRST_FREE + (self.last - _FIRST_FREE + step) % most
            if host not in self.taken:
                self.taken.add(host)
                self.last = host
                return str(self.block[host])
        return None

    def give_back(self, address: str) -> None:
        start = int(self.block.network_address)
        self.taken.discard(int(IPv4Network(address).network_address) - start)


class Addresses:
    """Knows subnets by their id. Whoever takes and gives back holds the room's lock."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._subnets: dict[tuple[Place, str], Subnet] = {}
        self._learning = threading.Lock()

    def learn(self, call: Call, network: Mapping[str, Any]) -> None:
        """Ask EC2 for the subnets a call names. Raises ServerException."""
        given = network.get("awsvpcConfiguration") or {}
        new = [s for s in given.get("subnets", ()) if not self._knows(call.place, s)]
        if not new:
            return
        ec2 = self._cloud.client("ec2", *call.place, "ecs.amazonaws.com")
        wanted = {"Name": "subnet-id", "Values": new}
        try:
            found = ec2.describe_subnets(Filters=[wanted])["Subnets"]
        except ClientError as error:
            said = f"The subnets could not be described: {error}"
            raise ApiError("ServerException", said, 500) from error
        self._note(call.place, new, {subnet["SubnetId"]: subnet for subnet in found})

    def _knows(self, place: Place, subnet: str) -> bool:
        return (place, subnet) in self._subnets

    def _note(
        self, place: Place, new: Iterable[str], found: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """A subnet EC2 has not heard of gets a block of 10.0.0.0/16 to itself."""
        with self._learning:
            for name in new:
                number = sum(where == place for where, _ in self._subnets)
                block = f"10.0.{number % 256}.0/24"
                zone = place[1] + "abc"[number % 3]
                if name in found:
                    block = found[name]["CidrBlock"]
                    zone = found[name]["AvailabilityZone"]
                known = Subnet(IPv4Network(block), zone)
                self._subnets.setdefault((place, name), known)

    def take(
        self, place: Place, network: Mapping[str, Any], number: int
    ) -> tuple[Network | None, str]:
        """An interface for a task and its zone; subnets take turns by its number."""
        subnets = (network.get("awsvpcConfiguration") or {}).get("subnets")
        if not subnets:
            return None, place[1] + "abc"[number % 3]
        name = subnets[number % len(subnets)]
        subnet = self._subnets[place, name]
        address = subnet.take()
        return Network(address, name) if address else None, subnet.zone

    def give_back(self, place: Place, network: Network) -> None:
        self._subnets[place, network.subnet].give_back(network.address)
