"""Files of what subscriptions sent and Firehose archived, for imports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from apps.monitoring.logs.cutting import EXCERPT_BYTES
from apps.monitoring.logs.envelopes import Envelope, from_stream
from apps.monitoring.logs.intake import ToldPortion, problem_of
from apps.monitoring.logs.lines import LogLine
from apps.monitoring.logs.places import UNKNOWN, Place
from apps.search.gunzip import InflateError
from apps.search.intake import Broken, Portion

_NO_REGION = (
    "what subscriptions send does not tell its region: name it with --region, or the "
    "same lines are not recognised when they come another way"
)


def enveloped(place: Place, pieces: Iterable[bytes]) -> Iterator[Portion]:
    """What a subscription sent and Firehose archived: all but the region is told."""
    damage: list[InflateError] = []
    for one in from_stream(_until_damaged(pieces, damage)):
        if isinstance(one, Broken):
            yield Portion(broken=[one])
        elif not one.is_control:
            yield _of_envelope(one, place.region)
    last = Portion(broken=[Broken(0, str(error), b"") for error in damage])
    if place.region == UNKNOWN:
        last.remark = _NO_REGION
    yield last


def _until_damaged(
    pieces: Iterable[bytes], damage: list[InflateError]
) -> Iterator[bytes]:
    try:
        yield from pieces
    except InflateError as error:
        damage.append(error)


def _of_envelope(one: Envelope, region: str) -> Portion:
    portion = ToldPortion(broken=list(one.broken))
    for event in one.events:
        line = LogLine(
            one.owner,
            region,
            one.group,
            one.stream,
            event.timestamp_ms,
            event.message,
            event_id=event.id,
        )
        problem = problem_of(line)
        if problem:
            excerpt = event.message[:EXCERPT_BYTES].encode("utf-8", "replace")
            portion.broken.append(Broken(one.offset, problem, excerpt))
        else:
            portion.told.append((line, one.offset))
    return portion
