"""Web, worker and beat as parts of a process: all three in one, or each alone.

Kombu's memory queue lives in a process and loses what it holds when that ends. So
with it there is exactly one process; with any broker all work is in rows, and tasks
only say "look now".
"""

import contextlib
import logging
import os
import signal
import socket
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

import structlog
import uvicorn
from celery import Celery
from celery.beat import Service as BeatService
from celery.worker import state
from django.db import DatabaseError
from django.utils import timezone

from apps.discovery import heartbeats
from apps.search import connections
from apps.search.shutdown import stopping
from workers.app import of_queue
from workers.beat import LeadingScheduler
from workers.broker import ACT, QUEUE

log = structlog.get_logger(__name__)

THREADS = 4
_REPAIRS_AT_ONCE = 2
_LOOK_EVERY_SECONDS = 5.0
_STREAMS_END_WITHIN_SECONDS = 2
_WORKER_ENDS_WITHIN_SECONDS = 20.0


class Part:
    """A thread that has to run for as long as the site does."""

    def __init__(
        self,
        name: str,
        start: Callable[[], Any],
        pulse: Callable[[], None] = lambda: None,
    ) -> None:
        """`pulse` is called every few seconds for as long as the part runs."""
        self.name = name
        self.pulse = pulse
        self._make = start
        self._running: Any = None
        self._thread: threading.Thread | None = None

    def keep_alive(self) -> None:
        """Start the part, or start it again if its thread has ended."""
        if self._thread is not None and self._thread.is_alive():
            return
        if self._thread is not None:
            log.error("a part ended and is started again", part=self.name)
        self._running = self._make()
        self._thread = threading.Thread(
            target=self._running.start, name=self.name, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        if self._running is not None and self._thread is not None:
            # Stopping waits for tasks: they end at their next safe place.
            stop = threading.Thread(target=self._running.stop, daemon=True)
            stop.start()
            stop.join(_WORKER_ENDS_WITHIN_SECONDS)


def worker(app: Celery, threads: int = THREADS) -> Part:
    """Tasks run in threads: they wait for AWS and for stores. Who has more cores
    starts more processes."""
    return Part(
        "worker",
        lambda: _worker(app, QUEUE, threads),
        lambda: _beat_where_busy(threads),
    )


def repairs(threads: int = _REPAIRS_AT_ONCE) -> Part:
    """What repairs has threads of its own: it does not wait for what collects."""
    return Part("repairs", lambda: _worker(of_queue(ACT), ACT, threads))


def _worker(app: Celery, queue: str, threads: int) -> Any:
    return app.Worker(
        pool="threads",
        concurrency=threads,
        queues=[queue],
        hostname=f"{queue}-{os.getpid()}@{socket.gethostname()}",
        without_heartbeat=True,
        without_mingle=True,
        without_gossip=True,
        quiet=True,
    )


def _beat_where_busy(threads: int) -> None:
    """A worker whose threads all work hears no heartbeat, and is alive all the same."""
    if len(state.active_requests) < threads:
        return
    try:
        heartbeats.beat(heartbeats.WORKER, timezone.now())
    except DatabaseError as error:
        log.warning("a busy worker could not note its heartbeat", error=str(error))
    finally:
        connections.release()


def beat(app: Celery) -> Part:
    def make() -> Any:
        return BeatService(app, max_interval=1, scheduler_cls=LeadingScheduler)

    return Part("beat", make)


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn would end the process before the worker could."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True, slots=True)
class Site:
    """What is served where, and whose X-Forwarded-For is believed."""

    application: str
    host: str
    port: int
    trusted_proxies: list[str]


def serve(site: Site, parts: list[Part], ready: Callable[[], None]) -> None:
    """Serve until a signal asks to stop, then end streams, web and parts in turn."""
    server = _Server(
        uvicorn.Config(
            site.application,
            host=site.host,
            port=site.port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(site.trusted_proxies),
            forwarded_allow_ips=site.trusted_proxies,
            timeout_graceful_shutdown=_STREAMS_END_WITHIN_SECONDS,
        )
    )

    def end() -> None:
        server.should_exit = True

    _end_on_signals(end)
    # Files are read in small parts; only their first answers wait for a thread.
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume")
    for part in parts:
        part.keep_alive()
    threading.Thread(target=_watch, args=(server, parts, ready), daemon=True).start()
    server.run()
    stopping.set()
    for part in reversed(parts):
        part.stop()


def run(parts: list[Part]) -> None:
    """Run parts without a site until a signal asks to stop."""
    _end_on_signals(lambda: None)
    _keep_alive(parts)
    for part in reversed(parts):
        part.stop()
    # Threads that still wait for AWS or a store would hold the process. Nothing is
    # lost: what counts is durable or will be read again.
    logging.shutdown()
    os._exit(0)


def _end_on_signals(end: Callable[[], None]) -> None:
    def stop(signum: int, frame: FrameType | None) -> None:
        if stopping.is_set():
            # Nothing is lost: what counts is durable or will be read again.
            os._exit(1)
        stopping.set()
        end()

    # The worker never runs code it is sent: messages are JSON, tasks are named.
    warnings.filterwarnings("ignore", message="You're running the worker", lineno=0)
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, stop)


def _watch(
    server: uvicorn.Server, parts: list[Part], ready: Callable[[], None]
) -> None:
    """Say when the site answers, then bring back parts that end."""
    while not server.started and not stopping.wait(0.02):
        continue
    if server.started:
        ready()
    _keep_alive(parts)


def _keep_alive(parts: list[Part]) -> None:
    while True:
        for part in parts:
            part.keep_alive()
            part.pulse()
        if stopping.wait(_LOOK_EVERY_SECONDS):
            return
