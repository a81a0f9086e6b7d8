"""IAM, and what holds for an account as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from apps.discovery.inventory.parsing import tags_of
from apps.discovery.inventory.scanners.base import Scanner, Seen, links
from apps.discovery.inventory.scanners.reading import Raw, Reader, without

ACCOUNT = "AWS::::Account"
_POLICY = "AWS::IAM::Policy"


def _details(
    kind: str, member: str, id_name: str
) -> Callable[[Reader, str], Iterator[Raw]]:
    """IAM has no listing by id: what it tells of all is looked through."""

    def listed(reader: Reader, id_: str) -> Iterator[Raw]:
        for one in reader.every(
            "iam", "get_account_authorization_details", member, Filter=[kind]
        ):
            if not id_ or one[id_name] == id_:
                yield one

    return listed


def _identity(raw: Raw, id_name: str, name: str, supplementary: Any = None) -> Seen:
    attached = [one["policyArn"] for one in raw.get("attachedManagedPolicies", ())]
    return Seen(
        raw[id_name],
        without(raw, "roleLastUsed"),
        raw[name],
        raw["arn"],
        tags_of(raw.get("tags")),
        supplementary or {},
        links("Is attached to CustomerManagedPolicy", _POLICY, attached),
        "Not Applicable",
        raw.get("createDate"),
    )


def _role(reader: Reader, raw: Raw) -> Seen:
    return _identity(raw, "roleId", "roleName")


def _policy(reader: Reader, raw: Raw) -> Seen:
    return _identity(
        without(raw, "attachmentCount", "permissionsBoundaryUsageCount"),
        "policyId",
        "policyName",
    )


def _user(reader: Reader, raw: Raw) -> Seen | None:
    name = raw["userName"]
    told = reader.maybe("iam", "get_user", UserName=name)
    if told is None:
        return None
    profile = reader.maybe("iam", "get_login_profile", UserName=name) or {}
    added = {
        "accessKeys": _keys(reader, name),
        "mfaDevices": reader.some(
            "iam", "list_mfa_devices", "mFADevices", UserName=name
        ),
        "loginProfile": profile.get("loginProfile"),
        "passwordLastUsed": _day(told["user"].get("passwordLastUsed")),
    }
    return _identity(raw, "userId", "userName", added)


def _keys(reader: Reader, name: str) -> list[dict[str, Any]]:
    listed = reader.some("iam", "list_access_keys", "accessKeyMetadata", UserName=name)
    found = []
    for key in listed:
        told = reader.maybe(
            "iam", "get_access_key_last_used", AccessKeyId=key["accessKeyId"]
        )
        used = (told or {}).get("accessKeyLastUsed", {}).get("lastUsedDate")
        found.append({**key, "lastUsedDate": _day(used)})
    return sorted(found, key=lambda one: one["accessKeyId"])


def _day(moment: str | None) -> str | None:
    """To the day: a key in use is no change each time it is used."""
    return f"{moment[:10]}T00:00:00.000Z" if moment else None


def _accounts(reader: Reader, id_: str) -> Iterable[Raw]:
    return [reader.account] if id_ in ("", reader.account) else []


def _account(reader: Reader, number: str) -> Seen:
    policy = reader.maybe("iam", "get_account_password_policy") or {}
    summary = reader.ask("iam", "get_account_summary").get("summaryMap", {})
    settings = ("AccountAccessKeysPresent", "AccountMFAEnabled")
    return Seen(
        number,
        {
            "passwordPolicy": policy.get("passwordPolicy"),
            "summaryMap": {name: summary.get(name) for name in settings},
        },
        number,
        zone="Not Applicable",
    )


_DETAILS = "iam:GetAccountAuthorizationDetails"
SCANNERS = (
    Scanner(
        "AWS::IAM::User",
        _details("User", "userDetailList", "userId"),
        _user,
        (
            _DETAILS,
            "iam:GetAccessKeyLastUsed",
            "iam:GetLoginProfile",
            "iam:GetUser",
            "iam:ListAccessKeys",
            "iam:ListMFADevices",
        ),
        is_global=True,
    ),
    Scanner(
        "AWS::IAM::Role",
        _details("Role", "roleDetailList", "roleId"),
        _role,
        (_DETAILS,),
        is_global=True,
    ),
    Scanner(
        _POLICY,
        _details("LocalManagedPolicy", "policies", "policyId"),
        _policy,
        (_DETAILS,),
        is_global=True,
    ),
    Scanner(
        ACCOUNT,
        _accounts,
        _account,
        (
            "iam:GetAccountPasswordPolicy",
            "iam:GetAccountSummary",
        ),
        is_global=True,
    ),
)
