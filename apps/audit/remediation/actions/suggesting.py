"""What to fill in: by the rule that is violated, and by what was right before. Pure."""

from __future__ import annotations

from typing import Any

from apps.audit.remediation.actions.base import Action, Values
from apps.discovery.inventory.items import ConfigItem


def suggested(
    action: Action, identifier: str, rule_parameters: Values, good: ConfigItem | None
) -> dict[str, Any]:
    """Parameters for repairing a violation of the rule, where it is one that the
    action repairs by itself; and those that restore `good`, an item of the resource
    from when the rule passed. What a person gives goes before."""
    fitting = (
        action.fitting(identifier, rule_parameters)
        if identifier in action.repairs
        else {}
    )
    return {**fitting, **(action.restoring(good) if good else {})}
