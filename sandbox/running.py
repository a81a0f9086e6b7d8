"""A sandbox that runs: served on loopback, with the shop in it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.assembly import assemble
from sandbox.control import Refused
from sandbox.functions import Lambda
from sandbox.kernel.clock import SystemClock
from sandbox.kernel.cloud import HOME_REGION, PAYMENTS, SHOP, TOOLS
from sandbox.kernel.server import Server
from sandbox.shop.control import ShopControl, invite_visitor, invite_watcher
from sandbox.shop.shop import Shop


class Running:
    """Starts in order, and ends with its process."""

    def __init__(self, home: Path, port: int, per_second: float) -> None:
        self._sandbox = assemble(SystemClock(), home)
        self._server = Server(self._sandbox.application, port)
        self._per_second = per_second
        self._keys: dict[str, dict[str, str]] = {}

    def start(self, say: Callable[[str], None]) -> None:
        """Build the shop and its last 24 hours, then answer calls."""
        say("Building the shop in two accounts")
        shop = Shop(self._sandbox, self._per_second)
        cloud = self._sandbox.cloud
        self._keys = {TOOLS: invite_watcher(cloud)} | {
            account: invite_visitor(cloud, account) for account in (SHOP, PAYMENTS)
        }
        ShopControl(self._sandbox, shop)
        self._sandbox.control.add("environment", self._route)
        shop.write_history(say)
        shop.open()
        # Models and history stay: collecting garbage need not walk them again.
        gc.collect()
        gc.freeze()
        self._sandbox.cloud.timers.start()
        self._sandbox.one(Lambda).endpoint_url = self._server.url
        self._server.start()

    def described(self) -> dict[str, Any]:
        """What whoever started the sandbox has to know."""
        return {"url": self._server.url, "environment": self._environment(TOOLS)}

    def _route(self, method: str, account: str, body: Any) -> Any:
        if account not in self._keys:
            raise Refused(f"There is no account {account!r}.", 404)
        return self._environment(account)

    def _environment(self, account: str) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self._server.url,
            "AWS_ACCESS_KEY_ID": self._keys[account]["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": self._keys[account]["SecretAccessKey"],
            "AWS_DEFAULT_REGION": HOME_REGION,
            "AWS_REGION": HOME_REGION,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }
