"""The people of the shop, and those who should not be there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.kernel.cloud import SHOP
from sandbox.kernel.principals import Principal
from sandbox.shop.estate.sites import Site


@dataclass(frozen=True, slots=True)
class People:
    """`anna_user` operates the shop; `ci` is the pipeline's user with a key."""

    sites: dict[str, Site]
    anna_user: Principal
    ci: Principal

    def site(self, account: str) -> Site:
        return self.sites[account]

    def anna(self, service: str) -> Any:
        """A client of the operator in the shop's account."""
        return self.sites[SHOP].as_(self.anna_user, service)

    def stranger(self, service: str, source_ip: str) -> Any:
        """A client of somebody who has found the pipeline's key."""
        return self.sites[SHOP].as_(self.ci, service, source_ip)

    def group_of(self, service: str) -> str:
        """The security group of a service of the shop's account."""
        return (self.sites[SHOP].groups or {})[service]
