"""Policies of resources and identities: whom do they let do what?

Source: IAM User Guide, "Grammar of the IAM JSON policy language"; Amazon S3 User
Guide, "The meaning of public".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote

import orjson

from apps.audit.compliance.places import NotTold, Place

_MOST_LETTERS = 200
# Conditions on these, with a fixed value, narrow "everyone" to somebody.
_NARROWING = frozenset(
    (
        "aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount",
        "aws:principalarn", "aws:sourcearn", "aws:sourceaccount", "aws:sourceowner",
        "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceip", "aws:sourcevpc",
        "aws:sourcevpce", "aws:userid", "aws:username",
        "lambda:eventsourcetoken",
        "s3:dataaccesspointarn", "s3:dataaccesspointaccount", "kms:calleraccount",
        "kms:viaservice", "sns:endpoint",
    )
)  # fmt: skip
_EVERY_ADDRESS = frozenset(("*", "0.0.0.0/0", "::/0"))


def statements(policy: Place) -> Iterator[Place]:
    """The statements of a policy: as an object, as JSON, or as JSON quoted for URLs.

    Raises NotTold for what is no policy.
    """
    value = policy.value
    if isinstance(value, str):
        value = _opened(value, policy.path)
    if not isinstance(value, Mapping):
        raise NotTold(policy.path, f"{policy.path} is not a policy.")
    stated = Place(value, policy.path).at("Statement")
    if isinstance(stated.value, Mapping):
        yield stated
    else:
        yield from stated.each()


def _opened(text: str, path: str) -> Any:
    try:
        return orjson.loads(unquote(text) if text.startswith("%7B") else text)
    except orjson.JSONDecodeError:
        raise NotTold(path, f"{path} is not JSON.") from None


def opened_to_everyone(policy: Place, actions: Iterable[str]) -> Place | None:
    """The first statement that lets anyone do one of the actions."""
    wanted = tuple(actions)
    for statement in statements(policy):
        if (
            effect(statement) == "Allow"
            and is_for_everyone(statement)
            and not is_narrowed(statement)
            and allows(statement, wanted)
        ):
            return statement
    return None


def effect(statement: Place) -> str:
    found = statement.maybe("Effect")
    return str(found.value) if found else ""


def texts(statement: Place, name: str) -> list[str]:
    found = statement.maybe(name)
    if found is None:
        return []
    value = found.value
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def is_for_everyone(statement: Place) -> bool:
    if statement.maybe("NotPrincipal"):
        return True
    principal = statement.maybe("Principal")
    if principal is None:
        return False
    if isinstance(principal.value, Mapping):
        return "*" in texts(principal, "AWS")
    return bool(principal.value in ("*", ["*"]))


def is_narrowed(statement: Place) -> bool:
    """Whether a condition leaves somebody in particular of everyone."""
    return any(
        key.lower() in _NARROWING and _is_fixed(operator, value)
        for operator, key, value in conditions(statement)
    )


def conditions(statement: Place) -> Iterator[tuple[str, str, Any]]:
    """Operator, key and value of each condition."""
    found = statement.maybe("Condition")
    if found is None or not isinstance(found.value, Mapping):
        return
    for operator, keys in found.value.items():
        if isinstance(keys, Mapping):
            for key, value in keys.items():
                yield str(operator), str(key), value


def _is_fixed(operator: str, value: Any) -> bool:
    plain = operator.lower().rpartition(":")[2]
    if "not" in plain or plain == "null" or plain.endswith("ifexists"):
        return False
    given = value if isinstance(value, list) else [value]
    return not any(str(one) in _EVERY_ADDRESS for one in given)


def allows(statement: Place, wanted: Iterable[str]) -> bool:
    """Whether one of the actions is meant; a pattern on either side will do."""
    given = texts(statement, "Action")
    if given:
        return any(_meet(one, want) for one in given for want in wanted)
    but = texts(statement, "NotAction")
    return bool(but) and any(not any(matches(b, w) for b in but) for w in wanted)


def _meet(one: str, other: str) -> bool:
    return matches(one, other) or matches(other, one)


def matches(pattern: str, text: str) -> bool:
    """IAM's wildcards, without regard to case. Long patterns match nothing."""
    if pattern == "*":
        return True
    if len(pattern) > _MOST_LETTERS or "[" in pattern:
        return pattern.lower() == text.lower()
    return fnmatchcase(text.lower(), pattern.lower())


def covers(statement: Place, action: str) -> bool:
    """Whether the statement is about this very action."""
    return any(matches(one, action) for one in texts(statement, "Action"))
