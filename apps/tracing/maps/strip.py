"""The strip of time below the map: traces of the last hours, to open any of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.search.timerange import TimeRange, rfc3339
from apps.tracing.maps import reading, wording
from apps.tracing.maps.state import MapState
from apps.tracing.maps.windows import whole_minutes

_STEPS = 72
_AROUND = 12
_SHORTEST, _LONGEST = timedelta(hours=3), timedelta(days=60)
_NICE_S = (60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400)


@dataclass(frozen=True, slots=True)
class Step:
    """A bar of the strip. `height` and `failed` are percent of the strip's height;
    `url` opens a window as long as the page's that ends with the step."""

    at: datetime
    height: float
    failed: float
    title: str
    url: str
    is_within: bool

    @property
    def y(self) -> float:
        return 100 - self.height

    @property
    def failed_height(self) -> float:
        """What little fails must still be seen."""
        return max(self.failed, 4.0)

    @property
    def failed_y(self) -> float:
        return 100 - self.failed_height


@dataclass(frozen=True, slots=True)
class Strip:
    steps: tuple[Step, ...]
    since: datetime
    until: datetime
    earlier_url: str
    later_url: str
    step_text: str

    @property
    def is_empty(self) -> bool:
        return not any(step.height for step in self.steps)


def strip(state: MapState, span: TimeRange, now: datetime) -> Strip:
    """Twelve times as long as the window, which lies within; up to now where it is
    near."""
    around = min(_LONGEST, max(_SHORTEST, span.length * _AROUND))
    until = min(now, span.until + around / 4)
    step = _step((until - (until - around)).total_seconds())
    last = -(-int(until.timestamp()) // step) * step
    first = last - -(-int(around.total_seconds()) // step) * step
    timeline = reading.timeline(first, last, step)
    most = max((figures.calls for _, figures in timeline), default=0)
    seen = whole_minutes(span.since.timestamp(), span.until.timestamp())
    steps = []
    for began, figures in timeline:
        height = 100 * figures.calls / most if most else 0.0
        failed = height * figures.failures / figures.calls if figures.calls else 0.0
        end = datetime.fromtimestamp(began + step, tz=span.until.tzinfo)
        at = end - timedelta(seconds=step)
        said = wording.rate(figures.calls, step)
        said = f"{at:%Y-%m-%d %H:%M} UTC: {said} traces"
        if figures.failures:
            said += f", {wording.share(figures.failures / figures.calls)} fail"
        url = _window(state, end - span.length, end)
        is_within = began < seen[1] and began + step > seen[0]
        steps.append(Step(at, height, failed, said, url, is_within))
    length = span.length
    later = span.until + length
    return Strip(
        tuple(steps),
        steps[0].at,
        steps[-1].at + timedelta(seconds=step),
        _window(state, span.since - length, span.since),
        _window(state, span.until, later) if span.until < now else "",
        wording.milliseconds(step * 1_000),
    )


def _step(seconds: float) -> int:
    return next((one for one in _NICE_S if seconds / one <= _STEPS), _NICE_S[-1])


def _window(state: MapState, since: datetime, until: datetime) -> str:
    def whole(moment: datetime) -> str:
        return rfc3339(moment.replace(second=0, microsecond=0))

    return state.url_query(since=whole(since), until=whole(until))
