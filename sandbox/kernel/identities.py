"""Access keys: whose they are, whether they are right, and what they may do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.backends import get_backend

from sandbox.kernel import policies, signatures
from sandbox.kernel.calls import Call
from sandbox.kernel.errors import ApiError
from sandbox.kernel.principals import Principal, PrincipalKind

_PARTITION = "aws"
_MISMATCH = "SignatureDoesNotMatch"
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
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
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
    policies: tuple[str, ...]


class Identities:
    """Knows IAM's users and roles from moto, and the sessions STS has granted."""

    def __init__(self) -> None:
        self._sessions: dict[str, _Session] = {}
        self._lock = threading.Lock()

    def grant(
        self,
        principal: Principal,
        secret: str,
        token: str,
        session_policies: tuple[str, ...] = (),
    ) -> None:
        """Remember the credentials of a session, which its policies narrow."""
        with self._lock:
            self._sessions[principal.access_key_id] = _Session(
                principal, secret, token, session_policies
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
        session = self._sessions.get(principal.access_key_id)
        granted, boundary = _documents_of(principal)
        effects = [
            policies.decide(documents, request)
            for documents in (granted, boundary, session.policies if session else ())
            if documents or documents is granted
        ]
        for effect in effects:
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
    # Clients sign by the machine's clock, whatever time it is in the sandbox.
    if not signatures.is_fresh(signed, request, time.time()):
        code = "RequestTimeTooSkewed" if signed.service == "s3" else _MISMATCH
        raise ApiError(code, "Signature expired: it is not of the last 15 minutes", 403)
    if not signatures.is_right(signed, secret, request):
        raise ApiError(
            _MISMATCH,
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


def _documents_of(principal: Principal) -> tuple[list[str], list[str]]:
    """What grants to a principal, and what bounds it."""
    backend = get_backend("iam")[principal.account][_PARTITION]
    is_user = principal.kind is PrincipalKind.USER
    holders = backend.users if is_user else backend.roles
    holder = next((h for h in holders.values() if h.name == principal.name), None)
    if holder is None:
        return [], []
    sources: list[Any] = [holder]
    if is_user:
        groups = backend.groups.values()
        sources += [
            group
            for group in groups
            if any(user.name == principal.name for user in group.users)
        ]
    granted = [document for source in sources for document in _attached(source)]
    bound = getattr(holder, "permissions_boundary_arn", None)
    return granted, managed_policies(principal.account, [bound] if bound else [])


def _attached(source: Any) -> list[str]:
    managed = [_default(policy) for policy in source.managed_policies.values()]
    return [_text(document) for document in (*source.policies.values(), *managed)]


def _default(policy: Any) -> str:
    return next(_text(v.document) for v in policy.versions if v.is_default)


def managed_policies(account: str, arns: list[str]) -> list[str]:
    """The documents of managed policies; one that is absent grants nothing."""
    known = get_backend("iam")[account][_PARTITION].managed_policies
    return [_default(known[arn]) if arn in known else "{}" for arn in arns]


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def trust_policy(account: str, role_arn: str) -> tuple[str, str] | None:
    """A role's id and its trust policy, or None where there is no such role."""
    backend = get_backend("iam")[account][_PARTITION]
    for role in backend.roles.values():
        if role.arn == role_arn:
            return role.id, _text(role.assume_role_policy_document)
    return None


# API Gateway's permissions are named by the method of HTTP.
# Source: Service Authorization Reference, Amazon API Gateway Management.
_METHODS: Mapping[str, str] = {
    "Create": "POST",
    "Delete": "DELETE",
    "Flush": "DELETE",
    "Get": "GET",
    "Put": "PUT",
    "Tag": "PUT",
    "Untag": "DELETE",
    "Update": "PATCH",
}


def _method(operation: str) -> str:
    for verb, method in _METHODS.items():
        if operation.startswith(verb):
            return method
    return "POST"


def action_of(service: str, operation: str) -> str:
    """The permission a call needs: `s3:ListBucket` for `ListObjectsV2`."""
    prefix = _PREFIXES.get(service, service)
    if prefix == "apigateway":
        return f"{prefix}:{_method(operation)}"
    if service == "s3":
        return f"{prefix}:{_S3_ACTIONS.get(operation, operation)}"
    # Source: Service Authorization Reference, actions of AWS Lambda.
    is_invoke = (service, operation) == ("lambda", "Invoke")
    return f"{prefix}:{'InvokeFunction' if is_invoke else operation}"


def also_needed(call: Call) -> tuple[str, ...]:
    """Permissions a call needs beside its own, by what is in it.

    Source: API Gateway Developer Guide, "Control access for invoking an API":
    changing a resource policy needs UpdateRestApiPolicy too.
    """
    if (call.service, call.operation) != ("apigateway", "UpdateRestApi"):
        return ()
    patches = call.parameters.get("patchOperations") or []
    if any(str(patch.get("path", "")).startswith("/policy") for patch in patches):
        return ("apigateway:UpdateRestApiPolicy",)
    return ()


def context_of(call: Call) -> dict[str, str]:
    """The condition keys every request has.

    Source: IAM User Guide, "AWS global condition context keys".
    """
    return {
        "aws:requestedregion": call.region,
        "aws:principalarn": call.principal.arn,
        "aws:principalaccount": call.principal.account,
        "aws:sourceip": call.source_ip or "127.0.0.1",
        # Loopback stands for the TLS that SDKs use towards AWS.
        "aws:securetransport": "true",
        "aws:currenttime": datetime.fromtimestamp(call.now, UTC).isoformat(),
        "aws:epochtime": str(call.now),
    }
