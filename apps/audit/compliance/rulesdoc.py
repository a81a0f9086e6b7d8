"""docs/rules.md, written from the rules themselves. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from apps.audit.compliance.managed.base import Managed
from apps.audit.compliance.managed.catalog import OFF_AT_FIRST, RULES
from apps.audit.compliance.parameters import Parameter

_FEW = 4
_HEAD = """\
# Rules

Managed rules of AWS Config that Trailmap evaluates itself, by AWS's identifiers and
parameters. Written from the code by `trailmap rules-doc`.

A rule passes only what it is told: where an item does not say what the rule has to
know, the verdict is *unknown*. Rules marked *off at first* are there, and off until
somebody switches them on.
"""


def document() -> str:
    return "\n".join((_HEAD, *_sections())) + "\n"


def _sections() -> Iterator[str]:
    for rule in sorted(RULES, key=lambda one: one.identifier):
        yield f"## {rule.identifier}\n"
        off = ", off at first" if rule.identifier in OFF_AT_FIRST else ""
        yield f"{rule.title}. Severity {rule.severity}{off}. About {_types(rule)}.\n"
        if rule.note:
            yield f"{rule.note}\n"
        if rule.parameters:
            yield "| parameter | what it is | default |"
            yield "| --- | --- | --- |"
            yield from (_row(one) for one in rule.parameters)
            yield ""


def _types(rule: Managed) -> str:
    few = rule.resource_types[:_FEW]
    more = len(rule.resource_types) - len(few)
    listed = ", ".join(f"`{one}`" for one in few)
    return f"{listed} and {more} more types" if more else listed


def _row(one: Parameter) -> str:
    form = f"{one.form}, required" if one.is_required else str(one.form)
    default = f"`{one.default}`" if one.default else ""
    return f"| `{one.name}` | {form} | {default} |"
