"""The shop as a whole: built, given a past, kept going, and made to suffer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial

from sandbox.assembly import Sandbox
from sandbox.cloudtrail import CloudTrail
from sandbox.config import Config
from sandbox.ecs import Ecs
from sandbox.kernel.cloud import HOME_REGION, PAYMENTS, SHOP
from sandbox.shop.changes import Changes
from sandbox.shop.configured import past_items
from sandbox.shop.directory import Directory, running_tasks
from sandbox.shop.effects import NONE, together
from sandbox.shop.estate import build
from sandbox.shop.estate.registries import renew
from sandbox.shop.estate.sites import hire
from sandbox.shop.incidents import INCIDENTS, Incident
from sandbox.shop.people import People
from sandbox.shop.sinks import Sinks
from sandbox.shop.topology import CLUSTER, SERVICES
from sandbox.shop.traffic import HISTORY_SECONDS, Traffic

log = logging.getLogger(__name__)

_TICK_SECONDS = 1.0
_RENEW_SECONDS = 20.0
_LOOK_SECONDS = 150.0
_DEPLOY_SECONDS = 40 * 60.0
_FULL_PERCENT = 97.0
_OUT_OF_MEMORY = 137


class UnknownIncident(Exception):
    """There is no incident of this name."""


class Shop:
    """Lives in a sandbox that is put together."""

    def __init__(self, sandbox: Sandbox, per_second: float) -> None:
        self._cloud = sandbox.cloud
        self._ecs = sandbox.one(Ecs)
        self._cloudtrail = sandbox.one(CloudTrail)
        self._config = sandbox.one(Config)
        self.running: list[str] = []
        self._changing = threading.Lock()
        sites = {account: build(self._cloud, account) for account in (SHOP, PAYMENTS)}
        self._ecs.settle()
        for account, site in sites.items():
            site.running = partial(running_tasks, self._ecs, account)
            renew(site)
        self.traffic = Traffic(Sinks.of(sandbox), Directory(sites), per_second)
        anna, ci = hire(sites[SHOP], "anna"), hire(sites[SHOP], "ci")
        self.people = People(sites, anna, ci)
        self.changes = Changes(self.people)

    def write_history(self, say: Callable[[str], None]) -> None:
        """The last 24 hours: requests with all they leave, and changes."""
        now = self._cloud.clock.now()
        count = self.traffic.write_history(now)
        say(f"{count:,} requests of the last 24 hours are written")
        self.write_changes(now - HISTORY_SECONDS, now, say)

    def write_changes(
        self, start: float, now: float, say: Callable[[str], None]
    ) -> None:
        """Who called what, and what Config recorded of it."""
        past = self.changes.past(start, now)
        self._cloudtrail.write_history(past)
        say(f"{len(past):,} calls of the last 24 hours are recorded and delivered")
        for account, site in self.people.sites.items():
            items = list(past_items(site, start, now))
            self._config.write_history((account, HOME_REGION), items)
            say(f"{len(items)} items of the last 24 hours are in Config of {account}")

    def open(self) -> None:
        """Let time bring traffic, renewed registrations and deployments."""
        timers = self._cloud.timers
        timers.every(_TICK_SECONDS, self._tick)
        timers.every(_RENEW_SECONDS, self._renew)
        timers.every(_LOOK_SECONDS, lambda now: self.changes.look())
        timers.every(_DEPLOY_SECONDS, self._deploy)

    def _tick(self, now: float) -> None:
        self.traffic.tick(now)
        for name in self.traffic.effects.leaks:
            used = SERVICES[name].memory_percent + self.traffic.machines.leaked(name)
            if used > _FULL_PERCENT:
                self._kill(name)

    def _renew(self, now: float) -> None:
        for site in self.people.sites.values():
            renew(site)

    def _deploy(self, now: float) -> None:
        log.info("deployed %s", self.changes.deploy_any().name)

    def _kill(self, name: str) -> None:
        """Out of memory: the tasks end, and new ones start with what they need."""
        account = SERVICES[name].account
        ecs = self.people.site(account).client("ecs")
        for task in ecs.list_tasks(cluster=CLUSTER, serviceName=name)["taskArns"]:
            self._ecs.fail_task(
                (account, HOME_REGION),
                task,
                _OUT_OF_MEMORY,
                "OutOfMemoryError: Container killed due to memory usage",
            )
        self.traffic.machines.restart(name)

    def begin(self, name: str) -> None:
        """Start an incident; one that is on already goes on. Raises UnknownIncident."""
        incident = _incident(name)
        with self._changing:
            if name not in self.running:
                incident.begin(self.people)
                self.running.append(name)
                self._apply()

    def end(self, name: str) -> None:
        """End an incident, if it is on. Raises UnknownIncident."""
        incident = _incident(name)
        with self._changing:
            if name not in self.running:
                return
            incident.end(self.people)
            self.running.remove(name)
            self._apply()
            for leaking in incident.effects.leaks:
                self._kill(leaking)

    def _apply(self) -> None:
        effects = [INCIDENTS[name].effects for name in self.running]
        self.traffic.effects = together(effects) if effects else NONE


def _incident(name: str) -> Incident:
    if name not in INCIDENTS:
        known = ", ".join(INCIDENTS)
        raise UnknownIncident(f"There is no incident {name!r}. Known: {known}.")
    return INCIDENTS[name]
