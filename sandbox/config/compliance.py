"""What rules said, by rule, by resource, in detail and in sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.config.paging import page
from sandbox.config.state import Evaluation, Key, Place, Rule, Store
from sandbox.config.verdicts import COMPLIANT, INSUFFICIENT_DATA, NON_COMPLIANT
from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.errors import ApiError

_CAP_OF_RULE = 100
_CAP_OF_RESOURCE = 25
_PAGE = 25
_DETAILS = 100


class Compliance:
    """Reads of evaluations."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.operations: Mapping[str, Handler] = {
            "DescribeComplianceByConfigRule": self._by_rule,
            "DescribeComplianceByResource": self._by_resource,
            "GetComplianceDetailsByConfigRule": self._details_of_rule,
            "GetComplianceDetailsByResource": self._details_of_resource,
            "GetComplianceSummaryByConfigRule": self._summary_of_rules,
            "GetComplianceSummaryByResourceType": self._summary_of_types,
        }

    def _by_rule(self, call: Call) -> Answer:
        place, asked = self._store.at(call.place), call.parameters
        names = asked.get("ConfigRuleNames") or sorted(place.rules)
        rules = [place.the_rule(name) for name in names]
        found = [
            {"ConfigRuleName": rule.name, "Compliance": _compliance_of_rule(rule)}
            for rule in rules
        ]
        kept = _of_types(found, asked)
        shown, more = page(kept, asked.get("NextToken"), _PAGE, "NextToken")
        return {"ComplianceByConfigRules": shown, **more}

    def _by_resource(self, call: Call) -> Answer:
        place, asked = self._store.at(call.place), call.parameters
        if asked.get("ResourceId") and not asked.get("ResourceType"):
            raise ApiError(
                "InvalidParameterValueException",
                "You must specify the ResourceType with the ResourceId.",
            )
        found = [
            {
                "ResourceType": key[0],
                "ResourceId": key[1],
                "Compliance": _compliance(said, _CAP_OF_RESOURCE),
            }
            for key, said in sorted(_by_key(place).items())
            if asked.get("ResourceType") in (None, key[0])
            and asked.get("ResourceId") in (None, key[1])
        ]
        limit = asked.get("Limit") or _PAGE
        kept = _of_types(found, asked)
        shown, more = page(kept, asked.get("NextToken"), limit, "NextToken")
        return {"ComplianceByResources": shown, **more}

    def _details_of_rule(self, call: Call) -> Answer:
        asked = call.parameters
        rule = self._store.at(call.place).the_rule(asked["ConfigRuleName"])
        return _details(list(rule.evaluations.values()), asked)

    def _details_of_resource(self, call: Call) -> Answer:
        asked = call.parameters
        key = (asked.get("ResourceType") or "", asked.get("ResourceId") or "")
        return _details(_by_key(self._store.at(call.place)).get(key, []), asked)

    def _summary_of_rules(self, call: Call) -> Answer:
        place = self._store.at(call.place)
        kinds = [
            _worst(rule.evaluations.values())
            for rule in list(place.rules.values())
            if rule.evaluations
        ]
        return {"ComplianceSummary": _summary(kinds, call.now, 25)}

    def _summary_of_types(self, call: Call) -> Answer:
        kinds: dict[str, list[str]] = {}
        for key, said in _by_key(self._store.at(call.place)).items():
            kinds.setdefault(key[0], []).append(_worst(said))
        wanted = call.parameters.get("ResourceTypes")
        if not wanted:
            every = [kind for found in kinds.values() for kind in found]
            summary = {"ComplianceSummary": _summary(every, call.now, _CAP_OF_RULE)}
            return {"ComplianceSummariesByResourceType": [summary]}
        return {
            "ComplianceSummariesByResourceType": [
                {
                    "ResourceType": resource_type,
                    "ComplianceSummary": _summary(
                        kinds.get(resource_type, []), call.now, _CAP_OF_RULE
                    ),
                }
                for resource_type in wanted
            ]
        }


def _by_key(place: Place) -> dict[Key, list[Evaluation]]:
    found: dict[Key, list[Evaluation]] = {}
    for rule in list(place.rules.values()):
        for key, evaluation in list(rule.evaluations.items()):
            found.setdefault(key, []).append(evaluation)
    return found


def _worst(said: Iterable[Evaluation]) -> str:
    kinds = {evaluation.compliance for evaluation in said}
    for kind in (NON_COMPLIANT, COMPLIANT):
        if kind in kinds:
            return kind
    return INSUFFICIENT_DATA


def _compliance_of_rule(rule: Rule) -> dict[str, Any]:
    return _compliance(list(rule.evaluations.values()), _CAP_OF_RULE)


def _compliance(said: list[Evaluation], cap: int) -> dict[str, Any]:
    """The count is of who fails, and is not said where nobody does."""
    worst = _worst(said)
    compliance: dict[str, Any] = {"ComplianceType": worst}
    if worst == NON_COMPLIANT:
        failing = sum(one.compliance == NON_COMPLIANT for one in said)
        compliance["ComplianceContributorCount"] = _capped(failing, cap)
    return compliance


def _capped(count: int, cap: int) -> dict[str, Any]:
    return {"CappedCount": min(count, cap), "CapExceeded": count > cap}


def _summary(kinds: Iterable[str], now: float, cap: int) -> dict[str, Any]:
    counted = Counter(kinds)
    return {
        "CompliantResourceCount": _capped(counted[COMPLIANT], cap),
        "NonCompliantResourceCount": _capped(counted[NON_COMPLIANT], cap),
        "ComplianceSummaryTimestamp": now,
    }


def _of_types(
    found: list[dict[str, Any]], asked: Mapping[str, Any]
) -> list[dict[str, Any]]:
    types = asked.get("ComplianceTypes")
    return [
        one
        for one in found
        if not types or one["Compliance"]["ComplianceType"] in types
    ]


def _details(said: list[Evaluation], asked: Mapping[str, Any]) -> Answer:
    types = asked.get("ComplianceTypes")
    kept = [_result(one) for one in said if not types or one.compliance in types]
    limit = asked.get("Limit") or _DETAILS
    shown, more = page(kept, asked.get("NextToken"), limit, "NextToken")
    return {"EvaluationResults": shown, **more}


def _result(evaluation: Evaluation) -> dict[str, Any]:
    result = {
        "EvaluationResultIdentifier": {
            "EvaluationResultQualifier": {
                "ConfigRuleName": evaluation.rule,
                "ResourceType": evaluation.key[0],
                "ResourceId": evaluation.key[1],
                "EvaluationMode": "DETECTIVE",
            },
            "OrderingTimestamp": evaluation.ordering,
        },
        "ComplianceType": evaluation.compliance,
        "ResultRecordedTime": evaluation.recorded,
        "ConfigRuleInvokedTime": evaluation.invoked,
    }
    said = {"Annotation": evaluation.annotation} if evaluation.annotation else {}
    return {**result, **said}
