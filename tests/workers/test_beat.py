"""The clock: one ticks, however many there are, and only as long as somebody hears."""

from __future__ import annotations

import os
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
import redis
from celery import Celery
from celery.beat import ScheduleEntry
from celery.schedules import schedule

from apps.discovery import heartbeats
from apps.discovery.models import Heartbeat
from tests.servers.all import POSTGRESQL, REDIS
from tests.servers.running import needs
from workers import broker
from workers.beat import LeadingScheduler
from workers.leadership import AdvisoryLock

pytestmark = [pytest.mark.servers]


@pytest.fixture
def locks() -> Iterator[list[AdvisoryLock]]:
    """Clocks of two processes; the lock is a database's, tests run side by side."""
    admin = needs(POSTGRESQL)
    name = f"beat-{uuid4().hex[:10]}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    url = f"{admin.rsplit('/', 1)[0]}/{name}"
    made = [AdvisoryLock(url), AdvisoryLock(url)]
    yield made
    for lock in made:
        lock.give_up()
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def database_of(lock: AdvisoryLock) -> str:
    return lock.url.rsplit("/", 1)[1]


def test_of_two_clocks_one_ticks_until_it_ends(locks: list[AdvisoryLock]) -> None:
    first, second = locks

    assert [first.is_ours(), second.is_ours(), first.is_ours()] == [True, False, True]
    first.give_up()
    assert [second.is_ours(), first.is_ours()] == [True, False]


def test_a_clock_whose_connection_was_cut_does_not_believe_it_still_leads(
    locks: list[AdvisoryLock],
) -> None:
    first, second = locks
    assert first.is_ours()
    with psycopg.connect(POSTGRESQL.url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'trailmap-beat' AND datname = %s",
            (database_of(first),),
        )

    took_over = second.is_ours()

    assert took_over
    assert not first.is_ours()


def test_a_clock_without_its_database_stands_still() -> None:
    assert not AdvisoryLock("postgresql://nobody@127.0.0.1:9/none").is_ours()


class Clock(LeadingScheduler):
    """A clock of a process that shares its broker."""

    def setup_schedule(self) -> None:
        self.install_default_entries({})
        self.schedule["tick"] = ScheduleEntry(
            name="tick", task="tests.tick", schedule=schedule(0.0), app=self.app
        )


@pytest.fixture
def app() -> Iterator[Celery]:
    # A database of its own for each process that tests; worlds that crash have 1 to 7.
    number = 8 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    url = f"{needs(REDIS).rsplit('/', 1)[0]}/{number}"
    made = Celery("test", broker=url, set_as_current=False)
    yield made
    redis.Redis.from_url(url).flushdb()
    made.close()


@pytest.mark.django_db
def test_a_clock_that_nobody_hears_falls_silent_and_says_so(app: Celery) -> None:
    clock = Clock(app=app)
    for _ in range(broker.MOST_WAITING + 20):
        clock.tick()

    problem = broker.backlog(app)

    assert broker.problem(app) is None
    with app.connection_for_read() as connection:
        assert broker.waiting(connection) == broker.MOST_WAITING
    assert problem
    assert "no worker has time" in problem


@pytest.mark.django_db
def test_a_clock_notes_that_it_works(app: Celery) -> None:
    clock = Clock(app=app)

    clock.tick()

    rows = Heartbeat.objects.values_list("name", flat=True)
    assert list(rows) == [heartbeats.BEAT]


def test_a_broker_that_is_gone_is_said() -> None:
    app = Celery("test", broker="redis://127.0.0.1:9/0", set_as_current=False)

    problem = broker.problem(app)

    assert problem
    assert "does not answer" in problem
