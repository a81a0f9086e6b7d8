"""Who did it: CloudTrail's userIdentity as one actor that stays the same.

A role is one actor whatever its sessions are called; a session name is kept beside
it. Identities come without an ARN, without a type and as null: something is always
found to call them by.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NOBODY = "unknown"
_SESSION_PARTS = 2


@dataclass(slots=True)
class Actor:
    """`key` names the actor everywhere: an ARN where there is one, else a service
    principal, a user of an identity provider, or the most that is known."""

    key: str
    type: str
    session: str = ""

    @property
    def name(self) -> str:
        return short_name(self.key)


def actor_of(identity: object, account: str) -> Actor:
    """The actor of a userIdentity element, which may be null or incomplete."""
    if not isinstance(identity, Mapping):
        return Actor(NOBODY, "Unknown")
    kind = _text(identity, "type") or "Unknown"
    read = _BY_TYPE.get(kind, _any_name)
    key = read(identity) or _any_name(identity)
    return Actor(key, kind, _session(identity))


def short_name(key: str) -> str:
    """An actor's key in as few letters as identify it to people."""
    if not key.startswith("arn:"):
        return key.removesuffix(".amazonaws.com")
    resource = key.split(":", 5)[-1]
    return resource.partition("/")[2] or resource


def role_of_session(arn: str) -> str:
    """The role behind arn:P:sts::A:assumed-role/ROLE/SESSION; "" for another ARN.

    The path of the role is not part of a session's ARN and stays unknown.
    """
    head, _, rest = arn.partition(":assumed-role/")
    if not rest:
        return ""
    return head.replace(":sts:", ":iam:", 1) + ":role/" + rest.split("/")[0]


def _assumed_role(identity: Mapping[str, Any]) -> str:
    context = identity.get("sessionContext")
    issuer = context.get("sessionIssuer") if isinstance(context, Mapping) else None
    if isinstance(issuer, Mapping) and _text(issuer, "arn"):
        return _text(issuer, "arn")
    return role_of_session(_text(identity, "arn"))


def _federated(identity: Mapping[str, Any]) -> str:
    provider, user = _text(identity, "identityProvider"), _text(identity, "userName")
    return f"{provider}/{user}" if provider and user else ""


def _identity_center(identity: Mapping[str, Any]) -> str:
    on_behalf = identity.get("onBehalfOf")
    user = _text(on_behalf, "userId") if isinstance(on_behalf, Mapping) else ""
    return f"identity-center/{user}" if user else ""


def _service(identity: Mapping[str, Any]) -> str:
    return _text(identity, "invokedBy")


def _arn(identity: Mapping[str, Any]) -> str:
    return _text(identity, "arn")


def _any_name(identity: Mapping[str, Any]) -> str:
    for field in ("arn", "userName", "invokedBy", "principalId", "accountId"):
        if _text(identity, field):
            return _text(identity, field)
    return NOBODY


_BY_TYPE = {
    "AssumedRole": _assumed_role,
    "AWSService": _service,
    "FederatedUser": _arn,
    "IAMUser": _arn,
    "IdentityCenterUser": _identity_center,
    "Role": _arn,
    "Root": _arn,
    "SAMLUser": _federated,
    "WebIdentityUser": _federated,
}


def _session(identity: Mapping[str, Any]) -> str:
    """The session name of a role in use; "" for anyone else."""
    _, _, rest = _text(identity, "arn").partition(":assumed-role/")
    parts = rest.split("/", 1)
    return parts[1] if len(parts) == _SESSION_PARTS else ""


def _text(value: Mapping[str, Any], field: str) -> str:
    text = value.get(field)
    return text if isinstance(text, str) else ""
