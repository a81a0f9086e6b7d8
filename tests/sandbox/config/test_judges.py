"""What each managed rule says of a resource."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.config import managed
from sandbox.config.items import Found
from tests.conftest import cases_folder


def compliance(identifier: str, found: Found, **given: str) -> str:
    parameters = managed.parameters(identifier, json.dumps(given))
    return managed.EVALUATED[identifier].judge(found, parameters).compliance


def of(configuration: dict[str, Any], **more: Any) -> Found:
    return Found("AWS::Any::Thing", "thing", configuration, **more)


def group(low: int, high: int, cidr: str = "0.0.0.0/0", protocol: str = "tcp") -> Found:
    family = "ipv6Ranges" if ":" in cidr else "ipv4Ranges"
    name = "cidrIpv6" if ":" in cidr else "cidrIp"
    rule = {
        "ipProtocol": protocol,
        "fromPort": low,
        "toPort": high,
        family: [{name: cidr}],
    }
    return of({"ipPermissions": [rule]})


def listening(protocol: str) -> Found:
    return of({"listeners": [{"protocol": protocol}]})


YES, NO = "COMPLIANT", "NON_COMPLIANT"
DAYS = {"maxAccessKeyAge": "90"}
TEAMS = {"tag1Key": "team", "tag1Value": "b,c"}
PORTS = {"authorizedTcpPorts": "443,1020-1025"}


@pytest.mark.parametrize(
    ("identifier", "found", "given", "expected"),
    [
        ("INCOMING_SSH_DISABLED", group(22, 22), {}, NO),
        ("INCOMING_SSH_DISABLED", group(0, 1024), {}, NO),
        ("INCOMING_SSH_DISABLED", group(22, 22, "::/0"), {}, NO),
        ("INCOMING_SSH_DISABLED", group(-1, -1, protocol="-1"), {}, NO),
        ("INCOMING_SSH_DISABLED", group(22, 22, "10.0.0.0/8"), {}, YES),
        ("INCOMING_SSH_DISABLED", group(22, 22, protocol="udp"), {}, YES),
        ("INCOMING_SSH_DISABLED", group(443, 443), {}, YES),
        ("RESTRICTED_INCOMING_TRAFFIC", group(3389, 3389), {}, NO),
        ("RESTRICTED_INCOMING_TRAFFIC", group(443, 443), {}, YES),
        ("RESTRICTED_INCOMING_TRAFFIC", group(443, 443), {"blockedPorts": "443"}, NO),
        ("VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS", group(443, 443), {}, NO),
        ("VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS", group(443, 443), PORTS, YES),
        ("VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS", group(1021, 1024), PORTS, YES),
        ("VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS", group(443, 444), PORTS, NO),
        ("API_GW_SSL_ENABLED", of({"clientCertificateId": "c"}), {}, YES),
        ("API_GW_SSL_ENABLED", of({}), {}, NO),
        ("API_GW_EXECUTION_LOGGING_ENABLED", of({"methodSettings": {}}), {}, NO),
        (
            "API_GW_EXECUTION_LOGGING_ENABLED",
            of({"methodSettings": {"*/*": {"loggingLevel": "INFO"}}}),
            {},
            YES,
        ),
        ("RDS_STORAGE_ENCRYPTED", of({"storageEncrypted": True}), {}, YES),
        ("RDS_STORAGE_ENCRYPTED", of({"storageEncrypted": False}), {}, NO),
        ("RDS_INSTANCE_PUBLIC_ACCESS_CHECK", of({"publiclyAccessible": True}), {}, NO),
        ("IAM_USER_NO_POLICIES_CHECK", of({"userPolicyList": [{}]}), {}, NO),
        ("IAM_USER_NO_POLICIES_CHECK", of({"userPolicyList": []}), {}, YES),
        ("ACCESS_KEYS_ROTATED", of({"activeKeyAges": [91 * 86_400]}), DAYS, NO),
        ("ACCESS_KEYS_ROTATED", of({"activeKeyAges": [5.0]}), DAYS, YES),
        ("REQUIRED_TAGS", of({}, tags={"team": "a"}), {"tag1Key": "team"}, YES),
        ("REQUIRED_TAGS", of({}, tags={"team": "a"}), TEAMS, NO),
        ("REQUIRED_TAGS", of({}), {"tag1Key": "team"}, NO),
        ("CLOUD_TRAIL_ENABLED", of({"trails": []}), {}, NO),
        ("CLOUD_TRAIL_ENABLED", of({"trails": [{"isLogging": False}]}), {}, NO),
        ("CLOUD_TRAIL_ENABLED", of({"trails": [{"isLogging": True}]}), {}, YES),
        (
            "CLOUD_TRAIL_ENABLED",
            of({"trails": [{"isLogging": True, "s3BucketName": "a"}]}),
            {"s3BucketName": "b"},
            NO,
        ),
        ("CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED", of({}), {}, NO),
        ("ALB_HTTP_TO_HTTPS_REDIRECTION_CHECK", listening("HTTP"), {}, NO),
        ("ALB_HTTP_TO_HTTPS_REDIRECTION_CHECK", listening("HTTPS"), {}, YES),
    ],
)  # fmt: skip
def test_verdicts(
    identifier: str, found: Found, given: dict[str, str], expected: str
) -> None:
    assert compliance(identifier, found, **given) == expected


def bucket(policy: object = None, grantee: str = "", permission: str = "Read",
           **around: Any) -> Found:  # fmt: skip
    grants = [{"grantee": grantee or {"id": "me"}, "permission": permission}]
    text = None if policy is None else json.dumps({"Statement": policy})
    return of(
        {},
        supplementary={
            "AccessControlList": json.dumps({"grantList": grants}),
            "BucketPolicy": {"policyText": text},
            **around,
        },
    )


def statement(action: str, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {
        "Effect": effect,
        "Principal": "*",
        "Action": action,
        "Resource": "*",
        **more,
    }


INSECURE = {"Bool": {"aws:SecureTransport": "false"}}
IGNORES: dict[str, Any] = {"PublicAccessBlockConfiguration": {"ignorePublicAcls": True}}
RESTRICTS: dict[str, Any] = {
    "PublicAccessBlockConfiguration": {"restrictPublicBuckets": True}
}
ONE = {"AWS": "111122223333"}
READ = "S3_BUCKET_PUBLIC_READ_PROHIBITED"
WRITE = "S3_BUCKET_PUBLIC_WRITE_PROHIBITED"
SSL = "S3_BUCKET_SSL_REQUESTS_ONLY"
LEVEL = "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED"
BLOCKS = (
    "blockPublicAcls",
    "ignorePublicAcls",
    "blockPublicPolicy",
    "restrictPublicBuckets",
)
BLOCKED: dict[str, Any] = {
    "PublicAccessBlockConfiguration": dict.fromkeys(BLOCKS, True)
}


@pytest.mark.parametrize(
    ("identifier", "found", "expected"),
    [
        (READ, bucket(), YES),
        (READ, bucket(grantee="AllUsers"), NO),
        (READ, bucket(grantee="AllUsers", **IGNORES), YES),
        (READ, bucket(grantee="AllUsers", permission="Write"), YES),
        (READ, bucket([statement("s3:GetObject")]), NO),
        (READ, bucket(statement("s3:*")), NO),
        (READ, bucket([statement("s3:GetObject")], **RESTRICTS), YES),
        (READ, bucket([statement("s3:GetObject", "Deny")]), YES),
        (READ, bucket([statement("s3:GetObject", Condition=INSECURE)]), YES),
        (READ, bucket([statement("s3:GetObject", Principal=ONE)]), YES),
        (WRITE, bucket(grantee="AuthenticatedUsers", permission="Write"), NO),
        (WRITE, bucket([statement("s3:PutObject")]), NO),
        (WRITE, bucket([statement("s3:GetObject")]), YES),
        (SSL, bucket(), NO),
        (SSL, bucket([statement("s3:*", "Deny", Condition=INSECURE)]), YES),
        (SSL, bucket([statement("s3:*", Condition=INSECURE)]), NO),
        (LEVEL, bucket(), NO),
        (LEVEL, bucket(**BLOCKED), YES),
        (LEVEL, bucket(**IGNORES), NO),
        ("S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED", bucket(), NO),
        (
            "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED",
            bucket(ServerSideEncryptionConfiguration={"rules": []}),
            YES,
        ),
        ("S3_BUCKET_VERSIONING_ENABLED", bucket(), NO),
        (
            "S3_BUCKET_VERSIONING_ENABLED",
            bucket(BucketVersioningConfiguration={"status": "Enabled"}),
            YES,
        ),
    ],
)  # fmt: skip
def test_verdicts_on_buckets(identifier: str, found: Found, expected: str) -> None:
    assert compliance(identifier, found) == expected


@pytest.mark.parametrize(("status", "expected"), [("ENABLED", YES), ("DISABLED", NO)])
def test_verdicts_on_tables(status: str, expected: str) -> None:
    recovery = {"pointInTimeRecoveryStatus": status}
    backups = {"ContinuousBackups": {"pointInTimeRecoveryDescription": recovery}}

    said = compliance("DYNAMODB_PITR_ENABLED", of({}, supplementary=backups))

    assert said == expected


@pytest.mark.parametrize(("who", "expected"), [("*", NO), ({"Service": "sns"}, YES)])
def test_verdicts_on_functions(who: object, expected: str) -> None:
    policy = {"Statement": [{**statement("lambda:InvokeFunction"), "Principal": who}]}
    found = of({}, supplementary={"Policy": json.dumps(policy)})

    said = compliance("LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED", found)

    assert said == expected


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "listed" in metafunc.fixturenames:
        file = cases_folder() / "config" / "managed_rules.json"
        rules = json.loads(file.read_text()) if file.exists() else []
        metafunc.parametrize("listed", rules, ids=lambda rule: rule["name"])


@pytest.mark.cases
def test_a_rule_of_the_documentation_is_known(listed: dict[str, str]) -> None:
    identifier = listed["identifier"].replace("\\", "")
    evaluated = managed.EVALUATED.get(identifier)

    assert managed.is_managed(identifier)
    if evaluated is not None and evaluated.gather is None and listed["resource_types"]:
        types = {name.strip() for name in listed["resource_types"].split(",")}
        assert types & set(evaluated.types)
