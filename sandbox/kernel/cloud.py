"""What the services of one sandbox have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.kernel.calls import Finished
from sandbox.kernel.clients import Clients
from sandbox.kernel.clock import Clock
from sandbox.kernel.faults import Faults
from sandbox.kernel.identities import Identities
from sandbox.kernel.names import PAYMENTS, SHOP, TOOLS
from sandbox.kernel.principals import Principal, service_principal
from sandbox.kernel.timers import Timers

__all__ = [
    "ACCOUNTS", "HOME_REGION", "PAYMENTS", "REGIONS", "SHOP", "TOOLS", "Cloud", "Event",
]  # fmt: skip

ACCOUNTS = (TOOLS, SHOP, PAYMENTS)
HOME_REGION = "eu-west-1"
REGIONS = (HOME_REGION, "us-east-1")


@dataclass(frozen=True, slots=True)
class Event:
    """Something a service tells EventBridge. `time` in seconds since 1970."""

    account: str
    region: str
    source: str
    detail_type: str
    detail: dict[str, Any]
    time: float
    resources: tuple[str, ...] = ()


@dataclass(slots=True)
class Cloud:
    """Time, faults, identities and the ways services hear of each other.

    `home` is a folder for what does not belong in memory; it is removed with the
    sandbox.
    """

    clock: Clock
    home: Path
    timers: Timers
    faults: Faults = field(default_factory=Faults)
    identities: Identities = field(default_factory=Identities)
    clients: Clients = field(default_factory=Clients)
    _on_call: list[Callable[[Finished], None]] = field(default_factory=list)
    _on_event: list[Callable[[Event], None]] = field(default_factory=list)

    @classmethod
    def new(cls, clock: Clock, home: Path) -> Cloud:
        return cls(clock, home, Timers(clock))

    def on_call(self, listener: Callable[[Finished], None]) -> None:
        """Hear of every call after it was answered or refused."""
        self._on_call.append(listener)

    def on_event(self, listener: Callable[[Event], None]) -> None:
        """Hear of everything services tell EventBridge."""
        self._on_event.append(listener)

    def finished(self, finished: Finished) -> None:
        for listener in self._on_call:
            listener(finished)

    def emit(self, event: Event) -> None:
        for listener in self._on_event:
            listener(event)

    def client(
        self, service: str, account: str, region: str, by: Principal | str
    ) -> Any:
        """A boto3 client whose calls are made in this process.

        `by` is who calls: a principal, or the name of an AWS service such as
        `cloudtrail.amazonaws.com`, which may do everything.
        """
        who = by if isinstance(by, Principal) else service_principal(by, account)
        return self.clients.get(service, account, region, who)
