"""Reads what AWS Config's rules say in every connected account and region.

Notifications bring changes within seconds; this is the sweep that makes good what was
lost. A rule whose results could not be read keeps what it said.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q

from apps.audit.compliance.configrules.config import ConfigRules
from apps.audit.compliance.configrules.results import keep_results, note_rules
from apps.audit.models import ConfigScope
from apps.discovery import accounts
from apps.discovery.attempts import problem_of
from apps.discovery.models import Account

RUN_EVERY = timedelta(minutes=10)
LEASE = timedelta(minutes=15)
_MOST_RESULTS = 50_000

Clock = Callable[[], datetime]


def due_scopes(now: datetime) -> list[int]:
    """Regions of connected accounts whose rules should be read now."""
    _know_scopes()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    rested = Q(ran_at=None) | Q(ran_at__lte=now - RUN_EVERY)
    due = ConfigScope.objects.filter(free & rested, account__is_connected=True)
    return [
        scope.pk
        for scope in due.select_related("account")
        if scope.region in scope.account.watched_regions
    ]


def _know_scopes() -> None:
    known = set(ConfigScope.objects.values_list("account_id", "region"))
    ConfigScope.objects.bulk_create(
        [
            ConfigScope(account=account, region=region)
            for account in Account.objects.filter(is_connected=True)
            for region in account.watched_regions
            if (account.pk, region) not in known
        ],
        ignore_conflicts=True,
    )


def collect(scope_id: int, clock: Clock) -> None:
    """One run over a scope, if it is free. What goes wrong ends in its row."""
    now = clock()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    taken = ConfigScope.objects.filter(free, pk=scope_id)
    if not taken.update(claimed_until=now + LEASE, ran_at=now):
        return
    scope = ConfigScope.objects.select_related("account").get(pk=scope_id)
    problem = problem_of(lambda: _read(scope, clock), f"reading {scope}")
    now = clock()
    ConfigScope.objects.filter(pk=scope.pk, claimed_until=scope.claimed_until).update(
        problem=problem,
        problem_since=(scope.problem_since or now) if problem else None,
        succeeded_at=scope.succeeded_at if problem else now,
        claimed_until=None,
    )


def _read(scope: ConfigScope, clock: Clock) -> None:
    config = ConfigRules(accounts.target(scope.account, scope.region))
    place = (scope.account_id, scope.region)
    asked_at = clock()
    rows = note_rules(place, config.rules(), asked_at)
    for name in config.compliance():
        if name in rows:
            told = list(config.results(name))[:_MOST_RESULTS]
            keep_results(rows[name], told, clock())
