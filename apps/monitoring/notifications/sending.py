"""Sends what waits: one worker a channel at a time, in the order of the notices.

A worker that dies between sending and noting it sends again, with the same id: at
least once.
"""

from __future__ import annotations

import logging
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from apps.discovery.leases import Lease, LeaseLost
from apps.monitoring.models.notifications import Attempt, Channel, Delivery
from apps.monitoring.notifications import digests, silencing
from apps.monitoring.notifications.channels import base
from apps.monitoring.notifications.channels.registry import kind_of
from apps.monitoring.notifications.notices import State
from apps.monitoring.notifications.sealing import Unreadable, unseal

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Status = Delivery.Status
Outcome = Attempt.Outcome

MOST_ATTEMPTS = 10
KEPT = timedelta(days=90)
_FIRST_SECONDS, _LONGEST_SECONDS = 10.0, 1_800.0
_AT_ONCE = 1_000
# After so many failures in a row the channel is left alone until the next round.
_FAILURES = 3
_BURNING = (State.FIRING, State.ESCALATED)
_FOLLOWS = (State.ACKNOWLEDGED, State.RESOLVED)


def due_channels(now: datetime) -> list[int]:
    """The channels that have something to send and that nobody works on."""
    is_due = Q(next_at=None) | Q(next_at__lte=now)
    free = Q(channel__claimed_until=None) | Q(channel__claimed_until__lt=now)
    rows = Delivery.objects.waiting().filter(is_due, free, channel__is_enabled=True)
    return list(rows.order_by("channel").values_list("channel", flat=True).distinct())


def send_of(channel_id: int, clock: Clock) -> None:
    """Send what is due of a channel, if no other worker does."""
    channel = Channel.objects.filter(pk=channel_id, is_enabled=True).first()
    lease = Lease.take(channel, "claimed_until", clock()) if channel else None
    if lease is None:
        return
    try:
        _send_due(lease, clock)
    except LeaseLost as lost:
        log.warning("a channel was taken over: %s", lost)
    finally:
        lease.give_back()


def _send_due(lease: Lease[Channel], clock: Clock) -> None:
    channel, failures, held = lease.row, 0, set[str]()
    free = silencing.hold_back(_next(channel, clock()), clock())
    wanted = [one for one in free if _is_wanted(one)]
    for one in digests.spread(channel, wanted, clock()):
        if one.key in held:
            continue
        lease.keep(clock())
        outcome = _Try(channel, one, clock).run()
        if outcome != Outcome.SENT:
            held.add(one.key)
        failures = failures + 1 if outcome == Outcome.RETRY else 0
        if failures == _FAILURES:
            break


def _next(channel: Channel, now: datetime) -> list[Delivery]:
    """What is due, in order; what waits holds back what follows of its matter."""
    held, due = set[str](), []
    for one in channel.deliveries.filter(status=Status.WAITING).order_by("id")[
        :_AT_ONCE
    ]:
        if one.key in held or (one.next_at is not None and one.next_at > now):
            held.add(one.key)
            continue
        due.append(one)
    return due


def _is_wanted(one: Delivery) -> bool:
    """Whether it can be told: the end of what was never told is not."""
    if one.state not in _FOLLOWS:
        return True
    before = Delivery.objects.filter(channel=one.channel_id, key=one.key, id__lt=one.pk)
    resolved = before.filter(state=State.RESOLVED).order_by("-id").first()
    burning = before.filter(state__in=_BURNING, id__gt=resolved.pk if resolved else 0)
    told = Q(status=Status.SENT) | Q(digest__status=Status.SENT)
    waits = Q(status=Status.WAITING) | Q(digest__status=Status.WAITING)
    if burning.filter(told | waits).exists():
        return True
    Delivery.objects.filter(pk=one.pk, status=Status.WAITING).update(
        status=Status.DROPPED, problem="What it is about was never told here."
    )
    return False


def backoff(delivery_id: int, attempt: int) -> timedelta:
    """How long to wait after an attempt: twice as long each time, between a half and
    all of it, so that many do not come back at once."""
    longest = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2 ** (attempt - 1))
    share = zlib.crc32(f"{delivery_id}:{attempt}".encode()) / 0xFFFFFFFF
    return timedelta(seconds=longest * (0.5 + share / 2))


