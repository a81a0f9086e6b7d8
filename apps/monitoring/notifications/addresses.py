"""Which addresses what is sent may go to. Pure.

`ipaddress` calls some addresses global that lead inwards: translated, tunnelled and
mapped ones hold another address, which counts; 100.64.0.0/10 and 192.0.0.0/24 belong
to providers; 169.254.0.0/16 and fd00:ec2::/32 hold the credentials of machines.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
# Never, whatever is allowed: who reaches these may become the machine.
_NEVER = tuple(
    map(ip_network, ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "0.0.0.0/8"))
)
_INWARDS = tuple(map(ip_network, ("100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15")))
_NAT64 = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48")))


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Raises ValueError where one is no network, or one that is never reached."""
    found = tuple(ip_network(text) for text in texts)
    for one in found:
        if any(_overlap(one, never) for never in _NEVER):
            raise ValueError(f"{one} holds addresses that are never called.")
    return found


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def may_reach(text: str, allowed: Iterable[Network] = ()) -> bool:
    """Whether an address is one of the internet, or in a network that is allowed."""
    held = _innermost(ip_address(text.split("%", 1)[0]))
    if any(held in one for one in _NEVER):
        return False
    if any(held in one for one in allowed):
        return True
    inwards = held.is_multicast or any(held in one for one in _INWARDS)
    return held.is_global and not inwards and not held.is_reserved


def is_loopback(text: str) -> bool:
    held = _innermost(ip_address(text.split("%", 1)[0]))
    return any(held in one for one in LOOPBACK)


def _innermost(address: Address) -> Address:
    """The address that packets end at, unwrapped of what carries it."""
    if not isinstance(address, IPv6Address):
        return address
    if any(address in one for one in _NAT64):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address in ip_network("::/96") and int(address) > 1:
        return IPv4Address(int(address))
    tunnelled = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or tunnelled or address
