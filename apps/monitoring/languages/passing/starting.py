"""Asking AWS: who agreed to a price gets a row, which a worker takes up."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.discovery.models import User
from apps.monitoring.languages import runs
from apps.monitoring.languages.asking import Asked
from apps.monitoring.languages.passing import spending
from apps.monitoring.languages.passing.offers import Offer, offers
from apps.monitoring.languages.passing.prices import money
from apps.monitoring.models import LogQueryRun


class NotPossible(Exception):
    """AWS is not asked; the message says why and what to do."""


class PriceHigher(NotPossible):
    """It may cost more than was agreed to."""


def start(
    asked: Asked, place: tuple[str, str], agreed_dollars: float, asking: Asking
) -> LogQueryRun:
    """A run at AWS in an account and region, whose price the person agreed to.

    Raises NotPossible, PriceHigher, TooManyRuns, TimeError.
    """
    owner, now = asking
    offer = _offer(asked, place, asking)
    if offer.refusal:
        raise NotPossible(offer.refusal)
    # Written so that what is no number agrees to nothing.
    if not agreed_dollars >= offer.most_dollars:
        raise PriceHigher(
            f"This may cost up to {money(offer.most_dollars)}, which is more than the "
            f"{money(agreed_dollars)} agreed to: look at the price and agree again."
        )
    runs.check_room(owner)
    run = runs.new_run(asked, owner, now)
    run.place = LogQueryRun.Place.AWS
    run.account_id, run.region = place
    run.scope, run.groups = [offer.account], list(offer.groups)
    run.most_bytes, run.most_dollars = offer.size.most_bytes, offer.most_dollars
    run.day, run.next_at = spending.day_of(now), now
    try:
        with transaction.atomic():
            spending.reserve(offer.account, run.day, run.most_dollars)
            run.save()
    except spending.CapReached as error:
        raise NotPossible(str(error)) from error
    return run


Asking = tuple[User, datetime]
"""Who asks, and when."""


def _offer(asked: Asked, place: tuple[str, str], asking: Asking) -> Offer:
    owner, now = asking
    for offer in offers(asked, owner, now):
        if (offer.account, offer.region) == place:
            return offer
    raise NotPossible(
        "None of the chosen log groups is known in this account and region. Choose "
        "log groups that CloudWatch lists there."
    )
