"""IAM: access keys that must no longer open anything."""

from __future__ import annotations

from datetime import datetime
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
    Refused,
    Step,
    Subject,
    Values,
)


class DeactivateAccessKey(Action):
    """One key in a run: the given one, or the user's oldest that is active."""

    identifier = "deactivate-access-key"
    title = "Deactivate an access key"
    says = "Makes an access key of a user inactive; it can be made active again."
    family = "identity"
    resource_types = ("AWS::IAM::User",)
    repairs = ("ACCESS_KEYS_ROTATED",)
    parameters = (
        Parameter(
            "access_key_id",
            "Access key",
            "Its id, such as AKIA...; empty for the oldest active key of the user.",
            default="",
        ),
    )
    permissions = Permissions(
        read=("iam:ListAccessKeys", "iam:GetAccessKeyLastUsed"),
        write=("iam:UpdateAccessKey",),
    )

    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        wanted = self.given(parameters)["access_key_id"]
        listed = reads.call("iam", "list_access_keys", UserName=subject.name)
        keys = sorted(
            (
                {
                    "id": one["AccessKeyId"],
                    "status": one["Status"],
                    "created": _text(one["CreateDate"]),
                }
                for one in listed["AccessKeyMetadata"]
                if wanted in ("", one["AccessKeyId"])
            ),
            key=lambda one: (one["created"], one["id"]),
        )
        return Image({"keys": keys}, {"last_used": self._last_used(reads, keys)})

    def _last_used(self, reads: Reads, keys: list[dict[str, Any]]) -> dict[str, str]:
        found = {}
        for key in keys:
            used = reads.call(
                "iam", "get_access_key_last_used", AccessKeyId=key["id"]
            ).get("AccessKeyLastUsed", {})
            if used.get("LastUsedDate"):
                service = used.get("ServiceName", "")
                found[key["id"]] = f"{_text(used['LastUsedDate'])} for {service}"
        return found

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        keys = now.values["keys"]
        wanted = self.given(parameters)["access_key_id"]
        if wanted and not keys:
            raise Refused(f"{subject.name} has no access key {wanted}.")
        active = [one for one in keys if one["status"] == "Active"]
        if not active:
            return Draft.nothing(now)
        key = active[0]
        after = [{**k, "status": "Inactive"} if k is key else k for k in keys]
        title = f"Deactivate the access key {key['id']}"
        return Draft(
            before=now,
            expected=Image({"keys": after}),
            steps=(Step(title, _update(subject, key["id"], "Inactive")),),
            changes=(Change(f"{key['id']}.status", "Active", "Inactive"),),
            warnings=_used(now, key["id"], len(active)),
        )

    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        return tuple(
            Step(
                f"Activate the access key {before['id']} again",
                _update(subject, before["id"], before["status"]),
            )
            for before, after in zip(
                draft.before.values["keys"], draft.expected.values["keys"], strict=True
            )
            if before != after
        )


def _update(subject: Subject, key: str, status: str) -> Call:
    named = {"UserName": subject.name, "AccessKeyId": key, "Status": status}
    return Call("iam", "update_access_key", named)


def _used(now: Image, key: str, active: int) -> tuple[str, ...]:
    used = now.beside.get("last_used", {}).get(key)
    found = [f"The key was last used {used}."] if used else []
    if active > 1:
        found.append(f"The user has {active} active keys: this is the oldest.")
    return tuple(found)


def _text(moment: Any) -> str:
    return moment.isoformat() if isinstance(moment, datetime) else str(moment)
