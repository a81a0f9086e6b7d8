"""Managed rules over security groups, load balancers and API stages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.config.items import Found
from sandbox.config.verdicts import FINE, Parameters, Verdict, unless, words

Span = tuple[int, int]

_ANYONE_AT_ALL = frozenset({"0.0.0.0/0", "::/0"})
_EVERY_PORT = (0, 65_535)
_SSH = 22
_BLOCKED = (
    "blockedPort1",
    "blockedPort2",
    "blockedPort3",
    "blockedPort4",
    "blockedPort5",
)


def _open_spans(group: Found, protocol: str, ranges: frozenset[str]) -> Iterator[Span]:
    """Ports of the protocol that one of the address ranges may reach."""
    for rule in group.configuration.get("ipPermissions", ()):
        if rule["ipProtocol"] in (protocol, "-1") and _lets_in(rule, ranges):
            yield _span(rule)


def _lets_in(rule: Mapping[str, Any], ranges: frozenset[str]) -> bool:
    fourth = {one["cidrIp"] for one in rule.get("ipv4Ranges", ())}
    sixth = {one["cidrIpv6"] for one in rule.get("ipv6Ranges", ())}
    return bool((fourth | sixth) & ranges)


def _span(rule: Mapping[str, Any]) -> Span:
    if rule["ipProtocol"] == "-1" or rule.get("fromPort", -1) == -1:
        return _EVERY_PORT
    return rule["fromPort"], rule["toPort"]


def incoming_ssh_disabled(group: Found, parameters: Parameters) -> Verdict:
    spans = _open_spans(group, "tcp", _ANYONE_AT_ALL)
    return unless(any(low <= _SSH <= high for low, high in spans))


def restricted_incoming_traffic(group: Found, parameters: Parameters) -> Verdict:
    given = [parameters[name] for name in _BLOCKED if parameters.get(name)]
    blocked = {int(port) for port in (*given, *words(parameters, "blockedPorts"))}
    reached = {
        port
        for low, high in _open_spans(group, "tcp", _ANYONE_AT_ALL)
        for port in blocked
        if low <= port <= high
    }
    said = ", ".join(str(port) for port in sorted(reached))
    return unless(reached, f"Open to everyone: port {said}." if reached else "")


def open_only_to_authorized_ports(group: Found, parameters: Parameters) -> Verdict:
    for protocol, name in (
        ("tcp", "authorizedTcpPorts"),
        ("udp", "authorizedUdpPorts"),
    ):
        allowed = [_given_span(word) for word in words(parameters, name)]
        for span in _open_spans(group, protocol, _ANYONE_AT_ALL):
            if not _is_covered(span, allowed):
                ports = f"{span[0]}-{span[1]}"
                return unless(span, f"Open to everyone: {protocol} {ports}.")
    return FINE


def _given_span(word: str) -> Span:
    low, _, high = word.partition("-")
    return int(low), int(high or low)


def _is_covered(span: Span, allowed: list[Span]) -> bool:
    reached = span[0]
    for low, high in sorted(allowed):
        if low <= reached <= high:
            reached = high + 1
    return reached > span[1]


def redirects_http_to_https(balancer: Found, parameters: Parameters) -> Verdict:
    """`configuration` has the `listeners` of the load balancer."""
    plain = [
        listener
        for listener in balancer.configuration["listeners"]
        if listener.get("protocol") == "HTTP"
    ]
    return unless(any(not _redirects(listener) for listener in plain))


def _redirects(listener: Mapping[str, Any]) -> bool:
    return any(
        action.get("type") == "redirect"
        and action.get("redirectConfig", {}).get("protocol") == "HTTPS"
        for action in listener.get("defaultActions", ())
    )


def stage_has_certificate(stage: Found, parameters: Parameters) -> Verdict:
    return unless(not stage.configuration.get("clientCertificateId"))


def stage_logs(stage: Found, parameters: Parameters) -> Verdict:
    levels = set(words(parameters, "loggingLevel")) or {"ERROR", "INFO"}
    settings = stage.configuration.get("methodSettings", {})
    every = settings.get("*/*", {}).get("loggingLevel")
    logged = [one.get("loggingLevel", every) for one in settings.values()]
    is_right = every in levels and all(level in levels for level in logged)
    return unless(not is_right)
