"""Security groups: who may come in by which port."""

from __future__ import annotations

from collections.abc import Iterator

from apps.audit.compliance.managed.base import (
    Managed,
    Severity,
    Subject,
    fails,
    irrelevant,
    passes,
)
from apps.audit.compliance.parameters import Form, Parameter
from apps.audit.compliance.places import Place
from apps.audit.compliance.verdicts import Verdict

Span = tuple[int, int]

_GROUP = ("AWS::EC2::SecurityGroup",)
_EVERY_ADDRESS = frozenset(("0.0.0.0/0", "::/0"))
_EVERY_PORT: Span = (0, 65_535)
_SSH = 22
_BLOCKED = tuple(f"blockedPort{number}" for number in range(1, 6))


def _opened(subject: Subject, protocol: str) -> Iterator[tuple[Span, Place]]:
    """Ports of the protocol that every address may reach, and the range that says
    so. Raises NotTold."""
    for rule in subject.configuration.at("ipPermissions").each():
        if str(rule.at("ipProtocol").value).lower() in (protocol, "-1"):
            for address in _addresses(rule):
                if str(address.value) in _EVERY_ADDRESS:
                    yield _span(rule), address


def _addresses(rule: Place) -> Iterator[Place]:
    """IPv4 ranges stand twice in Config's items: in full, and as plain text."""
    fourth = rule.maybe("ipv4Ranges") or rule.maybe("ipRanges")
    for ranges in (fourth, rule.maybe("ipv6Ranges")):
        for one in ranges.each() if ranges else ():
            if isinstance(one.value, str):
                yield one
            else:
                yield one.maybe("cidrIp") or one.at("cidrIpv6")


def _span(rule: Place) -> Span:
    low, high = rule.maybe("fromPort"), rule.maybe("toPort")
    if str(rule.at("ipProtocol").value) == "-1" or low is None:
        return _EVERY_PORT
    first = int(low.number())
    last = int(high.number()) if high else first
    return _EVERY_PORT if first < 0 else (first, last)


def ssh(subject: Subject) -> Verdict:
    for (low, high), place in _opened(subject, "tcp"):
        if low <= _SSH <= high:
            return fails(f"SSH, port 22, is open to {place.value}.", place)
    return passes("Port 22 is not open to every address.")


def restricted(subject: Subject) -> Verdict:
    given = subject.given
    ports = [given.number(name) for name in _BLOCKED]
    blocked = {port for port in ports if port is not None}
    blocked |= {port for port, _ in given.ports("blockedPorts")}
    for (low, high), place in _opened(subject, "tcp"):
        reached = sorted(port for port in blocked if low <= port <= high)
        if reached:
            said = ", ".join(str(port) for port in reached)
            return fails(f"Port {said} is open to {place.value}.", place)
    return passes("None of the blocked ports is open to every address.")


def authorized_only(subject: Subject) -> Verdict:
    named = (("tcp", "authorizedTcpPorts"), ("udp", "authorizedUdpPorts"))
    for protocol, name in named:
        allowed = subject.given.ports(name)
        for span, place in _opened(subject, protocol):
            if not _is_within(span, allowed):
                said = f"{span[0]}" if span[0] == span[1] else f"{span[0]}-{span[1]}"
                reason = f"{protocol.upper()} port {said} is open to {place.value}."
                return fails(reason, place)
    return passes("Only authorized ports are open to every address.")


def _is_within(span: Span, allowed: list[Span]) -> bool:
    reached = span[0]
    for low, high in sorted(allowed):
        if low <= reached <= high:
            reached = high + 1
    return reached > span[1]


def default_closed(subject: Subject) -> Verdict:
    group = subject.configuration
    if group.at("groupName").text() != "default":
        return irrelevant("It is not the default security group of a VPC.")
    for name, way in (("ipPermissions", "in"), ("ipPermissionsEgress", "out")):
        for rule in group.at(name).each():
            return fails(f"The default security group lets traffic {way}.", rule)
    return passes("The default security group lets nothing in or out.")


RULES = (
    Managed(
        "INCOMING_SSH_DISABLED", "SSH is not open to the world", _GROUP, ssh,
        Severity.HIGH,
    ),
    Managed(
        "RESTRICTED_INCOMING_TRAFFIC",
        "Risky ports are not open to the world",
        _GROUP,
        restricted,
        Severity.HIGH,
        (
            *(
                Parameter(name, Form.NUMBER, default)
                for name, default in zip(
                    _BLOCKED, ("20", "21", "3389", "3306", "4333"), strict=True
                )
            ),
            Parameter("blockedPorts", Form.PORTS),
        ),
    ),
    Managed(
        "VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS",
        "Only authorized ports are open to the world",
        _GROUP,
        authorized_only,
        Severity.HIGH,
        (
            Parameter("authorizedTcpPorts", Form.PORTS),
            Parameter("authorizedUdpPorts", Form.PORTS),
        ),
    ),
    Managed(
        "VPC_DEFAULT_SECURITY_GROUP_CLOSED",
        "Default security groups let nothing through",
        _GROUP,
        default_closed,
        Severity.MEDIUM,
    ),
)  # fmt: skip
