"""Incidents, the rate of traffic and the roles of whoever watches the shop, by HTTP."""

from __future__ import annotations

import json
from typing import Any

from sandbox.assembly import Sandbox
from sandbox.control import Refused
from sandbox.kernel.cloud import HOME_REGION, REGIONS, TOOLS, Cloud
from sandbox.shop.estate.audit import (
    CONFIG_QUEUE,
    TRAIL,
    config_bucket,
    queue_url,
    trail_bucket,
)
from sandbox.shop.estate.sites import policy
from sandbox.shop.incidents import INCIDENTS
from sandbox.shop.shop import Shop, UnknownIncident

WATCHER, VISITOR = "trailmap", "visitor"
ROLE = "trailmap-reader"
_ROLE_SECONDS = 3_600
_MOST_A_SECOND = 200.0


def invite_watcher(cloud: Cloud) -> dict[str, str]:
    """A user of the tools account who may assume roles; answers with the key."""
    return _invite(cloud, TOOLS, WATCHER, "sts:AssumeRole")


def invite_visitor(cloud: Cloud, account: str) -> dict[str, str]:
    """A user for whoever looks around in an account with the AWS CLI: it may do
    everything there."""
    return _invite(cloud, account, VISITOR, "*")


def _invite(cloud: Cloud, account: str, name: str, action: str) -> dict[str, str]:
    iam = cloud.client("iam", account, HOME_REGION, "organizations.amazonaws.com")
    iam.create_user(UserName=name)
    allowed = {"Effect": "Allow", "Action": action, "Resource": "*"}
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy(allowed))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {member: key[member] for member in ("AccessKeyId", "SecretAccessKey")}


class ShopControl:
    """Adds the shop's routes to the sandbox's interface."""

    def __init__(self, sandbox: Sandbox, shop: Shop) -> None:
        self._cloud = sandbox.cloud
        self._shop = shop
        sandbox.control.add("incidents", self._incidents)
        sandbox.control.add("rate", self._rate)
        sandbox.control.add("accounts", self._accounts)

    def _incidents(self, method: str, name: str, body: Any) -> Any:
        try:
            if method == "POST":
                self._shop.begin(name)
            elif method == "DELETE":
                self._shop.end(name)
        except UnknownIncident as error:
            raise Refused(str(error), 404) from error
        return [
            {"name": i.name, "says": i.says, "running": i.name in self._shop.running}
            for i in INCIDENTS.values()
        ]

    def _rate(self, method: str, rest: str, body: Any) -> Any:
        if method == "POST":
            wanted: Any = body.get("per_second") if isinstance(body, dict) else None
            is_number = isinstance(wanted, int | float) and wanted is not True
            if not (is_number and 0 <= wanted <= _MOST_A_SECOND):
                raise Refused(
                    f"`per_second` is a number from 0 to {_MOST_A_SECOND:.0f}."
                )
            self._shop.traffic.per_second = float(wanted)
        return {"per_second": self._shop.traffic.per_second}

    def _accounts(self, method: str, account: str, body: Any) -> Any:
        """GET lists what there is to watch. POST to an account makes, or changes, the
        role a watcher assumes: `{"external_id": ..., "policy": {...}}`, and with
        `"roles": {name: policy}` more of them, to write with."""
        if method == "POST":
            return self._admit(account, body)
        return [self._described(account) for account in self._shop.people.sites]

    def _described(self, account: str) -> dict[str, Any]:
        site = self._shop.people.site(account)
        return {
            "account": account,
            "regions": list(REGIONS),
            "role_arn": f"arn:aws:iam::{account}:role/{ROLE}",
            "trail": TRAIL,
            "bucket": trail_bucket(account),
            "queue_url": queue_url(site),
            "config_region": HOME_REGION,
            "config_bucket": config_bucket(account),
            "config_queue_url": queue_url(site, CONFIG_QUEUE),
        }

    def _admit(self, account: str, body: Any) -> Any:
        if account not in self._shop.people.sites:
            raise Refused(f"The shop has no account {account}.", 404)
        if not isinstance(body, dict) or not body.get("external_id"):
            raise Refused("`external_id` and `policy` are needed.")
        iam = self._cloud.client(
            "iam", account, HOME_REGION, "cloudformation.amazonaws.com"
        )
        trusts = policy(
            {
                "Effect": "Allow",
                "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
                "Principal": {"AWS": f"arn:aws:iam::{TOOLS}:root"},
                "Condition": {"StringEquals": {"sts:ExternalId": body["external_id"]}},
            }
        )
        _put_role(iam, ROLE, trusts, body.get("policy", {}))
        for name, allowed in (body.get("roles") or {}).items():
            _put_role(iam, str(name), trusts, allowed)
        return self._described(account)


def _put_role(iam: Any, name: str, trusts: str, allowed: Any) -> None:
    names = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    if name in names:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=trusts)
    else:
        iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=trusts,
            MaxSessionDuration=_ROLE_SECONDS,
        )
    iam.put_role_policy(
        RoleName=name, PolicyName="own", PolicyDocument=json.dumps(allowed)
    )
