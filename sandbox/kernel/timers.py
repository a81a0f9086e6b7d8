"""Work the sandbox does by itself: alarms, deliveries, schedules, tasks that start."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.kernel.clock import Clock

log = logging.getLogger(__name__)

Job = Callable[[float], None]
"""Takes the time, in seconds since 1970."""

_LOOK_EVERY_SECONDS = 0.25


@dataclass(slots=True)
class _Timer:
    period_seconds: float
    job: Job
    due: float


class Timers:
    """Runs jobs when they are due, one after the other."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._timers: list[_Timer] = []
        self._once: list[tuple[float, int, Job]] = []
        self._order = itertools.count()
        self._changing = threading.Lock()
        self._running = threading.Lock()
        self._started = False
        self._end = threading.Event()

    def every(self, period_seconds: float, job: Job) -> None:
        first = self._clock.now() + period_seconds
        self._timers.append(_Timer(period_seconds, job, first))

    def after(self, seconds: float, job: Job) -> None:
        """Run a job once; it may itself ask for more."""
        due = self._clock.now() + seconds
        with self._changing:
            heapq.heappush(self._once, (due, next(self._order), job))

    def run_due(self) -> None:
        """Run each job that is due, once. Tests call this after moving the clock."""
        with self._running:
            now = self._clock.now()
            for timer in list(self._timers):
                if timer.due <= now:
                    timer.due = now + timer.period_seconds
                    self._run_one(timer.job, now)
            for job in self._due_once(now):
                self._run_one(job, now)

    def _due_once(self, now: float) -> list[Job]:
        found = []
        with self._changing:
            while self._once and self._once[0][0] <= now:
                found.append(heapq.heappop(self._once)[2])
        return found

    def _run_one(self, job: Job, now: float) -> None:
        try:
            job(now)
        except Exception:
            if not self._started:
                raise
            # One service's fault must not stop every other service's clock.
            log.exception("work that was due failed")

    def start(self) -> None:
        self._started = True
        threading.Thread(target=self._run, name="timers", daemon=True).start()

    def stop(self) -> None:
        self._end.set()
        with self._running:
            pass

    def _run(self) -> None:
        while not self._end.wait(_LOOK_EVERY_SECONDS):
            self.run_due()
