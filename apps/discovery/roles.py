"""What people may do, by account. Pure: no rows, no requests."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """Each role may do all that the ones before it may."""

    VIEWER = 1
    OPERATOR = 2
    APPROVER = 3
    ADMIN = 4

    @property
    def title(self) -> str:
        return self.name.capitalize()


@dataclass(frozen=True, slots=True)
class Rights:
    """Roles of one person: one for all accounts, and more for single accounts."""

    everywhere: Role | None
    by_account: dict[str, Role]

    def may(self, role: Role, account: str) -> bool:
        """Whether the person has at least this role in the account."""
        here = max(self.everywhere or 0, self.by_account.get(account, 0))
        return here >= role

    def may_everywhere(self, role: Role) -> bool:
        return (self.everywhere or 0) >= role

    def accounts(self, role: Role = Role.VIEWER) -> frozenset[str] | None:
        """The accounts where the person has at least this role; None means all."""
        if self.may_everywhere(role):
            return None
        return frozenset(
            account for account, here in self.by_account.items() if here >= role
        )
