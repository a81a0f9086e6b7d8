"""Every action there is."""

from __future__ import annotations

from collections.abc import Iterable

from apps.audit.remediation.actions.accesskeys import DeactivateAccessKey
from apps.audit.remediation.actions.apistages import RestoreStage
from apps.audit.remediation.actions.base import Action
from apps.audit.remediation.actions.buckets import BlockPublicAccess, EncryptByDefault
from apps.audit.remediation.actions.securitygroups import RevokeOpenIngress
from apps.audit.remediation.actions.trails import RestartTrail

_ALL: tuple[Action, ...] = (
    BlockPublicAccess(),
    DeactivateAccessKey(),
    EncryptByDefault(),
    RestartTrail(),
    RestoreStage(),
    RevokeOpenIngress(),
)
_BY_IDENTIFIER = {action.identifier: action for action in _ALL}


class NoSuchAction(Exception):
    """No action has this identifier."""


def actions() -> tuple[Action, ...]:
    """In the order of their identifiers."""
    return tuple(sorted(_ALL, key=lambda one: one.identifier))


def action_named(identifier: str) -> Action:
    """Raises NoSuchAction."""
    try:
        return _BY_IDENTIFIER[identifier]
    except KeyError as error:
        raise NoSuchAction(f"There is no action {identifier!r}.") from error


def actions_for_rule(identifier: str) -> tuple[Action, ...]:
    """Those that repair violations of the managed rule with this identifier."""
    return _where(identifier in one.repairs for one in actions())


def actions_for_type(resource_type: str) -> tuple[Action, ...]:
    """Those that work on resources of this type, hand-overs to any type included."""
    return _where(
        resource_type in one.resource_types or not one.resource_types
        for one in actions()
    )


def actions_for(identifier: str, resource_type: str) -> tuple[Action, ...]:
    """Those to offer for a violation: first those that repair the rule by themselves,
    then what else works on the type."""
    of_rule = [
        one
        for one in actions_for_rule(identifier)
        if resource_type in one.resource_types
    ]
    others = [one for one in actions_for_type(resource_type) if one not in of_rule]
    return (*of_rule, *others)


def _where(fits: Iterable[bool]) -> tuple[Action, ...]:
    return tuple(one for one, does in zip(actions(), fits, strict=True) if does)
