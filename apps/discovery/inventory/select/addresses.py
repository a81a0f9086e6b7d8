"""Networks and addresses compared as AWS Config's queries do.

A network of a resource is a range. `=` asks whether the range holds the address or
network given, BETWEEN whether it touches what lies between, < and > whether any of it
lies below or above. Source: AWS Config developer guide, "CIDR notation".
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address, ip_network

_LOOKS_SO = re.compile(r"[0-9a-fA-F:.]{2,45}(/\d{1,3})?")
Span = tuple[int, int, int]
"""Version, first and last address."""


@lru_cache(maxsize=4_096)
def span_of(text: str) -> Span | None:
    """The range of an address or network; None for any other text."""
    if not _LOOKS_SO.fullmatch(text) or not any(mark in text for mark in ".:"):
        return None
    try:
        if "/" in text:
            net = ip_network(text, strict=False)
            return net.version, int(net.network_address), int(net.broadcast_address)
        one = ip_address(text)
    except ValueError:
        return None
    return one.version, int(one), int(one)


def compared(value: str, operator: str, wanted: str) -> bool | None:
    """None where either is no address."""
    if "/" not in value:
        return None
    has, asks = span_of(value), span_of(wanted)
    if has is None or asks is None:
        return None
    if has[0] != asks[0]:
        return operator == "!="
    holds = has[1] <= asks[1] and asks[2] <= has[2]
    return {
        "=": holds,
        "!=": not holds,
        "<": has[1] < asks[1],
        "<=": has[1] <= asks[2],
        ">": has[2] > asks[2],
        ">=": has[2] >= asks[1],
    }[operator]


def touches(value: str, low: str, high: str) -> bool | None:
    """Whether any of a network lies between two addresses; None as above."""
    if "/" not in value:
        return None
    has, first, last = span_of(value), span_of(low), span_of(high)
    if has is None or first is None or last is None or has[0] != first[0]:
        return None
    return has[1] <= last[2] and has[2] >= first[1]
