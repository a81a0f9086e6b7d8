"""AWS on its bad days, and Trailmap killed at any step: in the end every sample is
there, exactly as the sandbox has it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.discovery.aws import Target
from apps.discovery.limits import points_pace
from apps.monitoring.metrics import collector, samples
from apps.monitoring.metrics.cloudwatch import Query, get_metric_data
from apps.monitoring.metrics.interest import note_looked
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.metrics.lines import Interval
from apps.monitoring.models import MetricScope, SeriesReading
from sandbox.assembly import Sandbox
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from sandbox.kernel.faults import Fault, FaultKind
from tests.monitoring.metrics.estate import PLACE, Estate

pytestmark = [pytest.mark.usefixtures("shop_aws"), pytest.mark.django_db]
HOUR, SERIES = 3_600, 3
WHERE = "cloudwatch.GetMetricData"


class Killed(BaseException):
    """The process is gone, at once and without a word."""


class Breaking:
    """The store, at whose steps the process may be killed, before or after each."""

    def __init__(self) -> None:
        self.left: int | None = None

    def _step(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left = None
                raise Killed

    def write_many(self, *given: Any) -> None:
        self._step()
        samples.write_many(*given)
        self._step()

    def note_covered(self, *given: Any) -> None:
        self._step()
        samples.note_covered(*given)
        self._step()


@pytest.fixture
def estate(
    sandbox: Sandbox, scope: MetricScope, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Estate:
    """Metrics that somebody looks at all the time."""
    settings.METRIC_FIRST_HOURS = 1
    settings.METRIC_BUDGET_DOLLARS = 1_000.0
    monkeypatch.setattr("apps.discovery.aws.time.sleep", lambda seconds: None)
    return Estate(sandbox, scope, Breaking())


def store(estate: Estate) -> Breaking:
    assert isinstance(estate.keeper, Breaking)
    return estate.keeper


class Life:
    """Minute after minute: samples come in, some late, and Trailmap polls."""

    def __init__(self, estate: Estate) -> None:
        self.estate, self.begin = estate, estate.clock.now()
        estate.happens(range(SERIES), self.begin - HOUR, self.begin)
        self.ids = estate.found(SERIES)
        self.last = self.begin
        self._late: list[tuple[float, float]] = []
        self._random = random.Random(3)  # noqa: S311 - decides what is late

    def goes_on(self, minutes: int, seconds: float = 60) -> Iterator[int]:
        for minute in range(minutes):
            self.estate.clock.advance(seconds)
            self._happens()
            note_looked(self.ids, self.estate.now(), "user:ann")
            yield minute

    def _happens(self) -> None:
        now = self.estate.clock.now()
        self.estate.happens(range(SERIES), self.last, now)
        if self._random.random() < 0.3:
            self._late.append((self.last, now))
        if self._late and self._random.random() < 0.2:
            self.estate.happens(range(SERIES), *self._late.pop(0))
        self.last = now

    def catches_up(self) -> None:
        """Nothing goes wrong any more, and what was late is old enough."""
        for since, until in self._late:
            self.estate.happens(range(SERIES), since, until)
        for _ in self.goes_on(3):
            self.estate.poll()
        for _ in self.goes_on(4, HOUR):
            assert self.estate.poll() == ""

    def check(self) -> None:
        """What is stored is the sandbox's truth."""
        for number, series_id in enumerate(self.ids):
            reading = SeriesReading.objects.get(pk=series_id)
            since, until = int(self.begin) // 60 * 60 - HOUR + 60, reading.read_until
            truth = self.estate.truth(number, since, until)
            kept = self.estate.stored(series_id)
            within = {t: row for t, row in kept.items() if since <= t < until}
            assert within.keys() == truth.keys()
            for minute, row in truth.items():
                assert within[minute] == pytest.approx(row, rel=1e-12)


