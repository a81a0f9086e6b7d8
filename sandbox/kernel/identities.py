"""Access keys: whose they are, whether they are right, and what they may do."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.backends import get_backend

from sandbox.kernel import policies, signatures
from sandbox.kernel.errors import ApiError
from sandbox.kernel.principals import Principal, PrincipalKind

_PARTITION = "aws"
# Where the name of a call's permission is not the call's own name.
# Source: Service Authorization Reference, actions of Amazon S3.
_S3_ACTIONS: Mapping[str, str] = {
    "HeadObject": "GetObject",
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListBuckets": "ListAllMyBuckets",
    "DeleteObjects": "DeleteObject",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
}
_PREFIXES: Mapping[str, str] = {
    "elbv2": "elasticloadbalancing",
    "stepfunctions": "states",
    "apigatewayv2": "apigateway",
    "dynamodbstreams": "dynamodb",
    "s3control": "s3",
    "resourcegroupstaggingapi": "tag",
}
# Everyone with valid credentials may ask who they are.
_FREE = frozenset({"sts:GetCallerIdentity", "sts:GetSessionToken"})


@dataclass(frozen=True, slots=True)
class _Session:
    principal: Principal
    secret: str
    token: str
    policy: str


class Identities:
    """Knows IAM's users and roles from moto, and the sessions STS has granted."""

    def __init__(self) -> None:
        self._sessions: dict[str, _Session] = {}
        self._lock = threading.Lock()

    def grant(
        self, principal: Principal, secret: str, token: str, policy: str = ""
    ) -> None:
        """Remember the credentials of a session; `policy` is its session policy."""
        with self._lock:
            self._sessions[principal.access_key_id] = _Session(
                principal, secret, token, policy
            )

    def who(
        self, signed: signatures.Signed | None, request: Any, now: float
    ) -> Principal:
        """The caller. Raises ApiError as AWS does for each thing that can be wrong."""
        if signed is None:
            raise ApiError(
                "MissingAuthenticationToken", "Missing Authentication Token", 403
            )
        session = self._sessions.get(signed.access_key_id)
        if session is not None:
            return self._who_in_session(session, signed, request, now)
        principal, secret = _user_of_key(signed.access_key_id)
        _check_signature(signed, secret, request)
        return principal

    def _who_in_session(
        self,
        session: _Session,
        signed: signatures.Signed,
        request: Any,
        now: float,
    ) -> Principal:
        if request.headers.get("X-Amz-Security-Token") != session.token:
            raise _unknown_key()
        _check_signature(signed, session.secret, request)
        expires = session.principal.expires_at
        if expires is not None and expires <= now:
            raise expired()
        return session.principal

    def check_allowed(self, principal: Principal, request: policies.Request) -> None:
        """Raise AccessDenied unless the principal's policies allow the action."""
        if principal.kind is PrincipalKind.SERVICE or request.action in _FREE:
            return
        documents = _documents_of(principal)
        effect = policies.decide(documents, request)
        session = self._sessions.get(principal.access_key_id)
        if effect is policies.Effect.ALLOW and session and session.policy:
            effect = policies.decide([session.policy], request)
        if effect is not policies.Effect.ALLOW:
            raise denied(principal, request, effect)


def denied(
    principal: Principal,
    request: policies.Request,
    effect: policies.Effect = policies.Effect.NONE,
) -> ApiError:
    """The sentence IAM says. Source: IAM User Guide, troubleshoot access denied."""
    on = f" on resource: {request.resource}" if request.resource else ""
    because = (
        "with an explicit deny in an identity-based policy"
        if effect is policies.Effect.DENY
        else f"because no identity-based policy allows the {request.action} action"
    )
    return ApiError(
        "AccessDenied",
        f"User: {principal.arn} is not authorized to perform: {request.action}{on} "
        f"{because}",
        403,
    )


def expired() -> ApiError:
    return ApiError(
        "ExpiredToken", "The security token included in the request is expired", 403
    )


def _unknown_key() -> ApiError:
    return ApiError(
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
        403,
    )


def _check_signature(signed: signatures.Signed, secret: str, request: Any) -> None:
    if not signatures.is_right(signed, secret, request):
        raise ApiError(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you "
            "provided. Check your AWS Secret Access Key and signing method. Consult "
            "the service documentation for details.",
            403,
        )


def _user_of_key(access_key_id: str) -> tuple[Principal, str]:
    for account, backends in get_backend("iam").items():
        for user in backends[_PARTITION].users.values():
            for key in user.access_keys:
                if key.access_key_id == access_key_id and key.status == "Active":
                    user_id = f"AIDA{user.id[:17].upper()}"
                    principal = Principal(
                        PrincipalKind.USER, account, user.name, user_id, access_key_id
                    )
                    return principal, key.secret_access_key
    raise _unknown_key()


def _documents_of(principal: Principal) -> list[str]:
    backend = get_backend("iam")[principal.account][_PARTITION]
    holders = backend.users if principal.kind is PrincipalKind.USER else backend.roles
    holder = next((h for h in holders.values() if h.name == principal.name), None)
    if holder is None:
        return []
    managed = [
        version.document
        for policy in holder.managed_policies.values()
        for version in policy.versions
        if version.is_default
    ]
    return [_text(document) for document in (*holder.policies.values(), *managed)]


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def trust_policy(account: str, role_name: str) -> tuple[str, str] | None:
    """A role's id and its trust policy, or None where there is no such role."""
    backend = get_backend("iam")[account][_PARTITION]
    for role in backend.roles.values():
        if role.name == role_name:
            return role.id, _text(role.assume_role_policy_document)
    return None


def action_of(service: str, operation: str) -> str:
    """The permission a call needs: `s3:ListBucket` for `ListObjectsV2`."""
    prefix = _PREFIXES.get(service, service)
    name = _S3_ACTIONS.get(operation, operation) if service == "s3" else operation
    return f"{prefix}:{name}"
