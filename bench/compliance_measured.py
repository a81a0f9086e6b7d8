"""What `bench.compliance` measures, within a process that has a database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from statistics import median
from time import perf_counter, process_time
from typing import Any

from apps.audit.compliance import evaluating
from apps.audit.models import ComplianceRule, Violation
from apps.discovery.inventory import changes
from apps.discovery.models import Resource

RESOURCES, LEAST_RULES = 50_000, 40
MOST_SECONDS, MOST_MS = 60.0, 50.0
_CHANGES = 20
_EVERYONE = "0.0.0.0/0"
_MANY = 1_000
_SSH = 22
_OWN = {"grantee": {"id": "x"}, "permission": "FullControl"}


def measure() -> None:
    evaluating.tick(_now)
    ComplianceRule.objects.update(is_enabled=True)
    rules = ComplianceRule.objects.count()
    made = _resources()
    while rows := list(islice(made, _MANY)):
        Resource.objects.bulk_create(rows)
    print(f"\n{RESOURCES:,} resources, {rules} rules")
    for what in ("All, for the first time", "All, again"):
        evaluating.ask_for_all(_now())
        began, worked = perf_counter(), process_time()
        count = evaluating.tick(_now)
        seconds = perf_counter() - began
        used = process_time() - worked
        _figure(what, seconds, "s", MOST_SECONDS)
        print(
            f"    {count.verdicts:,} verdicts, {count.changed:,} written, "
            f"{used:.1f} s of processor"
        )
    print(f"    {Violation.objects.count():,} violations are open")
    _change()


def _change() -> None:
    """A security group opens and closes; each time the tick that sees it is timed."""

    row = Resource.objects.filter(type="AWS::EC2::SecurityGroup")[0]
    times = []
    for number in range(_CHANGES):
        row.configuration = _group(_EVERYONE if number % 2 else "10.0.0.0/8")
        row.save()
        changes.note([row.pk], _now())
        began = perf_counter()
        evaluating.tick(_now)
        times.append(1_000 * (perf_counter() - began))
    _figure("One that changed", median(times), "ms", MOST_MS)


def _figure(what: str, value: float, unit: str, most: float) -> None:
    verdict = "" if value <= most else "  MISSED"
    print(f"{what:<28}{value:10.1f} {unit:<4} at most {most:.0f} {unit}{verdict}")


def _now() -> datetime:
    return datetime.now(UTC)


def _resources() -> Iterator[Any]:

    makers = list(_MAKERS.items())
    now = _now()
    for number in range(RESOURCES):
        type_, make = makers[number % len(makers)]
        configuration, supplementary = make(number)
        yield Resource(
            account=f"{number % 20:012}",
            region="eu-west-1",
            type=type_,
            resource_id=f"r-{number}",
            name=f"resource-{number}",
            tags={"team": f"team-{number % 30}"},
            configuration=configuration,
            supplementary=supplementary,
            source="scanner",
            captured_at=now,
            first_seen_at=now,
        )


def _group(range_: str) -> dict[str, Any]:
    ports = [
        {
            "ipProtocol": "tcp",
            "fromPort": port,
            "toPort": port,
            "ipv4Ranges": [{"cidrIp": range_ if port == _SSH else "10.0.0.0/8"}],
            "ipv6Ranges": [],
        }
        for port in (_SSH, 80, 443, 5432)
    ]
    return {"groupName": "web", "ipPermissions": ports, "ipPermissionsEgress": []}


def _groups(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    return _group(_EVERYONE if number % 100 == 0 else "10.0.0.0/8"), {}


def _bucket(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    policy = (
        '{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", '
        '"Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}'
    )
    return {"name": f"b-{number}"}, {
        "AccessControlList": {"grantList": [_OWN]},
        "BucketPolicy": {"policyText": policy},
        "BucketVersioningConfiguration": {"status": "Enabled" if number % 7 else "Off"},
        "BucketLoggingConfiguration": {"destinationBucketName": "logs"},
        "ServerSideEncryptionConfiguration": {"rules": [{}]},
    }  # fmt: skip


def _database(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    return {
        "engine": "postgres",
        "publiclyAccessible": number % 50 == 0,
        "storageEncrypted": True,
        "multiAZ": number % 3 == 0,
        "backupRetentionPeriod": 7,
        "deletionProtection": True,
        "autoMinorVersionUpgrade": True,
    }, {}


def _instance(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    return {
        "instanceId": f"i-{number}",
        "metadataOptions": {"httpTokens": "required" if number % 9 else "optional"},
        "networkInterfaces": [{"privateIpAddress": "10.0.0.1"}],
    }, {}


def _function(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"functionName": f"f-{number}"}, {"Policy": None}


def _table(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    recovery = {"pointInTimeRecoveryStatus": "ENABLED"}
    backups = {"pointInTimeRecoveryDescription": recovery}
    return {"tableName": f"t-{number}"}, {"ContinuousBackups": backups}


def _stage(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    uri = "https://example.org" if number % 40 else "http://example.org"
    return {
        "stageName": "prod",
        "tracingEnabled": True,
        "methodSettings": {"*/*": {"loggingLevel": "INFO"}},
    }, {"Integrations": [{"uri": uri}]}


def _user(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    key = {"status": "Active", "createDate": "2026-01-01T00:00:00Z", "accessKeyId": "A"}
    return {"attachedManagedPolicies": [], "userPolicyList": []}, {"AccessKeys": [key]}


def _definition(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    container = {"Name": "app", "Environment": [{"Name": "A", "Value": "1"}]}
    return {"NetworkMode": "awsvpc", "ContainerDefinitions": [container]}, {}


def _logs(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"logGroupName": f"/g/{number}", "retentionInDays": 30}, {}


_MAKERS = {
    "AWS::EC2::SecurityGroup": _groups,
    "AWS::S3::Bucket": _bucket,
    "AWS::RDS::DBInstance": _database,
    "AWS::EC2::Instance": _instance,
    "AWS::Lambda::Function": _function,
    "AWS::DynamoDB::Table": _table,
    "AWS::ApiGateway::Stage": _stage,
    "AWS::IAM::User": _user,
    "AWS::ECS::TaskDefinition": _definition,
    "AWS::Logs::LogGroup": _logs,
}
