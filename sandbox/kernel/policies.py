"""IAM policies: what a document allows.

Actions, principals and the common conditions are evaluated. A resource is compared
where the caller names one; where it cannot be known from the request, a grant holds for
it. A condition with an operator that is not known here fails closed: a grant under it
is refused, a denial under it denies.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sandbox.kernel import conditions
from sandbox.kernel.conditions import listed


class Effect(StrEnum):
    ALLOW = "Allow"
    DENY = "Deny"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be decided: `action` as `logs:FilterLogEvents`; `resource` an ARN or
    empty where it is not known; `context` holds condition keys in lower case."""

    action: str
    resource: str = ""
    principal_arns: tuple[str, ...] = ()
    context: Mapping[str, str] = field(default_factory=dict)


def decide(documents: Iterable[str | Mapping[str, Any]], request: Request) -> Effect:
    """Deny where any statement denies, else Allow where one allows, else none."""
    found = Effect.NONE
    for document in documents:
        for statement in _statements(document):
            if not _holds(statement, request):
                continue
            if statement.get("Effect") == Effect.DENY:
                return Effect.DENY
            found = Effect.ALLOW
    return found


def _statements(document: str | Mapping[str, Any]) -> list[Mapping[str, Any]]:
    parsed = json.loads(document) if isinstance(document, str) else document
    return listed(parsed.get("Statement"))


def _holds(statement: Mapping[str, Any], request: Request) -> bool:
    return (
        _names_action(statement, request.action)
        and _names_resource(statement, request.resource)
        and _names_principal(statement, request.principal_arns)
        and _conditions_hold(statement, request.context)
    )


def _conditions_hold(statement: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    found = conditions.hold(statement.get("Condition") or {}, context)
    return statement.get("Effect") == Effect.DENY if found is None else found


def _names_action(statement: Mapping[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not _any_like(statement["NotAction"], action.lower())
    return _any_like(statement.get("Action"), action.lower())


def _any_like(patterns: Any, value: str) -> bool:
    return any(conditions.like(value, str(p).lower()) for p in listed(patterns))


def _names_resource(statement: Mapping[str, Any], resource: str) -> bool:
    if "Resource" not in statement and "NotResource" not in statement:
        return True  # a trust policy has none
    if not resource:
        is_everything = "*" in listed(statement.get("Resource"))
        return is_everything or statement.get("Effect") == Effect.ALLOW
    if "NotResource" in statement:
        return not _any_like(statement["NotResource"], resource.lower())
    return _any_like(statement["Resource"], resource.lower())


def _names_principal(statement: Mapping[str, Any], arns: tuple[str, ...]) -> bool:
    if "NotPrincipal" in statement:
        return not _is_among(statement["NotPrincipal"], arns)
    # A policy of an identity has none.
    return "Principal" not in statement or _is_among(statement["Principal"], arns)


def _is_among(principal: Any, arns: tuple[str, ...]) -> bool:
    if principal == "*":
        return True
    named = [
        name for kind in ("AWS", "Service") for name in listed(principal.get(kind))
    ]
    return any(name == "*" or name in arns for name in named)
