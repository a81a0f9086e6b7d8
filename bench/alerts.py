"""Alert rules: how many a second are evaluated.

Rules on metrics with samples of their own, evaluated as a worker does: claimed, read
together, decided, written in one transaction with what is kept of them. Once where a
minute is new for each rule, which is all of the work; once where nothing is.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from bench.measure import line, run

RULES = 2_000
LEAST_A_SECOND = 200
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="trailmap-bench-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        run("manage.py", "migrate", "-v", "0", home=home)
        code = "from bench.alerts import measured; measured()"
        done = run("manage.py", "shell", "-v", "0", "-c", code, home=home)
    print(f"{RULES:,} rules on a metric each")
    for told in done.output.splitlines():
        name, rate = told.rsplit(" ", 1)
        is_met = float(rate) >= LEAST_A_SECOND
        wanted = f"at least {LEAST_A_SECOND} a second"
        line(name, float(rate), "rules/s", wanted, is_met=is_met)


def measured() -> None:
    """Print rates. Run in a home of its own."""
    from apps.monitoring.incidents import evaluating  # noqa: PLC0415 - after setup

    _fill()
    for name, minute in (("first look", 0), ("a new minute", 1), ("nothing new", 1)):
        now = NOON + timedelta(minutes=minute, seconds=20)
        _make_due()
        began, count = perf_counter(), 0
        while some := evaluating.evaluate_due(lambda now=now: now):  # type: ignore[misc]
            count += some
        print(f"{name} {count / (perf_counter() - began):.1f}")


def _make_due() -> None:
    from apps.monitoring.models import AlertRule  # noqa: PLC0415

    AlertRule.objects.update(next_at=None)


def _fill() -> None:
    """Rules with their series, an hour of samples each, all read a while later."""
    import numpy as np  # noqa: PLC0415

    from apps.monitoring.incidents import rules  # noqa: PLC0415
    from apps.monitoring.metrics import samples  # noqa: PLC0415
    from apps.monitoring.metrics.columns import Samples  # noqa: PLC0415
    from apps.monitoring.metrics.keys import MetricKey  # noqa: PLC0415
    from apps.monitoring.metrics.lines import Interval  # noqa: PLC0415
    from apps.monitoring.models import MetricSeries  # noqa: PLC0415

    where, now = ("111122223333", "eu-west-1"), int(NOON.timestamp())
    names = [f"queue-{number}" for number in range(RULES)]
    keys = [
        MetricKey.of(where, "AWS/SQS", "NumberOfMessagesSent", {"QueueName": name})
        for name in names
    ]
    made = [MetricSeries.made_of(key, NOON) for key in keys]
    rows = MetricSeries.objects.bulk_create(made)
    times = now - 3_600 + 60 * np.arange(80, dtype=np.int64)
    ones = np.ones(len(times))
    column = Samples(times, ones, ones, ones, ones)
    read_at = now + 3_600
    samples.write_many(
        (samples.Reading.of(row.pk, 60, column) for row in rows), read_at
    )
    interval = Interval(now - 3_600, now + 1_200)
    samples.note_covered([row.pk for row in rows], 60, interval, read_at)
    for name in names:
        watched = {
            "namespace": "AWS/SQS",
            "name": "NumberOfMessagesSent",
            "dimensions": {"QueueName": name},
            "statistic": "Sum",
        }
        spec = {"name": name, "kind": "metric", "parameters": watched, "threshold": 5.0}
        rules.create(spec, None, NOON, is_enabled=True)


if __name__ == "__main__":
    main()
