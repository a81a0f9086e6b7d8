"""IAM policies: what a document allows.

Actions, principals and the common conditions are evaluated. A resource is compared
where the caller names one; where it cannot be known from the request, a statement
holds for it. A condition with an operator or a key that is not known here does not
hold, so a grant under it is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any


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
    return _listed(parsed.get("Statement"))


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _holds(statement: Mapping[str, Any], request: Request) -> bool:
    return (
        _names_action(statement, request.action)
        and _names_resource(statement, request.resource)
        and _names_principal(statement, request.principal_arns)
        and _conditions_hold(statement.get("Condition", {}), request.context)
    )


def _names_action(statement: Mapping[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not _any_like(statement["NotAction"], action.lower())
    return _any_like(statement.get("Action"), action.lower())


def _any_like(patterns: Any, value: str) -> bool:
    return any(fnmatchcase(value, str(p).lower()) for p in _listed(patterns))


def _names_resource(statement: Mapping[str, Any], resource: str) -> bool:
    if "Resource" not in statement and "NotResource" not in statement:
        return True  # a trust policy has none
    if not resource:
        is_everything = "*" in _listed(statement.get("Resource"))
        return is_everything or statement.get("Effect") == Effect.ALLOW
    if "NotResource" in statement:
        return not _any_like(statement["NotResource"], resource.lower())
    return _any_like(statement["Resource"], resource.lower())


def _names_principal(statement: Mapping[str, Any], arns: tuple[str, ...]) -> bool:
    if "Principal" not in statement:
        return True  # a policy of an identity has none
    principal = statement["Principal"]
    if principal == "*":
        return True
    named = [
        name for kind in ("AWS", "Service") for name in _listed(principal.get(kind))
    ]
    return any(name == "*" or name in arns for name in named)


def _conditions_hold(conditions: Any, context: Mapping[str, str]) -> bool:
    return all(
        _condition_holds(operator, key.lower(), _listed(values), context)
        for operator, keys in conditions.items()
        for key, values in keys.items()
    )


def _condition_holds(
    operator: str, key: str, values: list[Any], context: Mapping[str, str]
) -> bool:
    if_exists = operator.endswith("IfExists")
    name = operator.removesuffix("IfExists")
    actual = context.get(key)
    if actual is None:
        return if_exists or name in {"StringNotEquals", "StringNotLike", "ArnNotLike"}
    wanted = [str(value) for value in values]
    if name in {"StringEquals", "ArnEquals", "Bool"}:
        return (
            actual.lower() in [w.lower() for w in wanted]
            if name == "Bool"
            else (actual in wanted)
        )
    if name in {"StringLike", "ArnLike"}:
        return any(fnmatchcase(actual, pattern) for pattern in wanted)
    if name == "StringNotEquals":
        return actual not in wanted
    if name in {"StringNotLike", "ArnNotLike"}:
        return not any(fnmatchcase(actual, pattern) for pattern in wanted)
    return False
