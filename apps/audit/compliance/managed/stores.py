"""Tables, log groups, keys and topics."""

from __future__ import annotations

from apps.audit.compliance.managed.base import (
    Managed,
    Severity,
    Subject,
    fails,
    irrelevant,
    passes,
)
from apps.audit.compliance.parameters import Form, Parameter
from apps.audit.compliance.verdicts import Verdict

_TABLE = ("AWS::DynamoDB::Table",)
_KEY = ("AWS::KMS::Key",)
_GROUP = ("AWS::Logs::LogGroup",)
_TOPIC = ("AWS::SNS::Topic",)
_DEFAULT_DAYS = 365


def recovers(subject: Subject) -> Verdict:
    backups = subject.needed("ContinuousBackups", "ContinuousBackupsDescription")
    told = (
        backups.parsed()
        .at("pointInTimeRecoveryDescription")
        .at("pointInTimeRecoveryStatus")
    )
    if str(told.value) != "ENABLED":
        return fails("The table cannot be restored to a point in time.", told)
    return passes("The table can be restored to a point in time.", told)


def table_encrypted(subject: Subject) -> Verdict:
    subject.configuration.at("tableName")
    told = subject.configuration.maybe("sSEDescription")
    status = told.maybe("status") if told else None
    if (
        told is None
        or status is None
        or str(status.value) not in ("ENABLED", "UPDATING")
    ):
        return fails("The table is not encrypted with a KMS key.", status or told)
    wanted, key = subject.given.words("kmsKeyArns"), told.maybe("kMSMasterKeyArn")
    if wanted and (key is None or str(key.value) not in wanted):
        return fails("The table is encrypted with another key.", key or told)
    return passes("The table is encrypted with a KMS key.", status)


def kept_long_enough(subject: Subject) -> Verdict:
    named = subject.configuration.at("logGroupName")
    chosen = subject.given.words("LogGroupNames")
    if chosen and str(named.value) not in chosen:
        return irrelevant("The rule is not about this log group.", named)
    least = subject.given.number("MinRetentionTime") or _DEFAULT_DAYS
    told = subject.told("retentionInDays")
    if told is None:
        return passes("Log events are kept for good.")
    days = int(told.number())
    if days < least:
        return fails(f"Log events are kept {days} days, fewer than {least}.", told)
    return passes(f"Log events are kept {days} days.", told)


def group_encrypted(subject: Subject) -> Verdict:
    subject.configuration.at("logGroupName")
    told = subject.told("kmsKeyId")
    if told is None or not told.value:
        return fails("The log group is not encrypted with a KMS key.")
    wanted = subject.given.text("KmsKeyId")
    if wanted and not str(told.value).endswith(wanted):
        return fails("The log group is encrypted with another key.", told)
    return passes("The log group is encrypted with a KMS key.", told)


def rotates(subject: Subject) -> Verdict:
    key = subject.configuration
    manager = key.at("keyManager")
    if str(manager.value) != "CUSTOMER":
        return irrelevant("AWS manages the key.", manager)
    origin = key.maybe("origin")
    spec = key.maybe("keySpec") or key.maybe("customerMasterKeySpec")
    if (origin and str(origin.value) != "AWS_KMS") or (
        spec and str(spec.value) != "SYMMETRIC_DEFAULT"
    ):
        return irrelevant("Keys of this kind cannot be rotated by AWS.", origin)
    told = subject.needed("KeyRotationStatus", "keyRotationEnabled")
    if not told.flag():
        return fails("The key is not rotated.", told)
    return passes("The key is rotated.", told)


def not_leaving(subject: Subject) -> Verdict:
    chosen = subject.given.words("kmsKeyIds")
    if chosen and subject.item.key.id not in chosen:
        return irrelevant("The rule is not about this key.")
    told = subject.configuration.at("keyState")
    if str(told.value) in ("PendingDeletion", "PendingReplicaDeletion"):
        return fails("The key is scheduled for deletion.", told)
    return passes("The key is not scheduled for deletion.", told)


def topic_encrypted(subject: Subject) -> Verdict:
    subject.configuration.at("topicArn")
    told = subject.told("kmsMasterKeyId")
    if told is None or not told.value:
        return fails("The topic is not encrypted with a KMS key.")
    wanted = subject.given.words("kmsKeyIds")
    if wanted and not any(str(told.value).endswith(one) for one in wanted):
        return fails("The topic is encrypted with another key.", told)
    return passes("The topic is encrypted with a KMS key.", told)


RULES = (
    Managed(
        "DYNAMODB_PITR_ENABLED", "Tables can be restored to a point in time",
        _TABLE, recovers, Severity.MEDIUM,
    ),
    Managed(
        "DYNAMODB_TABLE_ENCRYPTED_KMS",
        "Tables are encrypted with KMS",
        _TABLE,
        table_encrypted,
        Severity.LOW,
        (Parameter("kmsKeyArns", Form.WORDS),),
    ),
    Managed(
        "CW_LOGGROUP_RETENTION_PERIOD_CHECK",
        "Log groups keep events long enough",
        _GROUP,
        kept_long_enough,
        Severity.LOW,
        (
            Parameter("LogGroupNames", Form.WORDS),
            Parameter("MinRetentionTime", Form.NUMBER, str(_DEFAULT_DAYS)),
        ),
    ),
    Managed(
        "CLOUDWATCH_LOG_GROUP_ENCRYPTED",
        "Log groups are encrypted with KMS",
        _GROUP,
        group_encrypted,
        Severity.LOW,
        (Parameter("KmsKeyId"),),
    ),
    Managed(
        "CMK_BACKING_KEY_ROTATION_ENABLED", "Keys are rotated",
        _KEY, rotates, Severity.MEDIUM,
    ),
    Managed(
        "KMS_CMK_NOT_SCHEDULED_FOR_DELETION",
        "Keys are not about to be deleted",
        _KEY,
        not_leaving,
        Severity.HIGH,
        (Parameter("kmsKeyIds", Form.WORDS),),
    ),
    Managed(
        "SNS_ENCRYPTED_KMS",
        "Topics are encrypted with KMS",
        _TOPIC,
        topic_encrypted,
        Severity.LOW,
        (Parameter("kmsKeyIds", Form.WORDS),),
    ),
)  # fmt: skip
