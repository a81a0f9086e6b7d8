"""Databases, snapshots and log groups."""

from __future__ import annotations

from apps.audit.remediation.actions.base import Subject
from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.contracts.actions.scenarios import Scenario, absent
from tests.contracts.actions.world import World

STRANGER, PARTNER = "999988887777", "666655554444"


def public_database(world: World) -> Subject:
    name = world.fresh("db")
    made = world.admin("rds").create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        MasterUsername="shop",
        MasterUserPassword="not-a-secret",
        AllocatedStorage=20,
        PubliclyAccessible=True,
    )["DBInstance"]
    return world.subject(
        "AWS::RDS::DBInstance", name, made["DBInstanceArn"], made["DbiResourceId"]
    )


def make_private(world: World, subject: Subject) -> object:
    return world.admin("rds").modify_db_instance(
        DBInstanceIdentifier=subject.name,
        PubliclyAccessible=False,
        ApplyImmediately=True,
    )


def shared_snapshot(world: World) -> Subject:
    ec2 = world.admin("ec2")
    volume = ec2.create_volume(Size=1, AvailabilityZone=f"{HOME_REGION}a")["VolumeId"]
    snapshot: str = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    ec2.modify_snapshot_attribute(
        SnapshotId=snapshot,
        Attribute="createVolumePermission",
        OperationType="add",
        GroupNames=["all"],
        UserIds=[STRANGER, PARTNER],
    )
    return world.subject("AWS::EC2::Snapshot", "", own_id=snapshot)


def share_less(world: World, subject: Subject) -> object:
    return world.admin("ec2").modify_snapshot_attribute(
        SnapshotId=subject.key.id,
        Attribute="createVolumePermission",
        OperationType="remove",
        UserIds=[STRANGER],
    )


def forgetful_group(world: World) -> Subject:
    subject = endless_group(world)
    world.admin("logs").put_retention_policy(
        logGroupName=subject.name, retentionInDays=7
    )
    return subject


def endless_group(world: World) -> Subject:
    name = f"/shop/{world.fresh('group')}"
    world.admin("logs").create_log_group(logGroupName=name)
    arn = f"arn:aws:logs:{HOME_REGION}:{SHOP}:log-group:{name}"
    return world.subject("AWS::Logs::LogGroup", name, arn, name)


def keep_for_a_month(world: World, subject: Subject) -> object:
    return world.admin("logs").put_retention_policy(
        logGroupName=subject.name, retentionInDays=30
    )


SCENARIOS = (
    Scenario(
        "make-database-private",
        public_database,
        make_private,
        absent(public_database, "absent"),
    ),
    Scenario(
        "unshare-snapshot",
        shared_snapshot,
        share_less,
        lambda world: world.subject("AWS::EC2::Snapshot", "", own_id="snap-0a0a0a0a"),
    ),
    Scenario(
        "unshare-snapshot",
        shared_snapshot,
        share_less,
        lambda world: world.subject("AWS::EC2::Snapshot", "", own_id="snap-0a0a0a0a"),
        {"accounts_too": True, "keep": PARTNER},
        "with accounts",
    ),
    Scenario(
        "keep-logs",
        forgetful_group,
        keep_for_a_month,
        absent(forgetful_group, "/absent"),
    ),
    Scenario(
        "keep-logs",
        endless_group,
        keep_for_a_month,
        absent(endless_group, "/absent"),
        {"limit_endless": True, "days": 90},
        "endless",
    ),
)
