"""Asking AWS as a person does, and working as a worker does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.test import Client

from apps.monitoring.languages.passing import working
from apps.monitoring.models import LogQueryDay, LogQueryRun
from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.monitoring.logs.world import World

URL = "/api/v1/logs/query/aws"
FOREIGN = "filterIndex level = 1 | fields @message"
ERRORS = "filter @message like /ERROR/ | fields @message | sort @message"


@dataclass
class Asking:
    world: World
    client: Client
    place: tuple[str, str] = (SHOP, HOME_REGION)

    def question(self, query: str = ERRORS, **more: str) -> dict[str, Any]:
        asked = {"query": query, "groups": "/shop", "since": "now-1h", "until": "now"}
        return {**asked, **more}

    def offer(self, query: str = ERRORS, **more: str) -> dict[str, Any]:
        found = self.client.get(URL, self.question(query, **more)).json()["items"]
        assert len(found) == 1
        return dict(found[0])

    def post(self, query: str = ERRORS, dollars: float = 1, **more: str) -> Any:
        body = self.question(query, **more) | {"most_dollars": dollars}
        place = {"at_account": SHOP, "at_region": HOME_REGION}
        return self.client.post(URL, place | body, "application/json")

    def start(self, query: str = ERRORS, **more: str) -> int:
        answer = self.post(query, 1, **more)
        assert answer.status_code == 202, answer.content
        return int(answer.json()["id"])

    def work(self, ticks: int = 1) -> None:
        """What workers do when the clock ticks, so many times."""
        for _ in range(ticks):
            for run_id in working.due(self.world.now()):
                working.advance(run_id, self.world.now)
            self.world.pass_time(6)

    def told(self, run_id: int, **given: str) -> Mapping[str, Any]:
        found: dict[str, Any] = self.client.get(
            f"/api/v1/logs/query/{run_id}", given
        ).json()
        return found

    def run(self, run_id: int) -> LogQueryRun:
        return LogQueryRun.objects.get(pk=run_id)

    def day(self) -> LogQueryDay:
        return LogQueryDay.objects.get()

    def calls(self, operation: str) -> int:
        return sum(name == operation for name, _ in self.world.called)
