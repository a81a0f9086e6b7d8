"""EBS: snapshots that strangers may make volumes of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.audit.remediation.actions.base import (
    Action,
    Call,
    Change,
    Draft,
    Image,
    Parameter,
    Permissions,
    Reads,
    Reversibility,
    Step,
    Subject,
    Values,
)
from apps.audit.remediation.actions.parameters import words_of

_PERMISSION = "createVolumePermission"
_ALL = "all"


class UnshareSnapshot(Action):
    """Whoever copied the snapshot meanwhile has a copy."""

    identifier = "unshare-snapshot"
    title = "Stop sharing a snapshot"
    says = "Lets nobody else make volumes of a snapshot any more."
    family = "data"
    resource_types = ("AWS::EC2::Snapshot",)
    repairs = ("EBS_SNAPSHOT_PUBLIC_RESTORABLE_CHECK",)
    parameters = (
        Parameter(
            "accounts_too",
            "Accounts too",
            "Not only everybody: also accounts that it is shared with by number.",
            kind="boolean",
            default=False,
        ),
        Parameter(
            "keep", "Accounts to keep", "Their numbers, with commas.", default=""
        ),
    )
    permissions = Permissions(
        read=("ec2:DescribeSnapshotAttribute",), write=("ec2:ModifySnapshotAttribute",)
    )
    reversibility = Reversibility.PARTIAL
    irreversible_because = "Volumes and copies that others made of it stay theirs."

    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        listed = reads.call(
            "ec2",
            "describe_snapshot_attribute",
            SnapshotId=subject.key.id,
            Attribute=_PERMISSION,
        ).get("CreateVolumePermissions", ())
        accounts = sorted(one["UserId"] for one in listed if one.get("UserId"))
        is_public = any(one.get("Group") == _ALL for one in listed)
        return Image({"is_public": is_public, "accounts": accounts})

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        given, accounts = self.given(parameters), now.values["accounts"]
        kept = set(words_of(given["keep"])) if given["accounts_too"] else set(accounts)
        after = [one for one in accounts if one in kept]
        expected = Image({"is_public": False, "accounts": after})
        if expected.digest == now.digest:
            return Draft.nothing(now)
        call = _modify("remove", subject, now, expected)
        return Draft(
            before=now,
            expected=expected,
            steps=(Step("Stop sharing the snapshot", call),),
            changes=tuple(_changes(now.values, expected.values)),
        )

    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        call = _modify("add", subject, draft.before, draft.expected)
        return (Step("Share the snapshot again", call),)


def _modify(verb: str, subject: Subject, more: Image, fewer: Image) -> Call:
    asked: dict[str, Any] = {
        "SnapshotId": subject.key.id,
        "Attribute": _PERMISSION,
        "OperationType": verb,
    }
    left = set(fewer.values["accounts"])
    accounts = [one for one in more.values["accounts"] if one not in left]
    if more.values["is_public"]:
        asked["GroupNames"] = [_ALL]
    if accounts:
        asked["UserIds"] = accounts
    return Call("ec2", "modify_snapshot_attribute", asked)


def _changes(before: Values, after: Values) -> Iterator[Change]:
    for name in ("is_public", "accounts"):
        if before[name] != after[name]:
            yield Change(name, before[name], after[name])
