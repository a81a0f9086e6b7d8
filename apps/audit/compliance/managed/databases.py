"""RDS: who reaches a database, and how it is kept."""

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
from apps.audit.compliance.places import Place
from apps.audit.compliance.verdicts import Verdict

_INSTANCE = ("AWS::RDS::DBInstance",)
_SNAPSHOT = ("AWS::RDS::DBSnapshot", "AWS::RDS::DBClusterSnapshot")


def not_public(subject: Subject) -> Verdict:
    told = subject.configuration.at("publiclyAccessible")
    if told.flag():
        return fails("The database is publicly accessible.", told)
    return passes("The database is not publicly accessible.", told)


def encrypted(subject: Subject) -> Verdict:
    told = subject.configuration.at("storageEncrypted")
    if not told.flag():
        return fails("The database's storage is not encrypted.", told)
    wanted, key = (
        subject.given.text("kmsKeyId"),
        subject.configuration.maybe("kmsKeyId"),
    )
    if wanted and (key is None or str(key.value) != wanted):
        return fails("The storage is encrypted with another key.", key or told)
    return passes("The database's storage is encrypted.", told)


def snapshot_not_public(subject: Subject) -> Verdict:
    told = subject.needed(
        "DBSnapshotAttributes", "dBSnapshotAttributes", "DBClusterSnapshotAttributes",
        "dBClusterSnapshotAttributes",
    ).parsed()  # fmt: skip
    for attribute in told.each():
        if attribute.at("attributeName").value != "restore":
            continue
        values = attribute.maybe("attributeValues")
        for one in values.each() if values else ():
            if one.value == "all":
                return fails("Every AWS account may restore the snapshot.", one)
    return passes("The snapshot is not shared with everyone.")


def snapshot_encrypted(subject: Subject) -> Verdict:
    told = subject.needed("encrypted", "storageEncrypted")
    if not told.flag():
        return fails("The snapshot is not encrypted.", told)
    return passes("The snapshot is encrypted.", told)


def several_zones(subject: Subject) -> Verdict:
    engine = subject.configuration.maybe("engine")
    if engine and str(engine.value).startswith(("aurora", "docdb", "neptune")):
        return irrelevant("Clusters say themselves whether they span zones.", engine)
    told = subject.configuration.at("multiAZ")
    if not told.flag():
        return fails("The database stands in one Availability Zone.", told)
    return passes("The database stands by in a second Availability Zone.", told)


def backed_up(subject: Subject) -> Verdict:
    told = subject.configuration.at("backupRetentionPeriod")
    replica = subject.configuration.maybe("readReplicaSourceDBInstanceIdentifier")
    if replica and subject.given.flag("checkReadReplicas") is False:
        return irrelevant("Read replicas are left out by the parameters.", replica)
    days = int(told.number())
    if days <= 0:
        return fails("Automatic backups are switched off.", told)
    least = subject.given.number("backupRetentionMinimum")
    exact = subject.given.number("backupRetentionPeriod")
    if least is not None and days < least:
        return fails(f"Backups are kept {days} days, fewer than {least}.", told)
    if exact is not None and days != exact:
        return fails(f"Backups are kept {days} days, not {exact}.", told)
    return _in_window(subject, told)


def _in_window(subject: Subject, told: Place) -> Verdict:
    wanted = subject.given.text("preferredBackupWindow")
    window = subject.configuration.maybe("preferredBackupWindow")
    if wanted and (window is None or str(window.value) != wanted):
        return fails("Backups are made at another time of day.", window or told)
    return passes("Automatic backups are on.", told)


def deletion_protected(subject: Subject) -> Verdict:
    engines = subject.given.words("databaseEngines")
    if engines and str(subject.configuration.at("engine").value) not in engines:
        return irrelevant("The rule is not about databases of this engine.")
    told = subject.configuration.at("deletionProtection")
    if not told.flag():
        return fails("The database can be deleted by a single call.", told)
    return passes("Deletion protection is on.", told)


def minor_upgrades(subject: Subject) -> Verdict:
    told = subject.configuration.at("autoMinorVersionUpgrade")
    if not told.flag():
        return fails("Minor versions are not installed automatically.", told)
    return passes("Minor versions are installed automatically.", told)


RULES = (
    Managed(
        "RDS_INSTANCE_PUBLIC_ACCESS_CHECK", "Databases are not public",
        _INSTANCE, not_public, Severity.CRITICAL,
    ),
    Managed(
        "RDS_STORAGE_ENCRYPTED",
        "Databases encrypt their storage",
        _INSTANCE,
        encrypted,
        Severity.MEDIUM,
        (Parameter("kmsKeyId"),),
    ),
    Managed(
        "RDS_SNAPSHOTS_PUBLIC_PROHIBITED", "Snapshots of databases are not public",
        _SNAPSHOT, snapshot_not_public, Severity.CRITICAL,
    ),
    Managed(
        "RDS_SNAPSHOT_ENCRYPTED", "Snapshots of databases are encrypted",
        _SNAPSHOT, snapshot_encrypted, Severity.MEDIUM,
    ),
    Managed(
        "RDS_MULTI_AZ_SUPPORT", "Databases stand by in a second zone",
        _INSTANCE, several_zones, Severity.LOW,
    ),
    Managed(
        "DB_INSTANCE_BACKUP_ENABLED",
        "Databases are backed up",
        _INSTANCE,
        backed_up,
        Severity.MEDIUM,
        (
            Parameter("backupRetentionPeriod", Form.NUMBER),
            Parameter("backupRetentionMinimum", Form.NUMBER),
            Parameter("preferredBackupWindow"),
            Parameter("checkReadReplicas", Form.FLAG),
        ),
    ),
    Managed(
        "RDS_INSTANCE_DELETION_PROTECTION_ENABLED",
        "Databases are protected from deletion",
        _INSTANCE,
        deletion_protected,
        Severity.LOW,
        (Parameter("databaseEngines", Form.WORDS),),
    ),
    Managed(
        "RDS_AUTOMATIC_MINOR_VERSION_UPGRADE_ENABLED",
        "Databases install minor versions",
        _INSTANCE,
        minor_upgrades,
        Severity.LOW,
    ),
)  # fmt: skip
