"""Sampling rules, and what clients learn of their share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.sandbox.conftest import NOW
from tests.sandbox.test_identity import refused

INVALID = ("InvalidRequestException", 400)
RULE = {
    "RuleName": "checkout",
    "ResourceARN": "*",
    "Priority": 100,
    "FixedRate": 0.5,
    "ReservoirSize": 5,
    "ServiceName": "web",
    "ServiceType": "*",
    "Host": "*",
    "HTTPMethod": "POST",
    "URLPath": "/checkout",
    "Version": 1,
}
FIRST, SECOND = "a" * 24, "b" * 24


def report(rule: str, client: str, requests: int = 100) -> dict[str, Any]:
    return {
        "RuleName": rule,
        "ClientID": client,
        "Timestamp": NOW,
        "RequestCount": requests,
        "SampledCount": 7,
        "BorrowCount": 1,
    }


def test_the_default_rule_takes_one_a_second_and_five_percent(xray: Any) -> None:
    [record] = xray.get_sampling_rules()["SamplingRuleRecords"]

    rule = record["SamplingRule"]
    assert (rule["ReservoirSize"], rule["FixedRate"]) == (1, 0.05)
    assert (rule["RuleName"], rule["Priority"]) == ("Default", 10_000)
    assert record["CreatedAt"].timestamp() == 0


def test_rules_come_by_priority(xray: Any) -> None:
    made = xray.create_sampling_rule(SamplingRule=RULE)["SamplingRuleRecord"]
    xray.create_sampling_rule(SamplingRule={**RULE, "RuleName": "a", "Priority": 200})

    records = xray.get_sampling_rules()["SamplingRuleRecords"]

    assert records[0] == made
    assert made["CreatedAt"].timestamp() == NOW
    names = [r["SamplingRule"]["RuleName"] for r in records]
    assert names == ["checkout", "a", "Default"]


def test_a_rule_can_be_changed_by_its_arn(xray: Any) -> None:
    xray.create_sampling_rule(SamplingRule=RULE)
    arn = f"arn:aws:xray:{HOME_REGION}:{SHOP}:sampling-rule/checkout"

    answer = xray.update_sampling_rule(
        SamplingRuleUpdate={"RuleARN": arn, "FixedRate": 0.1}
    )

    rule = answer["SamplingRuleRecord"]["SamplingRule"]
    assert (rule["FixedRate"], rule["URLPath"]) == (0.1, "/checkout")


def test_a_deleted_rule_is_gone(xray: Any) -> None:
    xray.create_sampling_rule(SamplingRule=RULE)
    answer = xray.delete_sampling_rule(RuleName="checkout")

    assert answer["SamplingRuleRecord"]["SamplingRule"]["RuleName"] == "checkout"
    assert len(xray.get_sampling_rules()["SamplingRuleRecords"]) == 1


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("create_sampling_rule", {"SamplingRule": RULE}),
        ("create_sampling_rule", {"SamplingRule": {**RULE, "RuleName": "Default"}}),
        ("create_sampling_rule", {"SamplingRule": {**RULE, "Version": 2}}),
        ("create_sampling_rule", {"SamplingRule": {
            k: v for k, v in RULE.items() if k != "RuleName"}}),
        ("update_sampling_rule", {"SamplingRuleUpdate": {"RuleName": "absent"}}),
        ("update_sampling_rule", {"SamplingRuleUpdate": {
            "RuleName": "Default", "URLPath": "/"}}),
        ("delete_sampling_rule", {"RuleName": "Default"}),
        ("delete_sampling_rule", {}),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(
    xray: Any, operation: str, asked: dict[str, Any]
) -> None:
    xray.create_sampling_rule(SamplingRule=RULE)

    assert refused(getattr(xray, operation), **asked) == INVALID


def test_the_default_rule_takes_another_rate(xray: Any) -> None:
    update = {"RuleName": "Default", "FixedRate": 0.2, "ReservoirSize": 3}

    record = xray.update_sampling_rule(SamplingRuleUpdate=update)["SamplingRuleRecord"]

    assert record["SamplingRule"]["FixedRate"] == 0.2


def test_an_account_has_25_rules(xray: Any) -> None:
    for number in range(25):
        xray.create_sampling_rule(SamplingRule={**RULE, "RuleName": f"r{number}"})

    refusal = refused(xray.create_sampling_rule, SamplingRule=RULE)

    assert refusal == ("RuleLimitExceededException", 400)


def test_clients_share_the_reservoir(xray: Any) -> None:
    xray.create_sampling_rule(SamplingRule=RULE)
    xray.get_sampling_targets(SamplingStatisticsDocuments=[report("checkout", FIRST)])

    answer = xray.get_sampling_targets(
        SamplingStatisticsDocuments=[
            report("checkout", FIRST),
            report("checkout", SECOND),
        ]
    )

    targets = answer["SamplingTargetDocuments"]
    assert [t["ReservoirQuota"] for t in targets] == [5, 2]
    assert targets[0]["FixedRate"] == 0.5
    assert targets[0]["ReservoirQuotaTTL"].timestamp() == NOW + targets[0]["Interval"]
    assert answer["LastRuleModification"].timestamp() == NOW


def test_a_client_that_went_silent_has_no_share(
    xray: Any, pass_time: Callable[[float], None]
) -> None:
    xray.create_sampling_rule(SamplingRule=RULE)
    xray.get_sampling_targets(SamplingStatisticsDocuments=[report("checkout", FIRST)])
    pass_time(60)

    answer = xray.get_sampling_targets(
        SamplingStatisticsDocuments=[report("checkout", SECOND)]
    )

    assert answer["SamplingTargetDocuments"][0]["ReservoirQuota"] == 5


def test_reports_on_unknown_rules_are_unprocessed(xray: Any) -> None:
    answer = xray.get_sampling_targets(
        SamplingStatisticsDocuments=[report("absent", FIRST)]
    )

    assert answer["SamplingTargetDocuments"] == []
    assert answer["UnprocessedStatistics"][0]["RuleName"] == "absent"


def test_reports_are_summed_by_rule_and_minute(xray: Any) -> None:
    xray.get_sampling_targets(
        SamplingStatisticsDocuments=[report("Default", FIRST, 100)]
    )
    xray.get_sampling_targets(
        SamplingStatisticsDocuments=[report("Default", SECOND, 50)]
    )

    [summary] = xray.get_sampling_statistic_summaries()["SamplingStatisticSummaries"]

    counts = [summary[m] for m in ("RequestCount", "SampledCount", "BorrowCount")]
    assert counts == [150, 14, 2]
    assert summary["Timestamp"].timestamp() == NOW - NOW % 60


def test_rules_have_tags(xray: Any) -> None:
    tags = [{"Key": "team", "Value": "shop"}]
    made = xray.create_sampling_rule(SamplingRule=RULE, Tags=tags)
    arn = made["SamplingRuleRecord"]["SamplingRule"]["RuleARN"]

    assert xray.list_tags_for_resource(ResourceARN=arn)["Tags"] == tags
