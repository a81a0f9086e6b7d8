"""Answers recorded of AWS: what is put or written here reads back as they do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.assembly import Sandbox
from sandbox.config import Config, answers, queries
from sandbox.config.items import Found, Item
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from tests.conftest import cases_folder
from tests.sandbox.config.conftest import ROLE, PassTime, a_bucket
from tests.sandbox.config.test_recording import Group, Record
from tests.sandbox.config.test_rules import custom
from tests.sandbox.conftest import NOW, Client

pytestmark = pytest.mark.cases

Recorded = Mapping[str, Any]
# Given by Config itself, each time anew.
_GIVEN = {"Arn", "ConfigRuleArn", "ConfigRuleId", "ConfigRuleState", "EvaluationModes"}


def recorded(operation: str, member: str) -> list[Any]:
    """Everything that AWS answered under the member, one parameter each."""
    file = cases_folder() / "aws-responses" / "config" / f"{operation}.jsonl"
    lines = file.read_text().splitlines() if file.exists() else ()
    return [
        pytest.param(item, id=f"{answer['src']}-{at}")
        for answer in map(json.loads, lines)
        for at, item in enumerate(answer["data"].get(member, ()))
    ]


def pages(operation: str) -> list[Any]:
    file = cases_folder() / "aws-responses" / "config" / f"{operation}.jsonl"
    lines = file.read_text().splitlines() if file.exists() else ()
    return [pytest.param(a["data"], id=a["src"]) for a in map(json.loads, lines)]


def moment(told: Any) -> float:
    """Seconds of a time as the recordings write it."""
    if isinstance(told, str):
        return datetime.fromisoformat(told).timestamp()
    parts = {name: value for name, value in told.items() if name != "__class__"}
    return datetime(**parts, tzinfo=UTC).timestamp()


def put(config: Any, rule: Recorded) -> None:
    known = {name: value for name, value in rule.items() if name not in _GIVEN}
    config.put_config_rule(ConfigRule=known)


def without(told: Recorded, *names: str) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in names}


def rules_people_put() -> list[Any]:
    """Those that services make for themselves nobody can put."""
    found = recorded("DescribeConfigRules", "ConfigRules")
    return [one for one in found if "CreatedBy" not in one.values[0]]


@pytest.mark.parametrize("rule", rules_people_put())
def test_rules(config: Any, record: Record, rule: Recorded) -> None:
    record()
    put(config, rule)

    (ours,) = config.describe_config_rules()["ConfigRules"]

    assert ours.keys() >= rule.keys()
    assert without(ours, *_GIVEN, "InputParameters") == without(
        rule, *_GIVEN, "InputParameters"
    )
    for name in ("ConfigRuleArn", "ConfigRuleId"):
        assert ours[name].rpartition("rule-")[0].endswith("config-")


@pytest.mark.parametrize(
    "remediation",
    recorded("DescribeRemediationConfigurations", "RemediationConfigurations"),
)
def test_remediations(config: Any, record: Record, remediation: Recorded) -> None:
    record()
    name = remediation["ConfigRuleName"]
    source = {"Owner": "AWS", "SourceIdentifier": "INCOMING_SSH_DISABLED"}
    config.put_config_rule(ConfigRule={"ConfigRuleName": name, "Source": source})
    known = without(remediation, "Arn", "CreatedByService")
    config.put_remediation_configurations(RemediationConfigurations=[known])

    (ours,) = config.describe_remediation_configurations(ConfigRuleNames=[name])[
        "RemediationConfigurations"
    ]

    assert without(ours, "Arn") == without(remediation, "Arn", "CreatedByService")
    assert f"remediation-configuration/{name}/" in ours["Arn"]


@pytest.mark.parametrize(
    "channel", recorded("DescribeDeliveryChannels", "DeliveryChannels")
)
def test_channels(config: Any, client: Client, channel: Recorded) -> None:
    a_bucket(client, channel["s3BucketName"])
    if "snsTopicARN" in channel:
        *_, region, account, name = channel["snsTopicARN"].split(":")
        client("sns", account, region).create_topic(Name=name)
    config.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": ROLE}
    )
    config.put_delivery_channel(DeliveryChannel=channel)

    assert config.describe_delivery_channels()["DeliveryChannels"] == [channel]


@pytest.mark.parametrize(
    "status",
    recorded("DescribeConfigurationRecorderStatus", "ConfigurationRecordersStatus"),
)
def test_recorders(config: Any, record: Record, status: Recorded) -> None:
    record()

    (ours,) = config.describe_configuration_recorder_status()[
        "ConfigurationRecordersStatus"
    ]

    assert ours.keys() >= status.keys() - {"lastStopTime"}


def written(sandbox: Sandbox, told: Recorded, state_id: int = 1) -> None:
    """A recorded item, as one of the past."""
    is_text = told.get("configuration") not in (None, "null")
    found = Found(
        told["resourceType"],
        told["resourceId"],
        json.loads(told["configuration"]) if is_text else {},
        told.get("resourceName", ""),
        told.get("arn", ""),
        told.get("tags", {}),
        {
            name: json.loads(text)
            for name, text in told.get("supplementaryConfiguration", {}).items()
        },
    )
    captured = told.get("configurationItemCaptureTime")
    item = Item(
        found,
        SHOP,
        told.get("awsRegion", HOME_REGION),
        moment(captured) if captured else NOW - 1,
        told.get("configurationItemStatus", "OK"),
        state_id,
    )
    sandbox.one(Config).write_history((SHOP, HOME_REGION), [item])


@pytest.mark.parametrize(
    "item", recorded("GetResourceConfigHistory", "configurationItems")
)
def test_history(sandbox: Sandbox, config: Any, record: Record, item: Recorded) -> None:
    record()
    written(sandbox, item)

    (ours,) = config.get_resource_config_history(
        resourceType=item["resourceType"], resourceId=item["resourceId"], limit=1
    )["configurationItems"]

    # Not every recorded item of a type has these, nor has a written one.
    assert ours.keys() >= item.keys() - {"resourceCreationTime"}
    for member in ("resourceType", "resourceId", "configurationItemStatus", "tags"):
        assert ours[member] == item[member]
    assert json.loads(ours["configuration"]) == json.loads(item["configuration"])
    for name, text in item["supplementaryConfiguration"].items():
        assert json.loads(ours["supplementaryConfiguration"][name]) == json.loads(text)


@pytest.mark.parametrize(
    "identifier", recorded("ListDiscoveredResources", "resourceIdentifiers")
)
def test_identifiers(
    sandbox: Sandbox, config: Any, record: Record, identifier: Recorded
) -> None:
    record()
    written(sandbox, identifier)

    listed = config.list_discovered_resources(resourceType=identifier["resourceType"])

    assert listed["resourceIdentifiers"] == [identifier]


@pytest.mark.parametrize("page", pages("SelectResourceConfig"))
def test_queries(page: Recorded) -> None:
    rows = [json.loads(row) for row in page["Results"]]
    names = [field["Name"] for field in page["QueryInfo"]["SelectFields"]]

    found = answers.answer(queries.parse(f"SELECT {', '.join(names)}"), rows)

    assert found == rows


@pytest.fixture
def token(
    config: Any, record: Record, group: Group, pass_time: PassTime, cloud: Cloud
) -> str:
    """A function's token to put evaluations of the rule `rule` with."""
    group()
    record()
    given = custom(config, cloud)
    pass_time(2)
    return str(given[0]["resultToken"])


@pytest.mark.parametrize(
    "result", recorded("GetComplianceDetailsByConfigRule", "EvaluationResults")
)
def test_evaluations(config: Any, token: str, result: Recorded) -> None:
    identifier = result["EvaluationResultIdentifier"]
    told = identifier["EvaluationResultQualifier"]
    note = {"Annotation": result["Annotation"]} if "Annotation" in result else {}
    evaluation = {
        "ComplianceResourceType": told["ResourceType"],
        "ComplianceResourceId": told["ResourceId"],
        "ComplianceType": result["ComplianceType"],
        "OrderingTimestamp": moment(identifier["OrderingTimestamp"]),
        **note,
    }
    config.put_evaluations(Evaluations=[evaluation], ResultToken=token)

    (ours,) = config.get_compliance_details_by_config_rule(ConfigRuleName="rule")[
        "EvaluationResults"
    ]

    assert ours.keys() == result.keys()
    qualifier = ours["EvaluationResultIdentifier"]["EvaluationResultQualifier"]
    assert without(qualifier, "EvaluationMode") == {**told, "ConfigRuleName": "rule"}
