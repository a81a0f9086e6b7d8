"""Who calls: users, roles that were assumed, and AWS's own services."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PrincipalKind(StrEnum):
    """CloudTrail's words for the kinds of callers."""

    USER = "IAMUser"
    ROLE = "AssumedRole"
    SERVICE = "AWSService"


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller with the account whose resources it sees.

    `name` is the user's name, the role's name, or the service (`ecs.amazonaws.com`).
    `session_name`, `issued_at` and `expires_at` (seconds since 1970) are a role's.
    """

    kind: PrincipalKind
    account: str
    name: str
    principal_id: str
    access_key_id: str
    session_name: str = ""
    issued_at: float = 0.0
    expires_at: float | None = None

    @property
    def arn(self) -> str:
        if self.kind is PrincipalKind.USER:
            return f"arn:aws:iam::{self.account}:user/{self.name}"
        if self.kind is PrincipalKind.ROLE:
            session = f"{self.name}/{self.session_name}"
            return f"arn:aws:sts::{self.account}:assumed-role/{session}"
        return f"arn:aws:iam::{self.account}:root"

    @property
    def role_arn(self) -> str:
        return f"arn:aws:iam::{self.account}:role/{self.name}"


def service_principal(name: str, account: str) -> Principal:
    """An AWS service that acts in an account: `ecs.amazonaws.com`."""
    return Principal(PrincipalKind.SERVICE, account, name, name, f"SERVICE/{name}")
