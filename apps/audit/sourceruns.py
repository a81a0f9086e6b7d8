"""What every run over a trail source shares."""

from collections.abc import Callable
from datetime import datetime, timedelta

from apps.audit.models import TrailSource
from apps.discovery.accounts import target
from apps.discovery.aws import Target

# Longer than any step between two renewals; a worker that died is followed after it.
LEASE = timedelta(seconds=90)
_RENEW_BEFORE = timedelta(seconds=75)
# CloudTrail delivers within about five minutes on average and promises nothing.
LATE = timedelta(minutes=30)

Clock = Callable[[], datetime]


def target_of(source: TrailSource, region: str = "") -> Target:
    return target(source.account, region or source.region)


class ClaimLost(Exception):
    """The source was taken over by another process, or deleted."""


def renew_claim(source: TrailSource, now: datetime) -> None:
    """Hold on to a claimed source. Raises ClaimLost where it is no longer ours."""
    held = TrailSource.objects.filter(pk=source.pk, claimed_until=source.claimed_until)
    if not held.update(claimed_until=now + LEASE):
        raise ClaimLost(f"{source} is collected by another process.")
    source.claimed_until = now + LEASE


def keep_claim(source: TrailSource, now: datetime) -> None:
    """Renew the claim if some of it is used up. Raises ClaimLost."""
    if source.claimed_until is None or now + _RENEW_BEFORE >= source.claimed_until:
        renew_claim(source, now)


def is_due(last: datetime | None, every: timedelta, now: datetime) -> bool:
    return last is None or now - last >= every
