"""What the scripts in AWS's own documents do, by their handler's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Clients = Callable[[str], Any]
"""A boto3 client of a service that acts as the automation's role."""
Script = Callable[[Clients, Mapping[str, Any], float], Mapping[str, Any]]

_DAY_SECONDS = 86_400


class ScriptFailed(Exception):
    """The script ends with an error; the message is what it says."""


def _remove_default_rules(
    clients: Clients, given: Mapping[str, Any], now: float
) -> Mapping[str, Any]:
    ec2, group_id = clients("ec2"), given["GroupId"]
    (group,) = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    if group["GroupName"] != "default":
        raise ScriptFailed(f"{group_id} is not a default security group.")
    if group["IpPermissions"]:
        ec2.revoke_security_group_ingress(
            GroupId=group_id, IpPermissions=group["IpPermissions"]
        )
    if group["IpPermissionsEgress"]:
        ec2.revoke_security_group_egress(
            GroupId=group_id, IpPermissions=group["IpPermissionsEgress"]
        )
    return {"GroupId": group_id}


def _revoke_unused(
    clients: Clients, given: Mapping[str, Any], now: float
) -> Mapping[str, Any]:
    iam, wanted = clients("iam"), given["IAMResourceId"]
    oldest = now - int(given["MaxCredentialUsageAge"]) * _DAY_SECONDS
    pages = iam.get_paginator("list_users").paginate()
    users = [user for page in pages for user in page["Users"]]
    user = next((user for user in users if user["UserId"] == wanted), None)
    if user is None:
        raise ScriptFailed(f"There is no IAM user with the ID {wanted}.")
    return {"Deactivated": _deactivate(iam, user["UserName"], oldest)}


def _deactivate(iam: Any, user_name: str, oldest: float) -> list[str]:
    deactivated = []
    for key in iam.list_access_keys(UserName=user_name)["AccessKeyMetadata"]:
        key_id = key["AccessKeyId"]
        used = iam.get_access_key_last_used(AccessKeyId=key_id)["AccessKeyLastUsed"]
        last = used.get("LastUsedDate") or key["CreateDate"]
        if key["Status"] == "Active" and last.timestamp() < oldest:
            iam.update_access_key(
                UserName=user_name, AccessKeyId=key_id, Status="Inactive"
            )
            deactivated.append(key_id)
    return deactivated


SCRIPTS: Mapping[str, Script] = {
    "RemoveVPCDefaultSecurityGroupRules": _remove_default_rules,
    "RevokeUnusedIAMUserCredentials": _revoke_unused,
}
