"""Remediation starts an automation for each resource, later and once."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.config import remediation
from tests.sandbox.config.conftest import PassTime
from tests.sandbox.config.test_recording import GROUP, Group, Record, code_of
from tests.sandbox.config.test_rules import put_rule
from tests.sandbox.conftest import Client

DOCUMENT = {
    "ConfigRuleName": "rule",
    "TargetType": "SSM_DOCUMENT",
    "TargetId": "No-Such-Document",
    "Parameters": {
        "GroupId": {"ResourceValue": {"Value": "RESOURCE_ID"}},
        "Role": {"StaticValue": {"Values": ["arn:role"]}},
    },
}


def key(resource_id: str) -> dict[str, str]:
    return {"resourceType": GROUP, "resourceId": resource_id}


def test_the_resource_is_put_in_its_place_among_the_parameters() -> None:
    filled = remediation.parameters(DOCUMENT, "sg-1")

    assert filled == {"GroupId": ["sg-1"], "Role": ["arn:role"]}


def test_an_execution_is_queued_once_and_says_why_it_failed(
    config: Any, record: Record, group: Group, pass_time: PassTime
) -> None:
    web = group("web", 22)
    record()
    put_rule(config)
    config.put_remediation_configurations(RemediationConfigurations=[DOCUMENT])
    first = config.start_remediation_execution(
        ConfigRuleName="rule", ResourceKeys=[key(web)]
    )
    second = config.start_remediation_execution(
        ConfigRuleName="rule", ResourceKeys=[key(web), key("sg-none")]
    )
    assert "FailedItems" not in first
    assert second["FailedItems"] == [key(web), key("sg-none")]
    pass_time(10)

    (status,) = config.describe_remediation_execution_status(ConfigRuleName="rule")[
        "RemediationExecutionStatuses"
    ]

    assert status["State"] == "FAILED"
    assert "StartAutomationExecution" in status["StepDetails"][0]["ErrorMessage"]


def test_automatic_remediation_gives_up_after_its_attempts(
    config: Any, record: Record, group: Group, pass_time: PassTime
) -> None:
    web = group("web", 22)
    record()
    put_rule(config)
    automatic = {
        **DOCUMENT,
        "Automatic": True,
        "MaximumAutomaticAttempts": 1,
        "RetryAttemptSeconds": 1_000,
    }
    config.put_remediation_configurations(RemediationConfigurations=[automatic])
    pass_time(2)
    pass_time(2)
    invoked = _invoked(config, web)
    config.start_config_rules_evaluation(ConfigRuleNames=["rule"])
    pass_time(5)
    pass_time(5)

    assert _invoked(config, web) == invoked


def _invoked(config: Any, resource_id: str) -> Any:
    (status,) = config.describe_remediation_execution_status(
        ConfigRuleName="rule", ResourceKeys=[key(resource_id)]
    )["RemediationExecutionStatuses"]
    return status["InvocationTime"]


def test_a_rule_with_a_remediation_stays(
    config: Any, record: Record, pass_time: PassTime
) -> None:
    record()
    put_rule(config)
    config.put_remediation_configurations(RemediationConfigurations=[DOCUMENT])

    assert code_of(config.delete_config_rule, ConfigRuleName="rule") == (
        "ResourceInUseException"
    )
    config.delete_remediation_configuration(ConfigRuleName="rule")
    config.delete_config_rule(ConfigRuleName="rule")
    with pytest.raises(ClientError, match="NoSuchConfigRuleException"):
        config.describe_config_rules(ConfigRuleNames=["rule"])


def test_automatic_without_limits_is_refused(config: Any, record: Record) -> None:
    record()
    put_rule(config)

    code = code_of(
        config.put_remediation_configurations,
        RemediationConfigurations=[{**DOCUMENT, "Automatic": True}],
    )

    assert code == "InvalidParameterValueException"


def test_a_rule_without_remediation_starts_none(config: Any, record: Record) -> None:
    record()
    put_rule(config)

    code = code_of(
        config.start_remediation_execution,
        ConfigRuleName="rule",
        ResourceKeys=[key("sg-1")],
    )

    assert code == "NoSuchRemediationConfigurationException"


def test_executions_of_resources_that_went_are_forgotten(
    config: Any, client: Client, record: Record, group: Group, pass_time: PassTime
) -> None:
    old, new = group("old", 22), group("new", 22)
    record()
    put_rule(config)
    config.put_remediation_configurations(RemediationConfigurations=[DOCUMENT])
    _start(config, old)
    pass_time(10)
    client("ec2").delete_security_group(GroupId=old)
    pass_time(2)
    _start(config, new)

    statuses = config.describe_remediation_execution_status(ConfigRuleName="rule")

    (told,) = statuses["RemediationExecutionStatuses"]
    assert told["ResourceKey"]["resourceId"] == new


def test_an_automatic_one_is_tried_again_once_its_window_is_over(
    config: Any, record: Record, group: Group, pass_time: PassTime
) -> None:
    web = group("web", 22)
    record()
    put_rule(config)
    automatic = {
        **DOCUMENT,
        "Automatic": True,
        "MaximumAutomaticAttempts": 1,
        "RetryAttemptSeconds": 100,
    }
    config.put_remediation_configurations(RemediationConfigurations=[automatic])
    pass_time(2)
    pass_time(2)
    first = _invoked(config, web)
    pass_time(101)
    config.start_config_rules_evaluation(ConfigRuleNames=["rule"])
    pass_time(1)
    pass_time(1)

    assert _invoked(config, web) > first


def _start(config: Any, resource_id: str) -> None:
    config.start_remediation_execution(
        ConfigRuleName="rule", ResourceKeys=[key(resource_id)]
    )
