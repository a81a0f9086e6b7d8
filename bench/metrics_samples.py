"""20,000,000 samples stored as the collector stores them, and read as charts are.

15 days of minutes, and before them 18.75 days of five minutes: what the site holds of
741 series that were watched for a month. Written in batches of at most 500 series and
180 periods, so that every chunk is written twice; then rolled up as on the site.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import numpy as np

from bench.measure import line

SERIES = range(1, 742)
DAY = 86_400
MINUTE = 60
# Where the minutes end: a midnight.
UNTIL = 1_782_864_000
# Period, periods stored, and where the last of them ends.
STRETCHES = ((300, 5_400, UNTIL - 15 * DAY), (60, 21_600, UNTIL))
BATCH = 500
PERIODS_AT_ONCE = 180
DRAWN = 20
TIMES = 60
MOST_BYTES = 16
WATCHED = 5_000


def main() -> None:
    """Prints figures of storing and of reading, in a home that is removed."""
    home = Path(tempfile.mkdtemp(prefix="trailmap-bench-"))
    os.environ["TRAILMAP_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    import django  # noqa: PLC0415 - the home must be named first

    django.setup()
    from dashboard import preparation  # noqa: PLC0415

    try:
        preparation.ensure_tables()
        _measure(home / "trailmap.sqlite3")
    finally:
        shutil.rmtree(home)


def _measure(file: Path) -> None:
    asked = sum(periods for _, periods, _ in STRETCHES) * len(SERIES)
    print(f"metrics: {asked:,} samples of {len(SERIES)} series", flush=True)
    before = _size(file)
    began = perf_counter()
    stored = sum(_batches())
    rate = stored / (perf_counter() - began)
    each = (_size(file) - before) / stored
    bound = f"at most {MOST_BYTES}: four numbers"
    line("samples stored", stored / 1e6, "million", "", is_met=stored == asked)
    line("written, durable", rate, "samples/s", "", is_met=True)
    line(
        "the database file grew by",
        each,
        "bytes each",
        bound,
        is_met=each <= MOST_BYTES,
    )
    _sizes_of_kinds()
    rolled, seconds = _roll_up()
    line("rolled up", rolled / seconds, "chunks/s", "", is_met=True)
    each = (_size(file) - before) / stored
    line("with every roll-up, by", each, "bytes each", bound, is_met=each <= MOST_BYTES)
    _drawings()
    _minutes()


def _batches() -> Iterator[int]:
    """Samples that were written, batch by batch."""
    from apps.monitoring.metrics import samples  # noqa: PLC0415
    from bench.metrics_mix import samples_of  # noqa: PLC0415

    for period, periods, until in STRETCHES:
        for since in range(until - periods * period, until, PERIODS_AT_ONCE * period):
            times = np.arange(since, since + PERIODS_AT_ONCE * period, period)
            for begin in range(0, len(SERIES), BATCH):
                readings = [
                    samples.Reading.of(series, period, samples_of(series, times))
                    for series in SERIES[begin : begin + BATCH]
                ]
                yield samples.write_many(readings, int(times[-1])).new


def _size(file: Path) -> int:
    """Bytes of the database once its journal is written back."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file.stat().st_size


def _sizes_of_kinds() -> None:
    """Bytes of packed chunks alone, for each kind of metric."""
    from django.db.models import F, Sum  # noqa: PLC0415
    from django.db.models.functions import Length, Mod  # noqa: PLC0415

    from apps.monitoring.models import MetricChunk  # noqa: PLC0415
    from bench.metrics_mix import KINDS  # noqa: PLC0415

    kind = Mod(F("series_id"), len(KINDS))
    found = MetricChunk.objects.annotate(kind=kind).values_list("kind")
    periods = sum(periods for _, periods, _ in STRETCHES)
    for place, size in found.annotate(size=Sum(Length("packed"))).order_by("kind"):
        many = sum(series % len(KINDS) == place for series in SERIES)
        each = size / many / periods
        line(f"  {KINDS[int(place)][0]}", each, "bytes each", "packed", is_met=True)


def _roll_up() -> tuple[int, float]:
    """Chunks rolled up until nothing is due, and seconds."""
    from apps.monitoring.metrics import retention  # noqa: PLC0415

    began, rolled = perf_counter(), 0
    while done := retention.roll_up_due(UNTIL + 900):
        rolled += done
    return rolled, perf_counter() - began


def _drawings() -> None:
    from apps.monitoring.metrics import samples  # noqa: PLC0415
    from apps.monitoring.metrics.lines import Wanted  # noqa: PLC0415

    wanted = [Wanted(series, "Average") for series in SERIES[:DRAWN]]

    def drawn(days: int, period: int) -> Callable[[], object]:
        """Lines from the store, as lists that a chart takes."""
        since = UNTIL - days * DAY

        def draw() -> object:
            lines = samples.read(wanted, since, UNTIL, period, UNTIL)
            return [(one.times.tolist(), one.values.tolist()) for one in lines.values()]

        return draw

    for name, bound, work in (
        ("24 hours of 20 series, by minutes", 60, drawn(1, 60)),
        ("30 days of 20 series, by hours", 200, drawn(30, 3_600)),
        ("30 days of 20 series, by five minutes", 200, drawn(30, 300)),
    ):
        middle, high = _percentiles_ms(work)
        line(f"{name}: p50", middle, "ms", "", is_met=True)
        line(f"{name}: p95", high, "ms", f"under {bound} ms", is_met=high < bound)


def _percentiles_ms(work: Callable[[], object]) -> tuple[float, float]:
    work()
    taken = []
    for _ in range(TIMES):
        began = perf_counter()
        work()
        taken.append((perf_counter() - began) * 1_000)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


def _minutes() -> None:
    """A minute of 5,000 series, two values of each read again, in half full chunks."""
    from apps.monitoring.metrics import samples  # noqa: PLC0415
    from apps.monitoring.metrics.lines import Interval  # noqa: PLC0415
    from bench.metrics_mix import samples_of  # noqa: PLC0415

    watched = range(10_000, 10_000 + WATCHED)
    half = np.arange(UNTIL, UNTIL + 180 * 60, 60)
    of_half = {series: samples_of(series, half) for series in watched}
    taken = []
    for last in (150, 151, 152, 153):
        times = half[:last] if last == 150 else half[last - 3 : last]  # noqa: PLR2004
        since, read_at = int(times[0]), int(times[-1]) + 60
        began = perf_counter()
        for begin in range(0, WATCHED, BATCH):
            some = watched[begin : begin + BATCH]
            readings = [
                samples.Reading.of(one, 60, of_half[one].between(since, read_at))
                for one in some
            ]
            samples.write_many(readings, read_at)
            samples.note_covered(some, 60, Interval(since, read_at), read_at)
        taken.append(perf_counter() - began)
    line(
        "a minute of 5,000 series, written and noted",
        statistics.median(taken[1:]),
        "s",
        "under 60 s",
        is_met=max(taken) < MINUTE,
    )


if __name__ == "__main__":
    main()
