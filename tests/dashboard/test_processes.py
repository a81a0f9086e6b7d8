"""Several processes: what they refuse to start with, and that they work together."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from tests.crash.world import World
from tests.processes import ROOT
from tests.servers.all import OPENSEARCH, POSTGRESQL, REDIS
from tests.servers.running import needs

SHARED = {
    "BROKER_URL": "redis://127.0.0.1:9/0",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:9/none",
    "OPENSEARCH_URL": "http://127.0.0.1:9",
}
ENDS_WITHIN_SECONDS = 30


def run(
    home: Path, *arguments: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    """A command on a home of its own, with these settings and no others."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={
            **kept,
            "TRAILMAP_HOME": str(home),
            "DJANGO_SETTINGS_MODULE": "dashboard.settings",
            **settings,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", ["web", "worker", "beat"])
def test_a_part_alone_needs_stores_that_others_can_share(
    tmp_path: Path, command: str
) -> None:
    done = run(tmp_path, "manage.py", command)

    assert done.returncode == 1
    assert "BROKER_URL is not set" in done.stderr
    assert "use `up`" in done.stderr


@pytest.mark.parametrize("missing", ["DATABASE_URL", "OPENSEARCH_URL"])
def test_a_broker_asks_for_stores_that_several_processes_can_share(
    tmp_path: Path, missing: str
) -> None:
    settings = {name: url for name, url in SHARED.items() if name != missing}

    done = run(tmp_path, "manage.py", "worker", **settings)

    assert done.returncode == 1
    assert "they also need DATABASE_URL (PostgreSQL) and OPENSEARCH_URL" in done.stderr


@pytest.mark.parametrize("secret", [{}, {"SECRET_KEY": ""}])
def test_a_web_process_without_the_common_secret_does_not_start(
    tmp_path: Path, secret: dict[str, str]
) -> None:
    done = run(tmp_path, "manage.py", "web", **SHARED, **secret)

    assert done.returncode == 1
    assert "SECRET_KEY is not set" in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BROKER_URL", "amqp://x", "must begin with one of"),
        ("OPENSEARCH_URL", "127.0.0.1:9200", "must begin with one of"),
        ("OPENSEARCH_AWS_SERVICE", "s3", "must be one of es, aoss"),
        ("OPENSEARCH_SHARDS", "0", "must be at least 1"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_its_name(
    tmp_path: Path, name: str, value: str, said: str
) -> None:
    done = run(tmp_path, "-m", "django", "check", **{name: value})

    assert done.returncode == 1
    assert name in done.stderr
    assert said in done.stderr


def test_workers_on_a_broker_take_one_message_at_a_time_and_only_json(
    tmp_path: Path,
) -> None:
    program = (
        "import json; from workers.app import app; c = app.conf; print(json.dumps(["
        "c.worker_prefetch_multiplier, c.task_acks_late, c.accept_content,"
        "c.task_serializer, c.broker_transport_options['visibility_timeout'],"
        "[e for e in c.beat_schedule.values() if 'options' in e]]))"
    )

    done = run(tmp_path, "-c", program, SECRET_KEY="x", **SHARED)

    assert json.loads(done.stdout) == [1, True, ["json"], "json", 3_600, []]


@pytest.fixture
def world() -> Iterator[World]:
    for server in (POSTGRESQL, REDIS, OPENSEARCH):
        needs(server)
    cloud = ThreadedMotoServer("127.0.0.1", port=0)
    cloud.start()
    host, port = cloud.get_host_and_port()
    made = World("together", f"http://{host}:{port}", files=4, events=40)
    made.prepare()
    yield made
    made.end()
    cloud.stop()


@pytest.mark.servers
def test_web_workers_and_clock_collect_together_and_end_when_asked(
    world: World,
) -> None:
    world.start()
    world.wait_for("everything", world.is_whole, 90)

    assert sorted(world.stored()) == sorted(world.truth)
    assert world.health() == set()
    for process in world.processes:
        process.send_signal(signal.SIGTERM)
    codes = [one.wait(timeout=ENDS_WITHIN_SECONDS) for one in world.processes]
    assert codes == [0] * len(codes)
