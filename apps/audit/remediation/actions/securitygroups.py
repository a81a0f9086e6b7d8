"""Security groups: close what is open to the world, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from apps.audit.remediation.actions.base import (
    Action,
    Call,
    Change,
    Draft,
    Image,
    Parameter,
    Permissions,
    Reads,
    Refused,
    Step,
    Subject,
    Values,
)
from apps.audit.remediation.actions.ownership import owners, tags_of
from apps.audit.remediation.actions.parameters import words_of
from apps.discovery.aws import AwsGone

_SSH = "INCOMING_SSH_DISABLED"
_COMMON = "RESTRICTED_INCOMING_TRAFFIC"
_AUTHORIZED = "VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS"
# Source: AWS Config Developer Guide, the rule's page.
_COMMON_PORTS = ("20", "21", "3389", "3306", "4333")
_ALL = "all"
_ALL_PORTS = (0, 65_535)
_WITH_PORTS = ("tcp", "udp", "6", "17")
_NUMBERS = {"6": "tcp", "17": "udp"}
Ports = tuple[int, int]


class RevokeOpenIngress(Action):
    """Revokes exactly the ranges that open the ports; rules for other groups and
    prefix lists, and ranges of other ports, stay."""

    identifier = "revoke-open-ingress"
    title = "Close a security group to the world"
    says = "Revokes the rules that let the whole world in to the given ports."
    family = "network"
    resource_types = ("AWS::EC2::SecurityGroup",)
    repairs = (_SSH, _COMMON, _AUTHORIZED)
    parameters = (
        Parameter(
            "ports",
            "Ports",
            "Ports and ranges such as 22, 8000-8100; or all.",
            default="22",
        ),
        Parameter(
            "allowed_tcp_ports",
            "TCP ports that may stay open",
            "Rules for these ports alone are left.",
            default="",
        ),
        Parameter("allowed_udp_ports", "UDP ports that may stay open", default=""),
        Parameter("sources", "Sources", "Ranges to revoke.", default="0.0.0.0/0, ::/0"),
    )
    permissions = Permissions(
        read=("ec2:DescribeSecurityGroups",),
        write=(
            "ec2:RevokeSecurityGroupIngress",
            "ec2:AuthorizeSecurityGroupIngress",
        ),
    )

    def fitting(self, identifier: str, rule_parameters: Values) -> Values:
        if identifier == _COMMON:
            ports = [
                str(rule_parameters.get(f"blockedPort{number}") or default)
                for number, default in enumerate(_COMMON_PORTS, 1)
            ]
            return {"ports": ", ".join(ports)}
        if identifier == _AUTHORIZED:
            return {
                "ports": _ALL,
                "allowed_tcp_ports": str(rule_parameters.get("authorizedTcpPorts", "")),
                "allowed_udp_ports": str(rule_parameters.get("authorizedUdpPorts", "")),
            }
        return {"ports": "22"}

    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        given = self.given(parameters)
        answer = reads.call(
            "ec2", "describe_security_groups", GroupIds=[subject.key.id]
        )
        if not answer["SecurityGroups"]:
            raise AwsGone(f"There is no security group {subject.key.id}.")
        group = answer["SecurityGroups"][0]
        found = [rule for rule in _rules(group) if _violates(rule, given)]
        lists = sorted(set(_prefix_lists(group, given)))
        return Image(
            {"ingress": sorted(found, key=_order)},
            {"tags": tags_of(group.get("Tags", ())), "prefix_lists": lists},
        )

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        rules = now.values["ingress"]
        lists = now.beside.get("prefix_lists", ())
        if not rules and lists:
            raise Refused(
                f"No range opens these ports, but prefix list {', '.join(lists)} may: "
                "look at what is in it."
            )
        if not rules:
            return Draft.nothing(now)
        return Draft(
            before=now,
            expected=Image({"ingress": []}),
            steps=(Step(_said(rules), _call("revoke", subject, rules)),),
            changes=tuple(Change(f"ingress {_told(one)}", one, None) for one in rules),
            warnings=(*_wide(rules, self.given(parameters)), *_owned(now)),
        )

    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        rules = draft.before.values["ingress"]
        title = f"Authorize {_counted(rules)} again"
        return (Step(title, _call("authorize", subject, rules)),)


def _owned(now: Image) -> tuple[str, ...]:
    return owners(now.beside.get("tags", {}))


def _rules(group: Values) -> Iterator[dict[str, Any]]:
    """Ingress rules for ranges of addresses, one for each range."""
    for rule in group.get("IpPermissions", ()):
        ranges = [(one["CidrIp"], one) for one in rule.get("IpRanges", ())]
        ranges += [(one["CidrIpv6"], one) for one in rule.get("Ipv6Ranges", ())]
        for source, one in ranges:
            yield {
                "protocol": rule["IpProtocol"],
                "from": rule.get("FromPort"),
                "to": rule.get("ToPort"),
                "source": source,
                "description": one.get("Description", ""),
            }


def _prefix_lists(group: Values, given: Values) -> Iterator[str]:
    for rule in group.get("IpPermissions", ()):
        shape = {
            "protocol": rule["IpProtocol"],
            "from": rule.get("FromPort"),
            "to": rule.get("ToPort"),
        }
        if _opens(shape, given):
            yield from (one["PrefixListId"] for one in rule.get("PrefixListIds", ()))


def _violates(rule: Values, given: Values) -> bool:
    return rule["source"] in words_of(given["sources"]) and _opens(rule, given)


def _opens(rule: Values, given: Values) -> bool:
    """Whether a rule lets in to one of the ports, and not only to allowed ones."""
    own, wanted = _ports_of(rule), parse_ports(given["ports"])
    if own is None:
        return not wanted
    if wanted and not any(_overlap(own, one) for one in wanted):
        return False
    return not _is_allowed(rule, own, given)


def _ports_of(rule: Values) -> Ports | None:
    """The ports a rule is for; None for protocols without ports, such as ICMP."""
    if str(rule["protocol"]) == "-1":
        return _ALL_PORTS
    if str(rule["protocol"]) not in _WITH_PORTS or rule["from"] is None:
        return None
    return _ALL_PORTS if rule["from"] == -1 else (rule["from"], rule["to"])


def _is_allowed(rule: Values, own: Ports, given: Values) -> bool:
    protocol = _NUMBERS.get(str(rule["protocol"]), rule["protocol"])
    if protocol not in ("tcp", "udp"):
        return False
    allowed = parse_ports(given[f"allowed_{protocol}_ports"])
    return any(low <= own[0] and own[1] <= high for low, high in allowed)


def _overlap(one: Ports, other: Ports) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def parse_ports(text: str) -> tuple[Ports, ...]:
    """Ports and ranges of ports, such as 22, 8000-8100; none for all. Raises
    Refused."""
    words = words_of(text)
    return () if words == (_ALL,) else tuple(_range(one) for one in words)


def _range(text: str) -> Ports:
    low, dash, high = text.partition("-")
    try:
        found = (int(low), int(high if dash else low))
    except ValueError as error:
        raise Refused(f"{text!r} is no port and no range of ports.") from error
    if not 0 <= found[0] <= found[1] <= _ALL_PORTS[1]:
        raise Refused(f"{text} is no range of ports from 0 to 65535.")
    return found


def _order(rule: Values) -> tuple[str, int, int, str]:
    return (
        str(rule["protocol"]),
        -1 if rule["from"] is None else rule["from"],
        -1 if rule["to"] is None else rule["to"],
        rule["source"],
    )


def _call(verb: str, subject: Subject, rules: Iterable[Values]) -> Call:
    """With descriptions where rules are made; AWS finds them without."""
    grouped: dict[tuple[Any, ...], dict[str, Any]] = {}
    for rule in rules:
        where = (rule["protocol"], rule["from"], rule["to"])
        shape = grouped.setdefault(where, _shape(rule))
        is_six = ":" in rule["source"]
        one = {"CidrIpv6" if is_six else "CidrIp": rule["source"]}
        if verb == "authorize" and rule["description"]:
            one["Description"] = rule["description"]
        shape.setdefault("Ipv6Ranges" if is_six else "IpRanges", []).append(one)
    return Call(
        "ec2",
        f"{verb}_security_group_ingress",
        {"GroupId": subject.key.id, "IpPermissions": list(grouped.values())},
    )


def _shape(rule: Values) -> dict[str, Any]:
    shape: dict[str, Any] = {"IpProtocol": rule["protocol"]}
    if rule["from"] is not None:
        shape |= {"FromPort": rule["from"], "ToPort": rule["to"]}
    return shape


def _said(rules: list[Mapping[str, Any]]) -> str:
    if len(rules) == 1:
        return f"Revoke {_told(rules[0])}"
    return f"Revoke {len(rules)} rules: " + ", ".join(_told(one) for one in rules[:4])


def _counted(rules: list[Mapping[str, Any]]) -> str:
    return _told(rules[0]) if len(rules) == 1 else f"{len(rules)} rules"


def _told(rule: Values) -> str:
    """Such as tcp 22 from 0.0.0.0/0."""
    if str(rule["protocol"]) == "-1":
        return f"all traffic from {rule['source']}"
    low, high = rule["from"], rule["to"]
    ports = "" if low is None else f" {low}" if low == high else f" {low}-{high}"
    return f"{rule['protocol']}{ports} from {rule['source']}"


def _wide(rules: Iterable[Values], given: Values) -> Iterator[str]:
    """Rules that open more than was asked about: all of it is closed."""
    wanted = parse_ports(given["ports"])
    for rule in rules:
        own = _ports_of(rule)
        if wanted and own and not any(a <= own[0] and own[1] <= b for a, b in wanted):
            yield f"{_told(rule).capitalize()} is one rule: its other ports close too."
