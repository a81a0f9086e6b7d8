"""VPC flow logs, versions 2 to 5 and later, in any order of fields.

Source: "Flow log records", Amazon VPC User Guide. A custom format is known only by
its fields, which files in S3 name in their first line.
"""

from collections.abc import Sequence
from typing import Any


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


DEFAULT = (
    "version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport",
    "protocol", "packets", "bytes", "start", "end", "action", "log-status",
)  # fmt: skip
_NUMBERS = frozenset(
    _names(
        "version srcport dstport protocol packets bytes start end tcp-flags traffic- "
        "path encryption-status"
    )
)
_TEXTS = frozenset(
    _names(
        "account-id interface-id srcaddr dstaddr action log-status vpc-id subnet-id "
        "instance-id type pkt-srcaddr pkt-dstaddr region az-id sublocation-type "
        "sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction "
        "reject-reason ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn "
        "ecs-container-instance-id ecs-container-id ecs-second-container-id ecs- "
        "service-name ecs-task-definition-arn ecs-task-arn ecs-task-id resource-id "
        "transit-gateway-id"
    )
)
FIELDS = _NUMBERS | _TEXTS
_FEWEST = 4  # names in a first line that make it a header


def header(line: str) -> tuple[str, ...] | None:
    """The fields that the first line of a file names; None where it does not."""
    names = tuple(line.replace("${", "").replace("}", "").split())
    is_one = len(names) >= _FEWEST and FIELDS.issuperset(names)
    return names if is_one else None


def parse(line: str, fields: Sequence[str] = DEFAULT) -> dict[str, Any] | None:
    """The values of a record by the names AWS has for them, None where there was
    nothing to say (`-`). None as a whole where the number of values differs."""
    values = line.split()
    if len(values) != len(fields):
        return None
    return {name: _value(name, text) for name, text in zip(fields, values, strict=True)}


def looks_default(line: str) -> bool:
    """Whether a line is a record in the default format: `2 123456789012 eni-...`."""
    return line[1:2] == " " and line[14:15] == " " and _is_interface(line)


def _is_interface(line: str) -> bool:
    return line.startswith(("2 ", "3 ", "4 ", "5 ")) and line[2:14].isdigit()


def _value(name: str, text: str) -> str | int | None:
    if text == "-":
        return None
    is_number = name in _NUMBERS and text.isascii() and text.isdigit()
    return int(text) if is_number else text
