"""Rules held against resources."""

from __future__ import annotations

from apps.audit.compliance.verdicts import Estate, Outcome, Verdict
from apps.audit.models import ComplianceRule
from apps.discovery.inventory.items import ConfigItem


def judge(rule: ComplianceRule, item: ConfigItem, estate: Estate) -> Verdict:
    """What the rule says of the item; UNKNOWN where it is not evaluated here."""
    return Verdict(Outcome.UNKNOWN, f"{rule.title} is not evaluated here.")
