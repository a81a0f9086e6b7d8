"""AssumeRole with trust policies, ExternalId and sessions that end."""

from __future__ import annotations

import json
import re
import secrets
import string
from collections.abc import Mapping
from typing import Any

from moto.backends import get_backend

from sandbox.kernel import identities, policies
from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError
from sandbox.kernel.principals import Principal, PrincipalKind

_LETTERS = string.ascii_uppercase + "234567"
_ROLE = re.compile(
    r"arn:aws:iam::(?P<account>\d{12}):role/(?:.*/)?(?P<name>[\w+=,.@-]+)"
)
_DEFAULT_SECONDS = 3_600
_CHAINED_SECONDS = 3_600
_SESSION_POLICY_LETTERS = 2_048


class Sts:
    """The Security Token Service of every account."""

    name = "sts"
    from_moto: frozenset[str] = frozenset()

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.operations: Mapping[str, Handler] = {
            "AssumeRole": self._assume_role,
            "GetCallerIdentity": self._get_caller_identity,
            "GetSessionToken": self._get_session_token,
        }

    def _get_caller_identity(self, call: Call) -> Answer:
        who = call.principal
        user_id = who.principal_id
        if who.kind is PrincipalKind.ROLE:
            user_id = f"{user_id}:{who.session_name}"
        return {"UserId": user_id, "Account": who.account, "Arn": who.arn}

    def _get_session_token(self, call: Call) -> Answer:
        seconds = int(call.parameters.get("DurationSeconds") or 43_200)
        who = call.principal
        if who.kind is not PrincipalKind.USER:
            raise ApiError(
                "AccessDenied",
                "Cannot call GetSessionToken with session credentials",
                403,
            )
        session = Principal(
            who.kind,
            who.account,
            who.name,
            who.principal_id,
            _key_id(),
            issued_at=call.now,
            expires_at=call.now + seconds,
        )
        return {"Credentials": self._credentials(session, ())}

    def _assume_role(self, call: Call) -> Answer:
        role = _ROLE.fullmatch(call.parameters["RoleArn"])
        if role is None:
            raise ApiError(
                "ValidationError", f"{call.parameters['RoleArn']} is invalid"
            )
        found = identities.trust_policy(role["account"], call.parameters["RoleArn"])
        action = policies.Request("sts:AssumeRole", call.parameters["RoleArn"])
        if found is None or not self._trusts(found[1], call):
            # AWS does not tell a role that is absent from one that does not trust.
            raise identities.denied(call.principal, action)
        if not _names(found[1], call, role["account"]):
            self._cloud.identities.check_allowed(call.principal, action)
        seconds = _duration(call, role["account"], role["name"])
        session = Principal(
            PrincipalKind.ROLE,
            role["account"],
            role["name"],
            found[0],
            _key_id(),
            session_name=call.parameters["RoleSessionName"],
            issued_at=call.now,
            expires_at=call.now + seconds,
        )
        narrowing = _session_policies(call, role["account"])
        return {
            "Credentials": self._credentials(session, narrowing),
            "AssumedRoleUser": {
                "AssumedRoleId": f"{found[0]}:{session.session_name}",
                "Arn": session.arn,
            },
        }

    def _trusts(self, document: str, call: Call) -> bool:
        who = call.principal
        arns = [who.arn, f"arn:aws:iam::{who.account}:root", who.account]
        if who.kind is PrincipalKind.ROLE:
            arns.append(who.role_arn)
        if who.kind is PrincipalKind.SERVICE:
            arns.append(who.name)
        request = policies.Request("sts:AssumeRole", "", tuple(arns), _context(call))
        return policies.decide([document], request) is policies.Effect.ALLOW

    def _credentials(
        self, session: Principal, narrowing: tuple[str, ...]
    ) -> dict[str, Any]:
        secret, token = secrets.token_urlsafe(30), secrets.token_urlsafe(180)
        self._cloud.identities.grant(session, secret, token, narrowing)
        return {
            "AccessKeyId": session.access_key_id,
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": session.expires_at,
        }


def _context(call: Call) -> dict[str, str]:
    given = {
        "sts:externalid": call.parameters.get("ExternalId"),
        "sts:sourceidentity": call.parameters.get("SourceIdentity"),
    }
    shown = {name: value for name, value in given.items() if value is not None}
    return {**identities.context_of(call), **shown}


def _names(document: str, call: Call, account: str) -> bool:
    """Whether a trust policy of the same account names the caller itself: then no
    policy of the caller is needed. Source: IAM User Guide, "Policy evaluation logic".
    """
    who = call.principal
    arns = (who.arn, who.role_arn) if who.kind is PrincipalKind.ROLE else (who.arn,)
    request = policies.Request("sts:AssumeRole", "", arns, _context(call))
    is_same = who.account == account
    return is_same and policies.decide([document], request) is policies.Effect.ALLOW


def _session_policies(call: Call, account: str) -> tuple[str, ...]:
    """Policies that narrow a session. Raises where one is no policy or too long."""
    inline = call.parameters.get("Policy") or ""
    if len(inline) > _SESSION_POLICY_LETTERS:
        raise ApiError("PackedPolicyTooLarge", "The session policy is too large.")
    try:
        is_policy = not inline or "Statement" in json.loads(inline)
    except ValueError:
        is_policy = False
    if not is_policy:
        raise ApiError(
            "MalformedPolicyDocument", "The session policy is not a policy document."
        )
    arns = [each["arn"] for each in call.parameters.get("PolicyArns") or ()]
    managed = identities.managed_policies(account, arns)
    return tuple(filter(None, (inline, *managed)))


def _key_id() -> str:
    return "ASIA" + "".join(secrets.choice(_LETTERS) for _ in range(16))


def _duration(call: Call, account: str, role_name: str) -> int:
    """Seconds of the session. Raises where the role, or chaining, allows fewer."""
    seconds = int(call.parameters.get("DurationSeconds") or _DEFAULT_SECONDS)
    if call.principal.kind is PrincipalKind.ROLE and seconds > _CHAINED_SECONDS:
        raise ApiError(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles "
            "assumed by role chaining.",
        )
    roles = get_backend("iam")[account]["aws"].roles.values()
    most = next(r.max_session_duration for r in roles if r.name == role_name)
    if seconds > int(most or _DEFAULT_SECONDS):
        raise ApiError(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this "
            "role.",
        )
    return seconds
