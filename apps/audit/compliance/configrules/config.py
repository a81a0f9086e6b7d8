"""The door to rules of AWS Config."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apps.audit.compliance.configrules.records import (
    ConfigResult,
    ConfigRule,
    read_result,
    read_rule,
)
from apps.discovery.aws import AwsRefused, Door, Target

PERMISSIONS = (
    "config:DescribeComplianceByConfigRule",
    "config:DescribeConfigRules",
    "config:GetComplianceDetailsByConfigRule",
)
# AWS Config API reference, GetComplianceDetailsByConfigRule.
_PAGE = 100


class ConfigRules:
    """The rules of one account and region."""

    def __init__(self, where: Target) -> None:
        self._door = Door(where, "config")

    def rules(self) -> list[ConfigRule]:
        return [
            read_rule(one)
            for one in self._listed("describe_config_rules", "ConfigRules")
        ]

    def compliance(self) -> Mapping[str, str]:
        """What each rule says in all, such as NON_COMPLIANT."""
        listed = self._listed(
            "describe_compliance_by_config_rule", "ComplianceByConfigRules"
        )
        return {
            str(one.get("ConfigRuleName", "")): str(
                (one.get("Compliance") or {}).get("ComplianceType", "")
            )
            for one in listed
        }

    def results(self, rule: str) -> Iterator[ConfigResult]:
        """What a rule says of every resource that it looked at."""
        for one in self._listed(
            "get_compliance_details_by_config_rule",
            "EvaluationResults",
            ConfigRuleName=rule,
            Limit=_PAGE,
        ):
            yield read_result(one)

    def _listed(
        self, operation: str, member: str, **parameters: Any
    ) -> Iterator[Mapping[str, Any]]:
        """Everything of a listing: only the token ends it, never an empty page."""
        token: dict[str, str] = {}
        while True:
            answer = self._door.call(operation, **parameters, **token)
            yield from answer.get(member, ())
            following = answer.get("NextToken")
            if not following:
                return
            if token.get("NextToken") == following:
                raise AwsRefused(f"config.{operation} gives the same page for ever.")
            token = {"NextToken": following}
