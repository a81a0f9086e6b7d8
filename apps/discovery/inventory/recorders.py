"""What AWS Config records of a place, and the gaps where it does not.

Nothing can be said of what is not recorded: a recorder that is off, that records once a
day or only some types is a gap, and what was last known is not what is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.discovery.inventory.config import Recorder
from apps.discovery.models import ConfigGap, ConfigSource

_ALL = ("*",)
_FAILED = "FAILURE"
# Config records them in one region of an account, so that nothing is missing elsewhere.
GLOBAL_TYPES = frozenset(
    ("AWS::IAM::Group", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::IAM::User")
)


@dataclass(frozen=True, slots=True)
class Found:
    """A gap. `types` are those concerned, all where it is empty."""

    reason: ConfigGap.Reason
    detail: str
    types: tuple[str, ...] = ()


def gaps_of(recorder: Recorder | None, wanted: Iterable[str]) -> list[Found]:
    """What of the types we want to know of is not recorded as it changes."""
    reasons = ConfigGap.Reason
    if recorder is None:
        return [Found(reasons.ABSENT, "There is no configuration recorder.")]
    if not recorder.is_recording:
        return [Found(reasons.OFF, f"The recorder {recorder.name} is stopped.")]
    found = []
    if recorder.last_status.upper() == _FAILED:
        told = recorder.problem or "it says no more"
        found.append(Found(reasons.FAILING, f"{recorder.name} fails: {told}"))
    if recorder.daily:
        types = () if recorder.daily == _ALL else recorder.daily
        what = "Everything is" if not types else "These types are"
        found.append(Found(reasons.DAILY, f"{what} recorded once a day.", types))
    missing = tuple(sorted(set(wanted) - set(recorded(recorder, wanted))))
    if missing:
        detail = f"{len(missing)} types are not recorded."
        found.append(Found(reasons.NARROWED, detail, missing))
    return found


def recorded(recorder: Recorder, types: Iterable[str]) -> list[str]:
    """Those of the types that the recorder is set up to record."""
    kept = [one for one in types if one not in recorder.excluded]
    if recorder.types is not None:
        return [one for one in kept if one in recorder.types]
    if not recorder.with_global_types:
        return [one for one in kept if one not in GLOBAL_TYPES]
    return kept


def note_gaps(source: ConfigSource, found: Sequence[Found], now: datetime) -> None:
    """Open gaps become those that were found; what is no gap any more has ended."""
    here = ConfigGap.objects.filter(
        account=source.account_id, region=source.region, until=None
    )
    here = here.exclude(reason=ConfigGap.Reason.UNREADABLE)
    here.exclude(reason__in=[one.reason for one in found]).update(until=now)
    for one in found:
        ConfigGap.objects.update_or_create(
            account=source.account_id,
            region=source.region,
            reason=one.reason,
            until=None,
            defaults={"detail": one.detail, "types": list(one.types)},
            create_defaults={
                "detail": one.detail,
                "types": list(one.types),
                "since": now,
            },
        )


def note_unreadable(source: ConfigSource, problem: str, now: datetime) -> None:
    """That a place cannot be read is a gap of its own."""
    here = ConfigGap.objects.filter(
        account=source.account_id,
        region=source.region,
        reason=ConfigGap.Reason.UNREADABLE,
        until=None,
    )
    if not problem:
        here.update(until=now)
    elif not here.update(detail=problem):
        ConfigGap.objects.create(
            account=source.account_id,
            region=source.region,
            reason=ConfigGap.Reason.UNREADABLE,
            detail=problem,
            since=now,
        )
