"""Where an action does not fit it says so, and touches no more than is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.audit.remediation.actions.base import (
    Draft,
    Image,
    Refused,
    Subject,
    Values,
)
from apps.audit.remediation.actions.ownership import owners
from apps.audit.remediation.actions.parameters import Parameter, settled
from apps.audit.remediation.actions.registry import by_identifier
from apps.audit.remediation.actions.suggesting import suggested
from apps.discovery.inventory.items import (
    ConfigItem,
    ItemSource,
    ItemStatus,
    ResourceKey,
)

ARNS = {
    "restore-api-stage": "arn:aws:apigateway:eu-west-1::/restapis/abc/stages/prod",
    "restart-service": "arn:aws:ecs:eu-west-1:111122223333:service/shop/cart",
    "roll-back-service": "arn:aws:ecs:eu-west-1:111122223333:service/shop/cart",
}


def drafted(
    identifier: str,
    values: Values,
    parameters: Values | None = None,
    beside: Values | None = None,
) -> Draft:
    action, arn = by_identifier(identifier), ARNS.get(identifier, "arn")
    kind = (*action.resource_types, "AWS::S3::Bucket")[0]
    subject = Subject(ResourceKey("111122223333", "eu-west-1", kind, arn), arn, "shop")
    return action.draft(subject, parameters or {}, Image(values, beside or {}))


STAGE = {
    "deployment": "d1",
    "variables": {},
    "deployments": ["d1", "d2"],
    "plain": {"r GET": "http://shop.test"},
}
LISTENER = {
    "http": {"arn": {"port": 80, "actions": [{"Type": "forward"}]}},
    "https": [8_443],
}
GROUP = {"desired": 2, "least": 1, "most": 4}
SERVICE = {"task_definition": "arn/cart:3", "revisions": ["arn/cart:3"]}
WEIGHTED = [
    {"SetIdentifier": "a", "Weight": 5},
    {"SetIdentifier": "b", "Weight": 0},
]
FAILOVER = [
    {"SetIdentifier": "a", "Failover": "PRIMARY"},
    {"SetIdentifier": "b", "Failover": "SECONDARY"},
]
AWAY = {"record": "shop.test", "away_from": "a"}
MACHINE = {"machine": "arn:m", "type": "EXPRESS", "status": "ACTIVE"}


@pytest.mark.parametrize(
    ("identifier", "values", "parameters", "says"),
    [
        ("restore-api-stage", STAGE, {}, "first deployment"),
        ("restore-api-stage", STAGE, {"deployment": "d9"}, "no longer has"),
        ("redirect-to-https", LISTENER, {}, "certificate"),
        ("set-capacity", GROUP, {}, "how many"),
        ("set-capacity", GROUP, {"capacity": 9}, "from 1 to 4"),
        ("set-capacity", {**GROUP, "most": 99}, {"capacity": 50}, "more than allowed"),
        ("roll-back-service", SERVICE, {}, "no earlier"),
        ("roll-back-service", SERVICE, {"task_definition": "x:1"}, "no active"),
        ("fail-over-record", {"records": WEIGHTED}, AWAY, "nowhere|anywhere"),
        ("fail-over-record", {"records": FAILOVER}, AWAY, "health check"),
        ("fail-over-record", {"records": []}, AWAY, "no answer"),
        ("fail-over-record", {"records": [{"SetIdentifier": "a"}]}, AWAY, "neither"),
        ("keep-logs", {"days": 7}, {"days": 8}, "one of"),
        ("reserve-concurrency", {"reserved": None}, {}, "how many"),
        ("encrypt-bucket", {"rules": None}, {"key": "k"}, "aws:kms"),
        ("restart-trail", {"trails": ["a/x", "a/y"]}, {}, "x, y"),
        ("deactivate-access-key", {"keys": []}, {"access_key_id": "AKIA"}, "has no"),
        ("run-state-machine", MACHINE, {}, "express"),
        ("run-automation", {"document": "d", "type": "Command"}, {}, "no runbook"),
    ],
)
def test_a_refusal_says_why(
    identifier: str, values: Values, parameters: Values, says: str
) -> None:
    with pytest.raises(Refused, match=says):
        drafted(identifier, values, parameters)


def test_what_is_done_elsewhere_is_refused() -> None:
    service = {"task_definition": "arn/cart:3", "deployments": 1, "is_replaced": False}

    with pytest.raises(Refused, match="CODE_DEPLOY"):
        drafted("restart-service", service, beside={"controller": "CODE_DEPLOY"})
    with pytest.raises(Refused, match="modifying"):
        drafted(
            "make-database-private",
            {"publicly_accessible": True},
            beside={"status": "modifying"},
        )
    with pytest.raises(Refused, match="pl-1"):
        drafted(
            "revoke-open-ingress", {"ingress": []}, beside={"prefix_lists": ["pl-1"]}
        )


def test_a_service_is_rolled_back_once() -> None:
    revisions = ["arn/cart:3", "arn/cart:2", "arn/cart:1"]
    newest = {"task_definition": revisions[0], "revisions": revisions}
    once = drafted("roll-back-service", newest)
    assert once.expected.values["task_definition"] == "arn/cart:2"

    twice = drafted("roll-back-service", once.expected.values)

    assert not twice.steps


def test_logs_are_never_shortened() -> None:
    for days in (None, 365, 3_653):
        assert not drafted("keep-logs", {"days": days}).steps


def test_stronger_encryption_stays() -> None:
    by_kms = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "key"}
    rules = [{"ApplyServerSideEncryptionByDefault": by_kms}]

    assert not drafted("encrypt-bucket", {"rules": rules}).steps


def test_a_rule_for_more_ports_warns_that_all_close() -> None:
    wide = {
        "protocol": "tcp",
        "from": 0,
        "to": 100,
        "source": "::/0",
        "description": "",
    }

    draft = drafted("revoke-open-ingress", {"ingress": [wide]})

    assert "other ports close too" in draft.warnings[0]


def test_a_stage_goes_back_to_what_history_says_was_good() -> None:
    values = {**STAGE, "deployment": "d4", "deployments": ["d1", "d2", "d3", "d4"]}

    by_history = drafted("restore-api-stage", values, {"deployment": "d1"})
    by_order = drafted("restore-api-stage", values)

    assert by_history.expected.values["deployment"] == "d1"
    assert by_order.expected.values["deployment"] == "d3"
    assert any("taken for good" in one for one in by_order.warnings)
    assert not any("taken for good" in one for one in by_history.warnings)


@pytest.mark.parametrize(
    ("identifier", "rule", "given", "parameters"),
    [
        ("revoke-open-ingress", "INCOMING_SSH_DISABLED", {}, {"ports": "22"}),
        (
            "revoke-open-ingress",
            "RESTRICTED_INCOMING_TRAFFIC",
            {"blockedPort3": "3390"},
            {"ports": "20, 21, 3390, 3306, 4333"},
        ),
        (
            "revoke-open-ingress",
            "VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS",
            {"authorizedTcpPorts": "443"},
            {"ports": "all", "allowed_tcp_ports": "443", "allowed_udp_ports": ""},
        ),
        (
            "keep-logs",
            "CW_LOGGROUP_RETENTION_PERIOD_CHECK",
            {"MinRetentionTime": "200"},
            {"days": 365},
        ),
        (
            "reserve-concurrency",
            "LAMBDA_CONCURRENCY_CHECK",
            {"ConcurrencyLimitHigh": "50"},
            {"reserved": 50},
        ),
        (
            "encrypt-bucket",
            "S3_DEFAULT_ENCRYPTION_KMS",
            {"kmsKeyArns": "arn:one, arn:two"},
            {"algorithm": "aws:kms", "key": "arn:one"},
        ),
    ],
)
def test_a_rules_parameters_become_the_actions(
    identifier: str, rule: str, given: Values, parameters: Values
) -> None:
    action = by_identifier(identifier)

    assert rule in action.repairs
    assert action.fitting(rule, given) == parameters
    action.given(parameters)


def test_what_was_right_before_is_suggested() -> None:
    key = ResourceKey("111122223333", "eu-west-1", "AWS::ApiGateway::Stage", "arn")
    configuration = {"deploymentId": "d1", "variables": {"clientTls": "Enabled"}}
    good = ConfigItem(
        key,
        ItemStatus.OK,
        datetime(2026, 9, 21, tzinfo=UTC),
        ItemSource.SCANNER,
        configuration=configuration,
    )
    stage, group = by_identifier("restore-api-stage"), by_identifier("encrypt-bucket")

    assert suggested(stage, "", {}, good) == {
        "deployment": "d1",
        "variables": {"clientTls": "Enabled"},
    }
    assert suggested(group, "INCOMING_SSH_DISABLED", {}, None) == {}


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"aws:cloudformation:stack-name": "shop"}, "stack shop"),
        ({"ManagedBy": "terraform"}, "Terraform"),
        ({"Terraform": "true"}, "Terraform"),
        ({"pulumi:stack": "prod"}, "Pulumi"),
    ],
)
def test_who_owns_a_resource_as_code_is_told(
    tags: Mapping[str, str], said: str
) -> None:
    (sentence,) = owners(tags)

    assert said in sentence


@pytest.mark.parametrize("tags", [{}, {"terraform": "false"}, {"team": "terraform"}])
def test_other_tags_name_no_owner(tags: Mapping[str, str]) -> None:
    assert owners(tags) == ()


ASKED = (
    Parameter("count", "Count", kind="integer", default=1, least=0, most=5),
    Parameter("mode", "Mode", kind="choice", default="a", choices=("a", "b")),
    Parameter("yes", "Yes", kind="boolean", default=False),
)


@pytest.mark.parametrize(
    "given",
    [
        {"count": 6}, {"count": -1}, {"count": "2"}, {"count": True}, {"mode": "c"},
        {"yes": "yes"}, {"other": 1}, {"mode": 3},
    ],
)  # fmt: skip
def test_values_that_were_not_asked_for_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        settled(ASKED, given)


def test_what_is_not_given_has_its_default() -> None:
    assert settled(ASKED, {"count": 5}) == {"count": 5, "mode": "a", "yes": False}
