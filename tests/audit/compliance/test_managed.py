"""Managed rules: what each says of resources in AWS Config's shape."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from apps.audit.compliance.managed.catalog import BY_IDENTIFIER, OFF_AT_FIRST, RULES
from apps.audit.compliance.parameters import ParameterInvalid, check
from apps.audit.compliance.rulesdoc import document
from apps.audit.compliance.verdicts import Outcome
from apps.discovery.inventory.items import ItemStatus
from tests.audit.compliance.making import Others, a_group, an_item
from tests.conftest import cases_folder
from tests.factories import ACCOUNT, NOON

EVERYONE = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
TLS = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def said(identifier: str, *, by: dict[str, Any] | None = None, **parts: Any) -> str:
    rule = BY_IDENTIFIER[identifier]
    others = parts.pop("others", Others())
    item = an_item(parts.pop("type_", rule.resource_types[0]), **parts)
    return rule.judge(item, by or {}, others).outcome.value


def a_bucket(*statements: Any, grants: Any = (), **settings: Any) -> dict[str, Any]:
    text = json.dumps({"Statement": list(statements)}) if statements else None
    return {
        "configuration": {"name": "b"},
        "supplementary": {
            "AccessControlList": {"grantList": list(grants)},
            "BucketPolicy": {"policyText": text},
            **settings,
        },
    }


def granted(permission: str, grantee: Any = "AllUsers") -> dict[str, Any]:
    return {"grantee": grantee, "permission": permission}


def a_listener(protocol: str, redirect: str = "") -> dict[str, Any]:
    action = {"type": "redirect", "redirectConfig": {"protocol": redirect}}
    forward = {"type": "forward"}
    return {
        "protocol": protocol,
        "port": 80,
        "defaultActions": [action if redirect else forward],
    }


def a_key(days: int, status: str = "Active", **more: Any) -> dict[str, Any]:
    made = (NOON - timedelta(days=days)).isoformat()
    return {"accessKeyId": "AKIA", "status": status, "createDate": made, **more}


def settings(**values: Any) -> dict[str, Any]:
    return {"configuration": values}


def containers(**container: Any) -> dict[str, Any]:
    return settings(ContainerDefinitions=[{"Name": "app", **container}])


BLOCK = {
    "blockPublicAcls": True,
    "ignorePublicAcls": True,
    "blockPublicPolicy": True,
    "restrictPublicBuckets": True,
}

PUBLIC_READ = "S3_BUCKET_PUBLIC_READ_PROHIBITED"
PUBLIC_WRITE = "S3_BUCKET_PUBLIC_WRITE_PROHIBITED"
PORTS = "VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS"
TLS_ON = "TRAILMAP_API_GW_INTEGRATIONS_TLS"
ORG = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
NAMED = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}, "Action": "*"}
DENIED_ELSEWHERE = {**TLS, "Action": "s3:ListBucket"}


@pytest.mark.parametrize(
    ("identifier", "parts", "outcome"),
    [
        ("INCOMING_SSH_DISABLED", settings(**a_group("0.0.0.0/0")), "fail"),
        ("INCOMING_SSH_DISABLED", settings(**a_group("10.0.0.0/8")), "pass"),
        ("INCOMING_SSH_DISABLED", settings(**a_group("0.0.0.0/0", port=443)), "pass"),
        ("INCOMING_SSH_DISABLED", settings(groupName="x"), "unknown"),
        (
            "INCOMING_SSH_DISABLED",
            settings(
                ipPermissions=[
                    {"ipProtocol": "-1", "ipv6Ranges": [{"cidrIpv6": "::/0"}]}
                ]
            ),
            "fail",
        ),
        ("RESTRICTED_INCOMING_TRAFFIC", settings(**a_group("::/0", port=3389)), "fail"),
        ("RESTRICTED_INCOMING_TRAFFIC", settings(**a_group("::/0", port=443)), "pass"),
        (PORTS, settings(**a_group("0.0.0.0/0", port=443)), "fail"),
        (
            "VPC_DEFAULT_SECURITY_GROUP_CLOSED",
            settings(**a_group("10.0.0.0/8")),
            "not_applicable",
        ),
        (
            "VPC_DEFAULT_SECURITY_GROUP_CLOSED",
            settings(**a_group("10.0.0.0/8") | {"groupName": "default"}),
            "fail",
        ),
        (PUBLIC_READ, a_bucket(), "pass"),
        (PUBLIC_READ, a_bucket(EVERYONE), "fail"),
        (PUBLIC_READ, a_bucket({**EVERYONE, "Condition": ORG}), "pass"),
        (PUBLIC_READ, a_bucket({**EVERYONE, "Condition": TLS["Condition"]}), "fail"),
        (PUBLIC_READ, a_bucket(NAMED), "pass"),
        (PUBLIC_READ, a_bucket({**EVERYONE, "Action": "s3:Get*"}), "fail"),
        (PUBLIC_READ, a_bucket({**EVERYONE, "Action": "s3:PutObject"}), "pass"),
        (
            PUBLIC_READ,
            a_bucket(EVERYONE, PublicAccessBlockConfiguration=BLOCK),
            "pass",
        ),
        (PUBLIC_READ, a_bucket(grants=[granted("Read")]), "fail"),
        (PUBLIC_READ, a_bucket(grants=[granted("Write")]), "pass"),
        (PUBLIC_READ, a_bucket(grants=[granted("Read", {"id": "x"})]), "pass"),
        (
            PUBLIC_READ,
            a_bucket(
                grants=[granted("Read")],
                PublicAccessBlockConfiguration={"ignorePublicAcls": True},
            ),
            "pass",
        ),
        (PUBLIC_READ, settings(name="b"), "unknown"),
        (PUBLIC_READ, a_bucket("not a statement"), "pass"),
        (
            PUBLIC_READ,
            a_bucket(AccessControlList={}),
            "unknown",
        ),
        (PUBLIC_WRITE, a_bucket({**EVERYONE, "Action": "s3:*"}), "fail"),
        (PUBLIC_WRITE, a_bucket(EVERYONE), "pass"),
        (PUBLIC_WRITE, a_bucket(grants=[granted("FullControl")]), "fail"),
        ("S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED", a_bucket(), "fail"),
        (
            "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED",
            a_bucket(PublicAccessBlockConfiguration=BLOCK),
            "pass",
        ),
        ("S3_BUCKET_SSL_REQUESTS_ONLY", a_bucket(TLS), "pass"),
        ("S3_BUCKET_SSL_REQUESTS_ONLY", a_bucket(), "fail"),
        ("S3_BUCKET_SSL_REQUESTS_ONLY", a_bucket(DENIED_ELSEWHERE), "fail"),
        (
            "S3_BUCKET_VERSIONING_ENABLED",
            a_bucket(BucketVersioningConfiguration={"status": "Suspended"}),
            "fail",
        ),
        (
            "S3_BUCKET_VERSIONING_ENABLED",
            a_bucket(BucketVersioningConfiguration={"status": "Enabled"}),
            "pass",
        ),
        ("S3_BUCKET_LOGGING_ENABLED", a_bucket(BucketLoggingConfiguration={}), "fail"),
        ("RDS_STORAGE_ENCRYPTED", settings(storageEncrypted=False), "fail"),
        ("RDS_STORAGE_ENCRYPTED", settings(StorageEncrypted=True), "pass"),
        ("RDS_STORAGE_ENCRYPTED", settings(engine="mysql"), "unknown"),
        ("RDS_INSTANCE_PUBLIC_ACCESS_CHECK", settings(publiclyAccessible=True), "fail"),
        ("RDS_MULTI_AZ_SUPPORT", settings(multiAZ=True), "pass"),
        ("DB_INSTANCE_BACKUP_ENABLED", settings(backupRetentionPeriod=0), "fail"),
        (
            "EBS_SNAPSHOT_PUBLIC_RESTORABLE_CHECK",
            settings(createVolumePermissions=[{"group": "all"}]),
            "fail",
        ),
        (
            "ENCRYPTED_VOLUMES",
            settings(state="available", encrypted=False),
            "not_applicable",
        ),
        ("ENCRYPTED_VOLUMES", settings(state="in-use", encrypted=False), "fail"),
        (
            "EC2_IMDSV2_CHECK",
            settings(metadataOptions={"httpTokens": "optional"}),
            "fail",
        ),
        ("EC2_IMDSV2_CHECK", settings(instanceId="i-1"), "unknown"),
        (
            "EC2_INSTANCE_NO_PUBLIC_IP",
            settings(instanceId="i", networkInterfaces=[]),
            "pass",
        ),
        (
            "ALB_HTTP_TO_HTTPS_REDIRECTION_CHECK",
            settings(listeners=[a_listener("HTTP")]),
            "fail",
        ),
        (
            "ALB_HTTP_TO_HTTPS_REDIRECTION_CHECK",
            settings(listeners=[a_listener("HTTP", "HTTPS"), a_listener("HTTPS")]),
            "pass",
        ),
        (
            "ALB_HTTP_TO_HTTPS_REDIRECTION_CHECK",
            settings(type="network", listeners=[a_listener("HTTP")]),
            "not_applicable",
        ),
        (
            "ALB_HTTP_TO_HTTPS_REDIRECTION_CHECK",
            settings(loadBalancerArn="arn:1"),
            "unknown",
        ),
        (
            "ELB_DELETION_PROTECTION_ENABLED",
            settings(
                attributes=[{"key": "deletion_protection.enabled", "value": "false"}]
            ),
            "fail",
        ),
        ("ELB_DELETION_PROTECTION_ENABLED", settings(attributes=[]), "unknown"),
        (
            "API_GW_EXECUTION_LOGGING_ENABLED",
            settings(stageName="p", methodSettings={"*/*": {"loggingLevel": "INFO"}}),
            "pass",
        ),
        ("API_GW_EXECUTION_LOGGING_ENABLED", settings(stageName="p"), "fail"),
        (
            "API_GW_EXECUTION_LOGGING_ENABLED",
            settings(
                stageName="p",
                methodSettings={
                    "*/*": {"loggingLevel": "INFO"},
                    "a/GET": {"loggingLevel": "OFF"},
                },
            ),
            "fail",
        ),
        ("API_GW_SSL_ENABLED", settings(stageName="p"), "fail"),
        ("API_GW_SSL_ENABLED", settings(tracingEnabled=True), "unknown"),
        (
            "CLOUD_TRAIL_ENABLED",
            settings(trails=[{"isLogging": False}]),
            "fail",
        ),
        ("CLOUD_TRAIL_ENABLED", settings(trails=[{"isLogging": True}]), "pass"),
        ("CLOUD_TRAIL_ENABLED", settings(name="account"), "unknown"),
        (
            "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED",
            settings(logFileValidationEnabled=False),
            "fail",
        ),
        (
            "IAM_USER_NO_POLICIES_CHECK",
            settings(attachedManagedPolicies=[], userPolicyList=[{"policyName": "p"}]),
            "fail",
        ),
        ("ACCESS_KEYS_ROTATED", settings(accessKeys=[a_key(91)]), "fail"),
        ("ACCESS_KEYS_ROTATED", settings(accessKeys=[a_key(89)]), "pass"),
        ("ACCESS_KEYS_ROTATED", settings(accessKeys=[a_key(999, "Inactive")]), "pass"),
        ("ACCESS_KEYS_ROTATED", settings(userName="a"), "unknown"),
        (
            "IAM_USER_UNUSED_CREDENTIALS_CHECK",
            settings(accessKeys=[a_key(200, lastUsedDate=NOON.isoformat())]),
            "pass",
        ),
        (
            "IAM_USER_UNUSED_CREDENTIALS_CHECK",
            settings(accessKeys=[a_key(200)]),
            "fail",
        ),
        ("IAM_PASSWORD_POLICY", settings(passwordPolicy=None), "fail"),
        ("IAM_PASSWORD_POLICY", settings(name="account"), "unknown"),
        (
            "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS",
            settings(
                policyVersionList=[
                    {
                        "isDefaultVersion": True,
                        "document": "%7B%22Statement%22%3A%5B%7B%22Effect%22%3A"
                        "%22Allow%22%2C%22Action%22%3A%22%2A%22%2C%22Resource%22"
                        "%3A%22%2A%22%7D%5D%7D",
                    }
                ]
            ),
            "fail",
        ),
        (
            "LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED",
            {
                "configuration": {"functionName": "f"},
                "supplementary": {
                    "Policy": {
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Principal": {"AWS": "*"},
                                "Action": "lambda:InvokeFunction",
                            }
                        ]
                    }
                },
            },
            "fail",
        ),
        (
            "LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED",
            {
                "configuration": {"functionName": "f"},
                "supplementary": {"Policy": None},
            },
            "pass",
        ),
        (
            "LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED",
            settings(functionName="f"),
            "unknown",
        ),
        ("ECS_CONTAINERS_NONPRIVILEGED", containers(Privileged=True), "fail"),
        ("ECS_CONTAINERS_NONPRIVILEGED", containers(), "pass"),
        (
            "ECS_NO_ENVIRONMENT_SECRETS",
            containers(Environment=[{"Name": "AWS_SECRET_ACCESS_KEY", "Value": "x"}]),
            "fail",
        ),
        (
            "CW_LOGGROUP_RETENTION_PERIOD_CHECK",
            settings(logGroupName="g", retentionInDays=30),
            "fail",
        ),
        ("CW_LOGGROUP_RETENTION_PERIOD_CHECK", settings(logGroupName="g"), "pass"),
        (
            "CMK_BACKING_KEY_ROTATION_ENABLED",
            {
                "configuration": {"keyManager": "CUSTOMER"},
                "supplementary": {"KeyRotationStatus": False},
            },
            "fail",
        ),
        (
            "CMK_BACKING_KEY_ROTATION_ENABLED",
            settings(keyManager="AWS"),
            "not_applicable",
        ),
        ("SNS_ENCRYPTED_KMS", settings(topicArn="arn:1"), "fail"),
        (
            "REQUIRED_TAGS",
            {"configuration": {"a": 1}, "tags": {"CostCenter": "1"}},
            "pass",
        ),
        ("REQUIRED_TAGS", settings(a=1), "fail"),
        (TLS_ON, settings(integrations=[{"uri": "http://shop.example"}]), "fail"),
        (TLS_ON, settings(integrations=[{"uri": "https://shop.example"}]), "pass"),
        (TLS_ON, settings(integrations=[]), "pass"),
        (TLS_ON, settings(stageName="prod"), "unknown"),
    ],
)
def test_a_rule_says(identifier: str, parts: dict[str, Any], outcome: str) -> None:
    if identifier == "REQUIRED_TAGS":
        parts = {**parts, "type_": "AWS::S3::Bucket"}
    assert said(identifier, **parts) == outcome


def test_parameters_are_those_of_aws() -> None:
    group = settings(**a_group("0.0.0.0/0", port=8_000))
    assert said(PORTS, by={"authorizedTcpPorts": "443,7000-8080"}, **group) == "pass"
    assert said(PORTS, by={"authorizedTcpPorts": "443-7999"}, **group) == "fail"
    key = settings(accessKeys=[a_key(40)])
    assert said("ACCESS_KEYS_ROTATED", by={"maxAccessKeyAge": "30"}, **key) == "fail"
    assert said("ACCESS_KEYS_ROTATED", by={"maxAccessKeyAge": "x"}, **key) == "unknown"


def test_the_account_may_block_what_its_bucket_does_not() -> None:
    block = an_item("AWS::S3::AccountPublicAccessBlock", BLOCK, ACCOUNT)
    assert said(PUBLIC_READ, **a_bucket(EVERYONE)) == "fail"
    assert said(PUBLIC_READ, **a_bucket(EVERYONE), others=Others(block)) == "pass"


def test_the_api_of_a_stage_may_tell_of_its_integrations() -> None:
    uri = {"methodIntegration": {"uri": "http://cart.example/"}}
    told = {"Integrations": json.dumps([{"resourceMethods": {"GET": uri}}])}
    api = an_item("AWS::ApiGateway::RestApi", {"id": "a1"}, "a1", supplementary=told)
    stage = settings(stageName="prod", restApiId="a1")
    assert said(TLS_ON, **stage, others=Others(api)) == "fail"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.identifier)
def test_no_rule_passes_what_it_is_not_told(rule: Any) -> None:
    for type_ in rule.resource_types:
        for configuration in ({}, {"odd": [1]}, {"ipPermissions": 3, "trails": "x"}):
            item = an_item(type_, configuration)
            outcome = rule.judge(item, {}, Others()).outcome
            assert outcome in (Outcome.UNKNOWN, Outcome.FAIL), type_
        gone = an_item(type_, {"a": 1}, status=ItemStatus.DELETED)
        assert rule.judge(gone, {}, Others()).outcome is Outcome.NOT_APPLICABLE


ODD: list[Any] = [None, 0, "", "x", [], [None], [[]], {}, {"": {}}, True, "{}", "["]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.identifier)
def test_no_odd_shape_makes_a_rule_raise(rule: Any) -> None:
    names = (
        "ipPermissions", "groupName", "attributes", "listeners", "methodSettings",
        "stageName", "trails", "passwordPolicy", "accessKeys", "policyVersionList",
        "attachedManagedPolicies", "containerDefinitions", "environment",
        "networkMode", "keyManager", "encrypted", "state", "attachments",
        "metadataOptions", "networkInterfaces", "instanceId", "integrations",
        "endpointConfiguration", "deadLetterConfig", "functionName",
        "defaultRouteSettings", "createVolumePermissions", "topicArn", "tableName",
        "sSEDescription", "logGroupName", "retentionInDays", "backupRetentionPeriod",
        "loadBalancerArn", "clusterSettings",
    )  # fmt: skip
    extra = (
        "AccessControlList", "BucketPolicy", "PublicAccessBlockConfiguration",
        "Policy", "BucketVersioningConfiguration", "BucketLoggingConfiguration",
        "ContinuousBackups", "DBSnapshotAttributes", "KeyRotationStatus",
    )  # fmt: skip
    for odd in ODD:
        for inner in (odd, {"grantList": odd, "policyText": odd}, [{"a": odd}]):
            item = an_item(
                rule.resource_types[0],
                dict.fromkeys(names, inner),
                supplementary=dict.fromkeys(extra, inner),
            )
            assert rule.judge(item, {}, Others()).reason


def test_parameters_are_checked_before_they_are_kept() -> None:
    known = BY_IDENTIFIER["REQUIRED_TAGS"].parameters
    check(known, {"tag1Key": "team", "tag1Value": "a,b"})
    for wrong in ({"tag1Key": ""}, {"tag9Key": "x"}):
        with pytest.raises(ParameterInvalid):
            check(known, wrong)
    for rule in RULES:
        if rule.identifier not in OFF_AT_FIRST:
            check(rule.parameters, {})


@pytest.mark.cases
def test_identifiers_and_types_are_those_of_aws() -> None:
    path = cases_folder() / "config" / "managed_rules.json"
    if not path.exists():
        pytest.skip("the cases have no list of managed rules")
    known = {
        one["identifier"].replace("\\", ""): one
        for one in json.loads(path.read_bytes())
    }
    ours = [rule for rule in RULES if not rule.identifier.startswith("TRAILMAP_")]
    assert len(ours) >= 40
    for rule in ours:
        told = known[rule.identifier]["resource_types"]
        if told:
            types = {one.strip() for one in told.split(",")}
            assert set(rule.resource_types) <= types, rule.identifier


def test_the_page_of_rules_is_that_of_the_code() -> None:
    written = (Path(__file__).parents[3] / "docs" / "rules.md").read_text()
    assert written == document(), "trailmap rules-doc > docs/rules.md"
