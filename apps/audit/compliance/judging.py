"""Rules held against resources."""

from __future__ import annotations

from collections.abc import Callable

from apps.audit.compliance.conditions.compiling import ConditionInvalid
from apps.audit.compliance.conditions.definitions import defined
from apps.audit.compliance.managed.catalog import BY_IDENTIFIER
from apps.audit.compliance.verdicts import Estate, Outcome, Verdict
from apps.audit.models import ComplianceRule
from apps.discovery.inventory.items import ConfigItem

Judging = Callable[[ConfigItem, Estate], Verdict]


def judge(rule: ComplianceRule, item: ConfigItem, estate: Estate) -> Verdict:
    """What the rule says of the item; UNKNOWN where it is not evaluated here.

    A rule of AWS Config's that is a managed rule known here is held against the item
    as AWS would.
    """
    return judging(rule)(item, estate)


def judging(rule: ComplianceRule) -> Judging:
    """The rule made ready, to be held against many resources."""
    managed = BY_IDENTIFIER.get(rule.identifier)
    if managed is not None and rule.kind != ComplianceRule.Kind.CUSTOM:
        known, parameters = managed, dict(rule.parameters)
        return lambda item, estate: known.judge(item, parameters, estate)
    if rule.kind == ComplianceRule.Kind.CUSTOM:
        return _of_conditions(rule)
    reason = f"{rule.title} is not evaluated here."
    return lambda item, estate: Verdict(Outcome.UNKNOWN, reason)


def _of_conditions(rule: ComplianceRule) -> Judging:
    try:
        return defined(rule.conditions).judge
    except ConditionInvalid as error:
        reason = f"{rule.title} cannot be read: {error}"
        return lambda item, estate: Verdict(Outcome.UNKNOWN, reason)
