"""Time range and scope of any page, as links and hidden fields over its URL."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from apps.search.explorestate import DEFAULT_SINCE, DEFAULT_UNTIL
from apps.search.timerange import TimeRange, is_relative, rfc3339

Parameters = Mapping[str, Sequence[str]]
Pairs = list[tuple[str, str]]

_QUICK = (
    ("Last 15 minutes", "now-15m"),
    ("Last hour", "now-1h"),
    ("Last 3 hours", "now-3h"),
    ("Last 6 hours", "now-6h"),
    ("Last 24 hours", "now-24h"),
    ("Today, UTC", "now/d"),
    ("Last 7 days", "now-7d"),
    ("Last 30 days", "now-30d"),
    ("Last 90 days", "now-90d"),
    ("All time", "2000-01-01"),
)
_LABELS = {(since, "now"): label for label, since in _QUICK}
_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}
_LATELY = re.compile(r"now-(\d{1,6})([smhdw])")
# What a page forgets when its question changes: a place in an older answer.
_DATE = len("2026-07-01")
_CARRIED = ("since", "until", "account", "region")
_PLACE = ("after", "row")


@dataclass(frozen=True, slots=True)
class TimePicker:
    """What the time range control shows and links to."""

    since: str
    until: str
    label: str
    quick: list[tuple[str, str, bool]]
    hidden: Pairs
    zoomed_out: str = ""
    absolute: str = ""


@dataclass(frozen=True, slots=True)
class ScopePicker:
    """What the account and region control shows."""

    accounts: list[str]
    regions: list[str]
    hidden: Pairs


def time_picker(parameters: Parameters, span: TimeRange | None) -> TimePicker:
    """The control for a page with these parameters; `span` where they could be read."""
    since = _one(parameters, "since", DEFAULT_SINCE)
    until = _one(parameters, "until", DEFAULT_UNTIL)
    hidden = pairs(parameters, without=("since", "until", *_PLACE))
    return TimePicker(
        since=since,
        until=until,
        label=_LABELS.get((since, until)) or _label(since, until, span),
        quick=[
            (label, _url(hidden, quick, "now"), (since, until) == (quick, "now"))
            for label, quick in _QUICK
        ],
        hidden=hidden,
        zoomed_out=_zoomed_out(hidden, since, until, span) if span else "",
        absolute=_absolute(hidden, span) if span else "",
    )


def scope_picker(parameters: Parameters) -> ScopePicker:
    return ScopePicker(
        accounts=_listed(parameters, "account"),
        regions=_listed(parameters, "region"),
        hidden=pairs(parameters, without=("account", "region", *_PLACE)),
    )


def pairs(parameters: Parameters, without: Iterable[str]) -> Pairs:
    """The parameters as name and value, some left out."""
    left_out = frozenset(without)
    return [
        (name, value)
        for name, values in parameters.items()
        if name not in left_out
        for value in values
    ]


def _label(since: str, until: str, span: TimeRange | None) -> str:
    """A range in few characters: a day both ends share is said once."""
    if span is None or is_relative(since) or is_relative(until):
        lately = _LATELY.fullmatch(since) if until == "now" else None
        return _lately(*lately.groups()) if lately else f"{since} to {until}"
    first, last = _short(span.since), _short(span.until)
    if first[:_DATE] == last[:_DATE]:
        last = last[_DATE + 1 :]
    return f"{first} to {last} UTC"


def _lately(count: str, unit: str) -> str:
    """`now-3h` to now, as people say it."""
    many = int(count)
    return f"Last {_UNITS[unit]}" if many == 1 else f"Last {many:,} {_UNITS[unit]}s"


def _short(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}".removesuffix(":00")


def carried(parameters: Parameters) -> Pairs:
    """Time and scope: what a link to another page about the same events keeps."""
    return [(name, value) for name in _CARRIED for value in parameters.get(name, ())]


def _zoomed_out(hidden: Pairs, since: str, until: str, span: TimeRange) -> str:
    """Twice the range: further back where it ends now, to both sides elsewhere."""
    if is_relative(until):
        minutes = int(span.length.total_seconds() * 2 // 60)
        return _url(hidden, f"now-{max(1, minutes)}m", until)
    return _absolute(hidden, span.widened())


def _absolute(hidden: Pairs, span: TimeRange) -> str:
    return _url(hidden, rfc3339(span.since), rfc3339(span.until))


def _url(hidden: Pairs, since: str, until: str) -> str:
    return "?" + urlencode([*hidden, ("since", since), ("until", until)])


def _one(parameters: Parameters, name: str, default: str) -> str:
    return next(iter(parameters.get(name, ())), "") or default


def _listed(parameters: Parameters, name: str) -> list[str]:
    joined = ",".join(parameters.get(name, ()))
    return [part for part in map(str.strip, joined.split(",")) if part]
