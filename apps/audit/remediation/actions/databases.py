"""RDS: databases that the internet must not reach."""

from __future__ import annotations

from apps.audit.remediation.actions.base import (
    Action,
    Call,
    Change,
    Draft,
    Image,
    Permissions,
    Reads,
    Refused,
    Step,
    Subject,
    Values,
)
from apps.audit.remediation.actions.ownership import owners, tags_of
from apps.discovery.aws import AwsGone

# Source: Amazon RDS User Guide, "Viewing Amazon RDS DB instance status".
_CHANGEABLE = frozenset({"available", "storage-optimization", "backing-up"})


class MakeDatabasePrivate(Action):
    """RDS changes it within minutes; until then it says that it did not."""

    identifier = "make-database-private"
    title = "Make a database private"
    says = "Takes the public address from a database instance."
    family = "data"
    resource_types = ("AWS::RDS::DBInstance",)
    repairs = ("RDS_INSTANCE_PUBLIC_ACCESS_CHECK",)
    permissions = Permissions(
        read=("rds:DescribeDBInstances",), write=("rds:ModifyDBInstance",)
    )

    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        found = reads.call(
            "rds", "describe_db_instances", DBInstanceIdentifier=_name(subject)
        )["DBInstances"]
        if not found:
            raise AwsGone(f"There is no database {_name(subject)}.")
        return Image(
            {"publicly_accessible": bool(found[0].get("PubliclyAccessible"))},
            {
                "status": found[0].get("DBInstanceStatus", ""),
                "tags": tags_of(found[0].get("TagList", ())),
            },
        )

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        if not now.values["publicly_accessible"]:
            return Draft.nothing(now)
        status = now.beside.get("status", "available")
        if status not in _CHANGEABLE:
            raise Refused(f"RDS changes no database that is {status}: try again later.")
        return Draft(
            before=now,
            expected=Image({"publicly_accessible": False}),
            steps=(
                Step("Make the database private", _modify(subject, is_public=False)),
            ),
            changes=(Change("publicly_accessible", before=True, after=False),),
            warnings=(
                "Whoever reaches it by its public address from outside the network, "
                "no longer does.",
                *owners(now.beside.get("tags", {})),
            ),
        )

    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        call = _modify(subject, is_public=True)
        return (Step("Make the database public again", call),)


def _name(subject: Subject) -> str:
    """Config's id of a database is not its identifier; its name is."""
    return subject.name or subject.arn.rpartition(":")[2] or subject.key.id


def _modify(subject: Subject, *, is_public: bool) -> Call:
    return Call(
        "rds",
        "modify_db_instance",
        {
            "DBInstanceIdentifier": _name(subject),
            "PubliclyAccessible": is_public,
            "ApplyImmediately": True,
        },
    )
