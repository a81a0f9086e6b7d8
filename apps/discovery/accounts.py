"""AWS accounts: those met in data, and those connected by a role."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Protocol

from django.db.models import Q, QuerySet

from apps.discovery.arn import parse_arn, partition_of
from apps.discovery.aws import (
    AwsDenied,
    AwsError,
    Door,
    Target,
    assume_role,
    forget_sessions,
)
from apps.discovery.models import Account
from apps.search.intake import Batch

_CHECKED_WITHIN = timedelta(minutes=5)


class Viewer(Protocol):
    def visible_accounts(self) -> frozenset[str] | None: ...


def visible_to(viewer: Viewer) -> QuerySet[Account]:
    """The accounts a person may see anything of."""
    visible = viewer.visible_accounts()
    if visible is None:
        return Account.objects.all()
    return Account.objects.filter(number__in=visible)


def note_accounts(numbers: Iterable[str]) -> None:
    """Make sure accounts met in data are known, so that roles can be granted."""
    Account.objects.bulk_create(
        [Account(number=number) for number in sorted(numbers)], ignore_conflicts=True
    )


def note_batch(batch: Batch) -> None:
    """Rows the store must never be ahead of: accounts decide who may see what."""
    note_accounts(batch.accounts)


def target(account: Account, region: str = "") -> Target:
    return Target(
        account.number,
        region or account.home_region,
        account.role_arn,
        account.external_id,
    )


def why_not_read(account: Account) -> str:
    """Why nothing is read by the account's role, in a sentence; "" where it may be."""
    if account.role_arn and not account.is_connected:
        return f"Account {account} is not connected: {account.problem}".strip(" :")
    return ""


def problems_of_role(account: Account) -> list[str]:
    """What keeps a role from being right for this account, without asking AWS."""
    if not account.role_arn:
        return []
    arn = parse_arn(account.role_arn)
    if arn is None or arn.service != "iam" or not arn.resource.startswith("role/"):
        return [
            "The role is not an ARN such as arn:aws:iam::123456789012:role/trailmap."
        ]
    problems = []
    if arn.account != account.number:
        problems.append(f"The role belongs to account {arn.account}.")
    if arn.partition != partition_of(account.home_region):
        problems.append(
            f"The role is in partition {arn.partition}, the region in "
            f"{partition_of(account.home_region)}."
        )
    return problems


def check_requested(clock: Callable[[], datetime]) -> None:
    """Check every account that somebody asked about; one at a time takes it up. If
    it dies meanwhile, another does once its claim has run out."""
    for account in Account.objects.exclude(check_requested_at=None):
        now = clock()
        asked = Account.objects.filter(
            pk=account.pk, check_requested_at=account.check_requested_at
        )
        free = Q(check_claimed_until=None) | Q(check_claimed_until__lt=now)
        if asked.filter(free).update(check_claimed_until=now + _CHECKED_WITHIN):
            check(account, clock())
            asked.update(check_requested_at=None, check_claimed_until=None)


def check(account: Account, now: datetime) -> None:
    """Prove that the account can be reached as it should, and note the outcome.

    A role that can be assumed without the ExternalId, or with a wrong one, is
    refused: anyone who knew its ARN could have us read that account for them.
    """
    problems = problems_of_role(account)
    try:
        problems = problems or _checked(account)
    except AwsError as error:
        problems = [str(error)]
    account.problem = " ".join(problems)
    account.is_connected = not problems
    account.checked_at = now
    # Proven is what was asked: not a role that was set meanwhile.
    Account.objects.filter(
        pk=account.pk,
        role_arn=account.role_arn,
        external_id=account.external_id,
        home_region=account.home_region,
    ).update(
        problem=account.problem,
        is_connected=account.is_connected,
        checked_at=account.checked_at,
    )


def _checked(account: Account) -> list[str]:
    """Raises AwsError where AWS does not let us in."""
    forget_sessions()
    here = target(account)
    identity = Door(here, "sts").call("get_caller_identity")
    if identity["Account"] != account.number:
        return [f"The credentials are those of account {identity['Account']}."]
    if not here.role_arn:
        return []
    for external_id, how in ((None, "without"), ("trailmap-wrong", "with a wrong")):
        try:
            assume_role(here, external_id)
        except AwsDenied:
            continue
        return [
            f"The role can be assumed {how} ExternalId: its trust policy must "
            f"require sts:ExternalId to be {account.external_id}."
        ]
    return []
