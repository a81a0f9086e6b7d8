"""Rules are really evaluated, and what they say is told and kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from tests.sandbox.config.conftest import (
    ALL,
    PassTime,
    close_port,
    open_port,
)
from tests.sandbox.config.test_recording import GROUP, Group, Record, code_of
from tests.sandbox.conftest import Client

SSH = "INCOMING_SSH_DISABLED"
Inbox = Callable[[], list[dict[str, Any]]]


def put_rule(config: Any, identifier: str = SSH, **more: Any) -> None:
    config.put_config_rule(
        ConfigRule={
            "ConfigRuleName": "rule",
            "Source": {"Owner": "AWS", "SourceIdentifier": identifier},
            **more,
        }
    )


def verdicts(config: Any) -> dict[str, str]:
    details = config.get_compliance_details_by_config_rule(ConfigRuleName="rule")
    return {
        one["EvaluationResultIdentifier"]["EvaluationResultQualifier"][
            "ResourceId"
        ]: one["ComplianceType"]
        for one in details["EvaluationResults"]
    }


def test_a_new_rule_looks_at_what_is_recorded(
    config: Any, record: Record, group: Group, pass_time: PassTime
) -> None:
    web, office = group("web", 22), group("office", 22, "10.0.0.0/8")
    record()
    put_rule(config)
    pass_time(2)

    said = verdicts(config)

    assert said[web] == "NON_COMPLIANT"
    assert said[office] == "COMPLIANT"


def test_a_change_is_evaluated_and_its_repair_too(
    config: Any, client: Client, record: Record, group: Group, pass_time: PassTime
) -> None:
    web = group()
    record()
    put_rule(config)
    pass_time(2)
    open_port(client, web, 22)
    pass_time(2)
    assert verdicts(config)[web] == "NON_COMPLIANT"

    close_port(client, web, 22)
    pass_time(2)

    assert verdicts(config)[web] == "COMPLIANT"


def test_the_verdict_on_a_deleted_resource_goes(
    config: Any, client: Client, record: Record, group: Group, pass_time: PassTime
) -> None:
    web = group("web", 22)
    record()
    put_rule(config)
    pass_time(2)
    client("ec2").delete_security_group(GroupId=web)
    pass_time(2)

    assert web not in verdicts(config)


def test_a_stopped_recorder_leaves_old_verdicts_standing(
    config: Any, client: Client, record: Record, group: Group, pass_time: PassTime
) -> None:
    web = group()
    record()
    put_rule(config)
    pass_time(2)
    config.stop_configuration_recorder(ConfigurationRecorderName="default")
    open_port(client, web, 22)
    pass_time(120)

    assert verdicts(config)[web] == "COMPLIANT"


def test_a_change_of_compliance_is_told_on_the_topic_and_to_eventbridge(  # noqa: PLR0913 - fixtures
    config: Any,
    client: Client,
    record: Record,
    group: Group,
    pass_time: PassTime,
    inbox: Inbox,
    cloud: Cloud,
) -> None:
    events: list[str] = []
    cloud.on_event(lambda event: events.append(event.detail_type))
    web = group()
    record()
    put_rule(config, Scope={"ComplianceResourceId": web,
                            "ComplianceResourceTypes": [GROUP]})  # fmt: skip
    pass_time(2)
    inbox()
    open_port(client, web, 22)
    pass_time(2)

    told = next(
        m for m in inbox() if m["messageType"] == "ComplianceChangeNotification"
    )

    assert told["newEvaluationResult"]["complianceType"] == "NON_COMPLIANT"
    assert told["oldEvaluationResult"]["complianceType"] == "COMPLIANT"
    assert told["resourceId"] == web
    assert events.count("Config Rules Compliance Change") == 2


def test_compliance_by_rule_and_resource_agree(
    config: Any, record: Record, group: Group, pass_time: PassTime
) -> None:
    web = group("web", 22)
    group("ssh", 22)
    record()
    put_rule(config)
    pass_time(2)

    (rule,) = config.describe_compliance_by_config_rule()["ComplianceByConfigRules"]
    failing = config.describe_compliance_by_resource(ComplianceTypes=["NON_COMPLIANT"])
    (detail,) = config.get_compliance_details_by_resource(
        ResourceType=GROUP, ResourceId=web
    )["EvaluationResults"]

    assert rule["Compliance"] == {
        "ComplianceType": "NON_COMPLIANT",
        "ComplianceContributorCount": {"CappedCount": 2, "CapExceeded": False},
    }
    assert len(failing["ComplianceByResources"]) == 2
    assert detail["ComplianceType"] == "NON_COMPLIANT"


def test_compliance_is_recorded_as_a_resource(
    config: Any, record: Record, group: Group, pass_time: PassTime
) -> None:
    web = group("web", 22)
    record(ALL)
    put_rule(config)
    pass_time(2)

    found = config.select_resource_config(
        Expression="SELECT configuration.targetResourceId WHERE resourceType = "
        "'AWS::Config::ResourceCompliance' AND "
        "configuration.complianceType = 'NON_COMPLIANT'"
    )["Results"]

    assert [json.loads(one) for one in found] == [
        {"configuration": {"targetResourceId": web}}
    ]


def test_a_rule_that_is_known_but_not_evaluated_has_no_data(
    config: Any, record: Record, pass_time: PassTime
) -> None:
    record()
    put_rule(config, "EBS_OPTIMIZED_INSTANCE")
    pass_time(2)

    (rule,) = config.describe_compliance_by_config_rule()["ComplianceByConfigRules"]

    assert rule["Compliance"] == {"ComplianceType": "INSUFFICIENT_DATA"}


@pytest.mark.parametrize(
    ("identifier", "more", "said"),
    [
        ("NO_SUCH_RULE", {}, "The sourceIdentifier NO_SUCH_RULE is invalid."),
        (SSH, {"InputParameters": '{"port": "1"}'}, "Unknown parameters provided"),
        (SSH, {"InputParameters": "{"}, "Invalid json"),
        ("REQUIRED_TAGS", {}, r"required parameter \[tag1Key\]"),
    ],
)
def test_a_rule_aws_would_not_take_is_refused(
    config: Any, record: Record, identifier: str, more: dict[str, Any], said: str
) -> None:
    record()

    with pytest.raises(config.exceptions.InvalidParameterValueException, match=said):
        put_rule(config, identifier, **more)


def test_a_periodic_rule_runs_by_the_clock(
    config: Any, client: Client, record: Record, pass_time: PassTime
) -> None:
    record()
    put_rule(config, "IAM_PASSWORD_POLICY", MaximumExecutionFrequency="One_Hour")
    pass_time(2)
    assert verdicts(config) == {SHOP: "NON_COMPLIANT"}
    client("iam").update_account_password_policy(
        MinimumPasswordLength=14, RequireSymbols=True, RequireNumbers=True,
        RequireUppercaseCharacters=True, RequireLowercaseCharacters=True,
        MaxPasswordAge=90, PasswordReusePrevention=24,
    )  # fmt: skip

    pass_time(3_601)

    assert verdicts(config) == {SHOP: "COMPLIANT"}


def custom(config: Any, cloud: Cloud) -> list[dict[str, Any]]:
    """Puts a rule of a function's; what the function was given comes into the list."""
    config.put_config_rule(
        ConfigRule={
            "ConfigRuleName": "rule",
            "Source": {
                "Owner": "CUSTOM_LAMBDA",
                "SourceIdentifier": f"arn:aws:lambda:{HOME_REGION}:{SHOP}:function:f",
                "SourceDetails": [
                    {
                        "EventSource": "aws.config",
                        "MessageType": "ConfigurationItemChangeNotification",
                    }
                ],
            },
        }
    )
    given: list[dict[str, Any]] = []

    def heard(finished: Any) -> None:
        if finished.call.operation == "Invoke":
            given.append(json.loads(finished.call.parameters["Payload"]))

    cloud.on_call(heard)
    return given


