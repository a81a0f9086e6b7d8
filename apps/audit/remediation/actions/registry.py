"""Every action there is."""

from __future__ import annotations

from apps.audit.remediation.actions.base import Action

_ACTIONS: tuple[Action, ...] = ()


def actions() -> tuple[Action, ...]:
    return _ACTIONS


def by_identifier(identifier: str) -> Action:
    """Raises KeyError."""
    for action in _ACTIONS:
        if action.identifier == identifier:
            return action
    raise KeyError(identifier)


def for_violation(rule_identifier: str, resource_type: str) -> tuple[Action, ...]:
    """What can repair a resource of this type that fails this managed rule."""
    return tuple(
        action
        for action in _ACTIONS
        if rule_identifier in action.repairs and resource_type in action.resource_types
    )