@dataclass(slots=True)
class _Try:
    """One attempt at one delivery."""

    channel: Channel
    delivery: Delivery
    clock: Clock
    began: float = 0.0

    def run(self) -> Outcome | None:
        now = self.clock()
        attempt = self.delivery.attempts_made + 1
        again = now + backoff(self.delivery.pk, attempt)
        # Noted before: what ends a worker is not tried for ever.
        if not self._row.filter(attempts_made=attempt - 1).update(
            attempts_made=attempt, next_at=again
        ):
            return None
        self.began = time.monotonic()
        try:
            receipt = opened(self.channel).send(
                self.delivery.told, self._delivered(attempt, now)
            )
        except base.Refused as refused:
            return self._failed(str(refused), Outcome.REFUSED, None)
        except (base.Retry, Unreadable) as failed:
            return self._again(failed, attempt, now)
        return self._sent(receipt)

    @property
    def _row(self) -> Any:
        return Delivery.objects.filter(pk=self.delivery.pk, status=Status.WAITING)

    def _delivered(self, attempt: int, now: datetime) -> base.Delivered:
        uid, site = str(self.delivery.uid), settings.PUBLIC_URL
        # Who is asked to send again begins to count anew; receivers do not.
        tried = max(attempt, self.delivery.attempts.count() + 1)
        return base.Delivered(uid, tried, now, site, reference_of(self.delivery))

    def _again(self, failed: Exception, attempt: int, now: datetime) -> Outcome:
        if attempt >= MOST_ATTEMPTS:
            return self._failed(str(failed), Outcome.RETRY, None)
        asked = failed.after_seconds if isinstance(failed, base.Retry) else None
        pause = None
        if asked is not None:
            pause = now + timedelta(seconds=asked)
            # It is the channel that is asked to wait, not one notice.
            early = Q(next_at=None) | Q(next_at__lt=pause)
            self.channel.deliveries.filter(early, status=Status.WAITING).update(
                next_at=pause
            )
        return self._failed(str(failed), Outcome.RETRY, now)

    def _failed(self, problem: str, outcome: Outcome, now: datetime | None) -> Outcome:
        """`now` where it is tried again; else it is given up."""
        with transaction.atomic():
            if now is None:
                self._row.update(status=Status.DEAD, problem=problem, next_at=None)
            else:
                self._row.update(problem=problem)
            self._note(outcome, problem)
            broken = Channel.objects.filter(pk=self.channel.pk)
            broken.filter(problem="").update(problem_since=self.clock())
            broken.update(problem=problem)
        log.warning("%s was not sent to %s: %s", self.delivery, self.channel, problem)
        return outcome

    def _sent(self, receipt: base.Receipt) -> Outcome:
        with transaction.atomic():
            self._row.update(
                status=Status.SENT,
                sent_at=self.clock(),
                receipt=receipt.detail[:300],
                reference=receipt.reference[:300],
                problem="",
                next_at=None,
            )
            self._note(Outcome.SENT, receipt.detail)
            Channel.objects.filter(pk=self.channel.pk).exclude(problem="").update(
                problem="", problem_since=None
            )
        return Outcome.SENT

    def _note(self, outcome: Outcome, detail: str) -> None:
        Attempt.objects.create(
            delivery=self.delivery,
            at=self.clock(),
            duration_ms=round((time.monotonic() - self.began) * 1_000),
            outcome=outcome,
            detail=detail[: base.MOST_DETAIL],
        )


def opened(channel: Channel) -> base.Channel:
    """The channel as it is set up. Raises Refused, Unreadable."""
    made = kind_of(channel.kind)
    if made is None:
        raise base.Refused(f"There is no kind of channel {channel.kind!r}.")
    options = dict(channel.options)
    if channel.person is not None:
        if not channel.person.is_active or not channel.person.email:
            raise base.Refused(f"{channel.person} has no e-mail address.")
        options = {"to": channel.person.email}
    return made(base.Configuration(options, unseal(channel.secrets)))


def reference_of(one: Delivery) -> str:
    """What the channel called this matter since it began."""
    before = Delivery.objects.filter(
        channel=one.channel_id, key=one.key, id__lt=one.pk
    ).exclude(status=Status.DROPPED)
    ended = before.filter(state=State.RESOLVED).order_by("-id").first()
    since = before.filter(id__gt=ended.pk if ended else 0).exclude(reference="")
    return since.order_by("-id").values_list("reference", flat=True).first() or ""


def send_again(delivery: Delivery) -> bool:
    """Have a delivery that was given up tried anew, with the same id."""
    dead = Delivery.objects.filter(pk=delivery.pk, status=Status.DEAD)
    return bool(dead.update(status=Status.WAITING, attempts_made=0, next_at=None))


def forget_old(now: datetime) -> None:
    """Drop deliveries that nobody asks about any more."""
    old = Delivery.objects.filter(made_at__lt=now - KEPT)
    old.exclude(status__in=(Status.WAITING, Status.SILENCED)).delete()