@pytest.mark.parametrize(
    "kind",
    [FaultKind.THROTTLE, FaultKind.PARTIAL, FaultKind.ERROR, FaultKind.ERROR_AFTER],
)
def test_calls_that_fail_lose_nothing(
    estate: Estate, cloud: Cloud, kind: FaultKind
) -> None:
    life = Life(estate)
    cloud.faults.add(Fault(kind, WHERE, probability=0.4))
    for _ in life.goes_on(30):
        estate.poll()
    cloud.faults.clear()

    life.catches_up()

    life.check()


@pytest.mark.parametrize("steps", range(5))
def test_a_kill_at_any_step_loses_nothing(estate: Estate, steps: int) -> None:
    life = Life(estate)
    for minute in life.goes_on(6):
        store(estate).left = steps if minute % 2 else None
        try:
            estate.poll()
        except Killed:
            continue
    store(estate).left = None

    life.catches_up()

    life.check()


@pytest.mark.parametrize("step", ["note_read", "get_metric_data", "kept"])
def test_a_kill_between_call_and_rows_loses_nothing(
    estate: Estate, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*given: Any) -> Any:
        raise Killed

    life = Life(estate)
    for minute in life.goes_on(6):
        with monkeypatch.context() as patched:
            if minute % 2:
                patched.setattr(collector, step, die)
            try:
                estate.poll()
            except Killed:
                continue

    life.catches_up()

    life.check()


def test_an_outage_of_twenty_minutes_shows_and_is_made_good(
    estate: Estate, cloud: Cloud
) -> None:
    life = Life(estate)
    for _ in life.goes_on(3):
        estate.poll()
    before = covered_until(estate, life.ids[0])
    cloud.faults.add(Fault(FaultKind.ERROR, WHERE, until=estate.clock.now() + 1_200))
    silent_from = MetricScope.objects.get().read_at
    for _ in life.goes_on(19):
        assert "cloudwatch.get_metric_data" in estate.tick()
        assert covered_until(estate, life.ids[0]) == before
    for _ in life.goes_on(6):
        estate.tick()

    (outage,) = estate.scope.metricoutage_set.all()
    assert outage.since == silent_from
    assert 1_200 <= (outage.until - outage.since).total_seconds() <= 1_600
    assert "cloudwatch.get_metric_data" in outage.problem
    assert estate.scope.reading_problem == ""
    assert covered_until(estate, life.ids[0]) > before + 1_200
    life.catches_up()
    life.check()


def covered_until(estate: Estate, series_id: int) -> int:
    return estate.covered(series_id)[-1].until


def test_a_part_that_goes_on_failing_is_shown_and_asked_less_often(
    estate: Estate, cloud: Cloud
) -> None:
    life = Life(estate)
    cloud.faults.add(Fault(FaultKind.PARTIAL, WHERE))
    for _ in life.goes_on(20):
        estate.poll()

    reading = SeriesReading.objects.get(pk=life.ids[0])
    assert reading.problem.startswith("PartialData: InternalError")
    assert reading.attempts == 5
    assert len(estate.ledger.calls) == 5 * 3
    assert estate.covered(life.ids[0]) == []


def test_more_calls_than_the_quota_are_never_sent(
    sandbox: Sandbox, publish: Callable[..., None]
) -> None:
    sent: list[float] = []
    sandbox.application.inspect = lambda *given: sent.append(time.monotonic())
    query = Query("m1", MetricKey(*PLACE, "Shop", "Latency"), "Sum", 60)
    window = Interval(
        int(sandbox.cloud.clock.now()) - 600, int(sandbox.cloud.clock.now())
    )
    pace = points_pace(PLACE, 10, begins_within_3_hours=True)

    for _ in range(90):
        get_metric_data(Target(SHOP, HOME_REGION), [query], window, pace)

    assert len(sent) == 90
    assert all(
        later - first >= 1 for first, later in zip(sent, sent[50:], strict=False)
    )
