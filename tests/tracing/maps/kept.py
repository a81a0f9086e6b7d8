"""Service maps put into the tables they are kept in, as collecting would."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from apps.search.timerange import from_milliseconds
from apps.tracing.maps.parts import ALL_TRACES, DAY, HOUR, MINUTE, of_edge, of_node
from apps.tracing.maps.servicemap import Figures, ServiceMap
from apps.tracing.maps.tallies import Tally, merged, packed, unpacked
from apps.tracing.models import MapChunk, SeenEdge, SeenNode

_BUCKETS = 1 << 12


def keep(
    map_: ServiceMap, since_s: int, minutes: int, share: Callable[[int], float]
) -> None:
    """Every minute gets `share(minute)` of the figures of the map."""
    numbers = _numbered(map_, since_s, since_s + minutes * MINUTE)
    made = {
        since_s + at * MINUTE: _tally(numbers, map_, share(at)) for at in range(minutes)
    }
    _write(MINUTE, made)
    hours = _coarser(made, HOUR)
    _write(HOUR, hours)
    _write(DAY, _coarser(hours, DAY))


def keep_often(
    map_: ServiceMap, since_s: int, minutes: int, shares: Sequence[float]
) -> None:
    """As `keep`, for very many minutes: those of equal shares are packed once."""
    numbers = _numbered(map_, since_s, since_s + minutes * MINUTE)
    tallies = [_tally(numbers, map_, share) for share in shares]
    once = [_held(tally) for tally in tallies]
    begins = [since_s + at * MINUTE for at in range(minutes)]
    _create(MINUTE, {began: once[at % len(once)] for at, began in enumerate(begins)})
    for period in (HOUR, DAY):
        found: dict[int, list[Tally]] = {}
        for at, began in enumerate(begins):
            found.setdefault(began // period * period, []).append(
                tallies[at % len(tallies)]
            )
        _create(period, {at: _held(merged(those)) for at, those in found.items()})


def _held(tally: Tally) -> dict[str, Any]:
    traces = tally.only(ALL_TRACES).figures_of().get(ALL_TRACES, Figures())
    counts = {"traces": traces.calls, "faults": traces.faults, "errors": traces.errors}
    return {"packed": packed(tally), **counts}


def _create(period: int, held: Mapping[int, dict[str, Any]]) -> None:
    MapChunk.objects.bulk_create(
        [
            MapChunk(period_seconds=period, began_s=began, **one)
            for began, one in held.items()
        ],
        batch_size=500,
    )


def _write(period: int, tallies: Mapping[int, Tally]) -> None:
    rows = MapChunk.objects.filter(
        period_seconds=period, began_s__gte=min(tallies), began_s__lte=max(tallies)
    )
    known = {row.began_s: [unpacked(bytes(row.packed))] for row in rows}
    rows.delete()
    _create(
        period,
        {
            began: _held(merged([tally, *known.get(began, ())]))
            for began, tally in tallies.items()
        },
    )


def _coarser(tallies: Mapping[int, Tally], period: int) -> dict[int, Tally]:
    grouped: dict[int, list[Tally]] = {}
    for began, tally in tallies.items():
        grouped.setdefault(began // period * period, []).append(tally)
    return {began: merged(those) for began, those in grouped.items()}


def _numbered(map_: ServiceMap, since_s: int, until_s: int) -> dict[object, int]:
    first, last = (from_milliseconds(one * 1_000) for one in (since_s, until_s))
    seen = {"first_seen": first, "last_seen": last}
    rows = {}
    for node in map_.nodes:
        account, type_, name = node.key
        rows[node.key], _ = SeenNode.objects.update_or_create(
            account=account,
            type=type_,
            name=name,
            defaults={"last_seen": last},
            create_defaults={**seen, "sends_spans": node.sends_spans},
        )
    numbers: dict[object, int] = {key: of_node(row.pk) for key, row in rows.items()}
    for edge in map_.edges:
        row, _ = SeenEdge.objects.update_or_create(
            source=rows[edge.source],
            target=rows[edge.target],
            is_async=edge.is_async,
            defaults={"last_seen": last},
            create_defaults={**seen, "aliases": list(edge.aliases)},
        )
        numbers[edge.key] = of_edge(row.pk)
    return numbers


def _tally(numbers: Mapping[object, int], map_: ServiceMap, share: float) -> Tally:
    parts = {numbers[node.key]: node.figures for node in map_.nodes}
    parts |= {numbers[edge.key]: edge.figures for edge in map_.edges}
    roots = [node.figures for node in map_.nodes if node.is_root]
    parts[ALL_TRACES] = roots[0] if roots else Figures()
    rows, cells = [], []
    for part in sorted(parts):
        did = parts[part]
        counts = {
            bucket: int(many * share) or (1 if many * share > 0.5 else 0)
            for bucket, many in did.histogram.items()
        }
        counts = {bucket: many for bucket, many in counts.items() if many}
        calls = sum(counts.values())
        if not calls:
            continue
        faults = min(calls, round(did.faults * share))
        errors = min(calls - faults, round(did.errors * share))
        throttles = min(errors, round(did.throttles * share))
        total = int(did.total_us * calls / max(1, did.calls))
        rows.append((part, (calls, calls, faults, errors, throttles, total)))
        cells += [(part * _BUCKETS + bucket, many) for bucket, many in counts.items()]
    cells.sort()
    return Tally(
        np.array([part for part, _ in rows], np.int64),
        np.array([figures for _, figures in rows], np.int64).reshape(-1, 6),
        np.array([cell for cell, _ in cells], np.int64),
        np.array([many for _, many in cells], np.int64),
    )