def test_a_functions_evaluations_count_by_their_time(
    config: Any, record: Record, group: Group, pass_time: PassTime, cloud: Cloud
) -> None:
    web = group()
    record()
    given = custom(config, cloud)
    pass_time(2)
    token = next(
        event["resultToken"] for event in given
        if json.loads(event["invokingEvent"])["configurationItem"]["resourceId"] == web
    )  # fmt: skip

    for compliance, at in (("NON_COMPLIANT", 2_000), ("COMPLIANT", 1_000)):
        evaluation = {
            "ComplianceResourceType": GROUP,
            "ComplianceResourceId": web,
            "ComplianceType": compliance,
            "OrderingTimestamp": at,
        }
        config.put_evaluations(Evaluations=[evaluation], ResultToken=token)

    assert verdicts(config) == {web: "NON_COMPLIANT"}


def test_a_token_nobody_gave_out_is_refused_but_in_a_test(
    config: Any, record: Record
) -> None:
    record()

    code = code_of(config.put_evaluations, ResultToken="none")

    assert code == "InvalidResultTokenException"
    tried = config.put_evaluations(ResultToken="none", TestMode=True)
    assert tried["FailedEvaluations"] == []


def test_a_token_ends_when_no_function_can_run_any_more(
    config: Any, record: Record, group: Group, pass_time: PassTime, cloud: Cloud
) -> None:
    group()
    record()
    given = custom(config, cloud)
    pass_time(2)
    token = given[0]["resultToken"]
    config.put_evaluations(ResultToken=token)

    pass_time(6 * 3_600)

    code = code_of(config.put_evaluations, ResultToken=token)
    assert code == "InvalidResultTokenException"
