"""Undoing takes the steps of a plan back one by one, whatever was planned."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from apps.audit.remediation.actions.apistages import RestoreStage
from apps.audit.remediation.actions.base import Image, Step, Subject
from apps.audit.remediation.actions.securitygroups import (
    RevokeOpenIngress,
    parse_ports,
)
from apps.discovery.inventory.items import ResourceKey

ARN = "arn:aws:apigateway:eu-west-1::/restapis/abc/stages/prod"
KEY = ResourceKey("111122223333", "eu-west-1", "AWS::ApiGateway::Stage", ARN)
STAGE = Subject(KEY, ARN, "prod")
NAMES = st.sampled_from(["clientTls", "colour", "size"])
VARIABLES = st.dictionaries(NAMES, st.sampled_from(["Enabled", "Disabled"]))
PLAIN = st.dictionaries(
    st.sampled_from(["r1 GET", "r1 POST", "r2 ANY"]),
    st.sampled_from(["http://one.test", "HTTP://two.test/x"]),
)


def done(values: dict[str, Any], step: Step) -> dict[str, Any]:
    """What API Gateway makes of a call, by its reference."""
    asked = step.call.parameters
    after = {**values, "variables": dict(values["variables"])}
    for patch in asked["patchOperations"]:
        if step.call.operation == "update_integration":
            where = f"{asked['resourceId']} {asked['httpMethod']}"
            after["plain"] = {k: v for k, v in after["plain"].items() if k != where}
            if patch["value"].lower().startswith("http://"):
                after["plain"][where] = patch["value"]
        elif patch["path"] == "/deploymentId":
            after["deployment"] = patch["value"]
        elif patch["op"] == "remove":
            del after["variables"][patch["path"].removeprefix("/variables/")]
        else:
            name = patch["path"].removeprefix("/variables/")
            after["variables"][name] = patch["value"]
    return after


@given(VARIABLES, st.none() | VARIABLES, PLAIN, st.sampled_from(["d2", "d3"]))
def test_a_stage_is_as_planned_after_each_step_and_as_before_after_all_undone(
    had: dict[str, str],
    wanted: dict[str, str] | None,
    plain: dict[str, str],
    deployment: str,
) -> None:
    action, parameters = RestoreStage(), {"variables": wanted}
    values: dict[str, Any] = {
        "deployment": deployment,
        "variables": had,
        "deployments": ["d1", "d2", "d3"],
        "plain": plain,
    }
    draft = action.draft(STAGE, parameters, Image(values))

    seen = values
    for number, step in enumerate(draft.steps, 1):
        seen = done(seen, step)
        assert action.state_after(draft, number).digest == Image(seen).digest
    for step in action.undo(STAGE, parameters, draft):
        seen = done(seen, step)

    assert Image(seen).digest == Image(values).digest


PORTS = st.integers(0, 65_535)
SOURCES = st.sampled_from(["0.0.0.0/0", "::/0", "198.51.100.0/24"])


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    low, high = sorted((draw(PORTS), draw(PORTS)))
    source = draw(SOURCES)
    own = {"CidrIpv6" if ":" in source else "CidrIp": source}
    return {
        "IpProtocol": draw(st.sampled_from(["tcp", "udp", "-1", "icmp"])),
        "FromPort": low,
        "ToPort": high,
        "Ipv6Ranges" if ":" in source else "IpRanges": [own],
    }


class OneGroup:
    """Reads of one security group."""

    def __init__(self, listed: list[dict[str, Any]]) -> None:
        self._listed = listed

    def call(self, service: str, operation: str, /, **_: Any) -> dict[str, Any]:
        return {"SecurityGroups": [{"IpPermissions": self._listed}]}

    def pages(self, service: str, operation: str, /, **_: Any) -> list[Any]:
        raise AssertionError(operation)


@given(st.lists(rules(), max_size=6), PORTS)
def test_only_what_opens_the_port_to_the_world_is_revoked(
    listed: list[dict[str, Any]], port: int
) -> None:
    action, parameters = RevokeOpenIngress(), {"ports": str(port)}
    group = Subject(KEY._replace(id="sg-1"), "", "")
    image = action.read(OneGroup(listed), group, parameters)

    for rule in image.values["ingress"]:
        assert rule["source"] in ("0.0.0.0/0", "::/0")
        assert rule["protocol"] == "-1" or rule["from"] <= port <= rule["to"]
    is_open = any(
        ("0.0.0.0/0" in str(rule) or "::/0" in str(rule))
        and (
            rule["IpProtocol"] == "-1"
            or (
                rule["IpProtocol"] in ("tcp", "udp")
                and rule["FromPort"] <= port <= rule["ToPort"]
            )
        )
        for rule in listed
    )
    assert bool(image.values["ingress"]) is is_open


def test_ports_are_read_as_people_write_them() -> None:
    assert parse_ports("22, 8000-8100 443") == ((22, 22), (8_000, 8_100), (443, 443))
    assert parse_ports("all") == ()
