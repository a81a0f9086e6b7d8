"""How sources of logs stand: what came, how far behind they are, what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max

from apps.monitoring.logs.setup import KEYED, permissions_of
from apps.monitoring.logs.standing import Trouble, cure_of
from apps.monitoring.models import LogArchive, LogShard, LogSource

Kind = LogSource.Kind
SILENT = timedelta(hours=6)
"""A source that nothing came from for so long is told of."""
_SET_UP_WITHIN = timedelta(hours=1)
_SLOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SourceStanding:
    """`lag`: of a stream, how far its slowest shard is behind; None elsewhere.
    `waiting`, `read`, `failed`: files of a bucket. `state`: one of paused, failing,
    silent, works, requested."""

    row: LogSource
    trouble: Trouble
    state: str
    lag: timedelta | None = None
    shards: int = 0
    waiting: int = 0
    read: int = 0
    failed: int = 0

    @property
    def is_keyed(self) -> bool:
        return self.row.kind in KEYED


def source_standings(
    sources: Sequence[LogSource], now: datetime
) -> list[SourceStanding]:
    """In their order, in two statements whatever their number."""
    files: dict[int, dict[str, int]] = {}
    counted = LogArchive.objects.filter(source__in=sources).values_list(
        "source", "state"
    )
    for source_id, state, many in counted.annotate(Count("pk")).order_by():
        files.setdefault(source_id, {})[state] = many
    open_shards = LogShard.objects.filter(source__in=sources, is_finished=False)
    shards = {
        row["source"]: (row["many"], timedelta(milliseconds=row["behind"]))
        for row in open_shards.values("source")
        .annotate(many=Count("pk"), behind=Max("behind_ms"))
        .order_by()
    }
    return [
        _standing(one, files.get(one.pk, {}), shards.get(one.pk), now)
        for one in sources
    ]


def _standing(
    source: LogSource,
    files: dict[str, int],
    shards: tuple[int, timedelta] | None,
    now: datetime,
) -> SourceStanding:
    states = LogArchive.State
    many, lag = shards or (0, None)
    failed = files.get(states.FAILED, 0)
    trouble = _trouble(source, lag, failed, now)
    return SourceStanding(
        source,
        trouble,
        _state(source, trouble, now),
        lag,
        many,
        files.get(states.FOUND, 0),
        files.get(states.DONE, 0),
        failed,
    )


def _state(source: LogSource, trouble: Trouble, now: datetime) -> str:
    if not source.is_enabled:
        return "paused"
    if source.problem:
        return "failing"
    if source.kind in KEYED and source.succeeded_at is None:
        return "requested"
    if trouble.problem:
        return "silent" if _is_silent(source, now) else "failing"
    return "works" if source.succeeded_at else "requested"


def _is_silent(source: LogSource, now: datetime) -> bool:
    """Nothing came for long, of a source that is there for as long."""
    last = source.succeeded_at if source.kind in KEYED else source.newest_at
    return now - max(last or source.created_at, source.created_at) > SILENT


def _trouble(
    source: LogSource, lag: timedelta | None, failed: int, now: datetime
) -> Trouble:
    """The gravest first."""
    if not source.is_enabled:
        return Trouble()
    if source.problem:
        return Trouble(source.problem, _cure(source))
    return (
        _unused_key(source, now)
        or _slow(lag)
        or _failed_files(failed)
        or _silent(source, now)
        or Trouble()
    )


def _cure(source: LogSource) -> str:
    actions = ", ".join(permissions_of(source.kind))
    return cure_of(source.problem, actions)


def _unused_key(source: LogSource, now: datetime) -> Trouble | None:
    if source.kind not in KEYED:
        return None
    made, used = source.key_made_at, source.succeeded_at
    if made is None:
        return Trouble("It has no key.", "Make one on its page, and give it to AWS.")
    if (used is not None and used >= made) or now - made < _SET_UP_WITHIN:
        return None
    return Trouble(
        "Nobody has delivered with the key that was made at "
        f"{made:%Y-%m-%d %H:%M} UTC.",
        "Put the key and the address on its page into AWS. Metrics of Firehose, or "
        "the log of the function, say whether AWS calls and what it is answered.",
    )


def _slow(lag: timedelta | None) -> Trouble | None:
    if lag is None or lag < _SLOW:
        return None
    minutes = int(lag.total_seconds() // 60)
    return Trouble(
        f"Its slowest shard is read {minutes:,} minutes behind.",
        "If that grows, start more workers, or give the stream more shards. Records "
        "that are older than its retention, a day unless it was made longer, are lost.",
    )


def _failed_files(failed: int) -> Trouble | None:
    if not failed:
        return None
    return Trouble(
        f"{failed:,} file{'s' if failed > 1 else ''} could not be read.",
        "Its page tells why; have them tried again there.",
    )


def _silent(source: LogSource, now: datetime) -> Trouble | None:
    if not _is_silent(source, now):
        return None
    last = source.succeeded_at if source.kind in KEYED else source.newest_at
    hours = int(SILENT.total_seconds() // 3_600)
    if last is None:
        return Trouble(
            f"Nothing has come from it in more than {hours} hours.",
            "Look whether log groups are subscribed to it, or exported to it.",
        )
    return Trouble(
        f"Nothing has come from it since {last:%Y-%m-%d %H:%M} UTC.",
        "Look whether log groups are still subscribed to it, or exported to it.",
    )
