"""What a resource was like while it passed the rule that it violates now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.audit.compliance.judging import judge
from apps.audit.compliance.verdicts import Outcome
from apps.audit.models import Violation
from apps.audit.remediation.actions.base import Action
from apps.audit.remediation.actions.suggesting import suggested
from apps.discovery.inventory.items import ConfigItem, ItemSource, ResourceKey
from apps.discovery.inventory.writing import unpacked

_MOST_ITEMS = 10


@dataclass(frozen=True, slots=True)
class _ByItself:
    """An estate with nothing in it: what an item was among is not asked."""

    now: datetime

    def find(self, key: ResourceKey) -> ConfigItem | None:
        return None

    def every(self, account: str, type_: str) -> Sequence[ConfigItem]:
        return ()


def good_item(violation: Violation) -> ConfigItem | None:
    """The newest of the last ten items from before the violation that the rule passes
    by itself; None where there is none."""
    since = violation.changed_at or violation.opened_at
    rows = violation.resource.items.filter(captured_at__lt=since)
    for row in rows.order_by("-captured_at", "-state_id")[:_MOST_ITEMS]:
        item = unpacked(bytes(row.document), ItemSource(row.source))
        verdict = judge(violation.rule, item, _ByItself(item.captured_at))
        if verdict.outcome == Outcome.PASS:
            return item
    return None


def suggestions(action: Action, violation: Violation) -> dict[str, Any]:
    """What to fill in for the repair of a violation, where nobody says otherwise."""
    rule, good = violation.rule, good_item(violation)
    return suggested(action, rule.identifier, rule.parameters, good)
