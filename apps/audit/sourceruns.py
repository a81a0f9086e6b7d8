"""What every run over a trail source shares."""

from collections.abc import Callable
from datetime import datetime, timedelta

from apps.audit.ingest import Batch
from apps.audit.models import TrailSource
from apps.discovery.accounts import note_accounts
from apps.discovery.aws import Target

LEASE = timedelta(minutes=10)
# CloudTrail delivers within about five minutes on average and promises nothing.
LATE = timedelta(minutes=30)

Clock = Callable[[], datetime]


def target_of(source: TrailSource, region: str = "") -> Target:
    account = source.account
    return Target(
        account.number, region or source.region, account.role_arn, account.external_id
    )


def renew_claim(source: TrailSource, now: datetime) -> None:
    TrailSource.objects.filter(pk=source.pk).update(claimed_until=now + LEASE)


def is_due(last: datetime | None, every: timedelta, now: datetime) -> bool:
    return last is None or now - last >= every


def note_batch(batch: Batch) -> None:
    """Rows the store must never be ahead of: accounts decide who may see what."""
    note_accounts(batch.accounts)
