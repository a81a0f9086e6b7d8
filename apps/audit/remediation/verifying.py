"""Whether a repair is one: the same rule, held against the resource as it is now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.audit.compliance.estates import FreshEstate
from apps.audit.compliance.judging import judge
from apps.audit.compliance.verdicts import Outcome, Verdict
from apps.audit.models import Run
from apps.audit.remediation import documents
from apps.audit.remediation.actions import registry
from apps.audit.remediation.actions.base import HandOver
from apps.audit.remediation.doors import DoorReads, where_of
from apps.audit.remediation.ending import end
from apps.audit.remediation.stepping import Clock
from apps.audit.remediation.transitions import move, note, wait
from apps.discovery.aws import AwsError
from apps.discovery.inventory.fresh import NotReadable, read_fresh
from apps.discovery.inventory.keeping import keep
from apps.search.timerange import rfc3339
from apps.tracing.maps import reading
from apps.tracing.spans.span import ServiceKey

State = Run.State

FAILS_AFTER = timedelta(seconds=30)
"""So long AWS may still show the resource as it was."""
UNKNOWN_AFTER = timedelta(minutes=3)
_AGAIN = timedelta(seconds=2)
_WATCHED_EVERY = timedelta(seconds=15)
# How long callers are watched where nobody said: none that call, none to watch.
HOLD = timedelta(minutes=2)
_LEAST_CALLS = 10
_WORSE_BY, _TIMES_WORSE = 0.05, 2.0


def verify(run: Run, clock: Clock) -> bool:
    """One look at a repaired resource; True where it has to be rolled back. Raises
    LeaseLost."""
    verdict = _verdict(run, clock())
    now = clock()
    since = now - (run.applied_at or now)
    seen = {
        "outcome": verdict.outcome.value,
        "reason": verdict.reason,
        "at": rfc3339(now),
        "rule": run.rule.slug if run.rule else "",
    }
    if verdict.outcome == Outcome.PASS:
        _hold(run, seen, now)
    elif verdict.outcome == Outcome.FAIL and since >= FAILS_AFTER:
        note(run, "run.not_repaired", now, seen, verification=seen)
        run.problem = f"It was changed as planned, but {verdict.reason}"
        return True
    elif since >= UNKNOWN_AFTER:
        note(run, "run.not_verified", now, seen, verification=seen)
        problem = f"It was changed as planned, but not verified: {verdict.reason}"
        end(run, State.STUCK, problem, now)
    else:
        Run.objects.filter(pk=run.pk).update(verification=seen)
        wait(run, now + _AGAIN, "")
    return False


def _verdict(run: Run, now: datetime) -> Verdict:
    """By the rule that was violated; where a person planned without one, whether the
    resource is as planned."""
    plan = run.plan
    try:
        where = where_of(plan)
        if run.rule is not None:
            item = read_fresh(where, plan.key, now)
            verdict = judge(run.rule, item, FreshEstate(where, now))
            if verdict.outcome == Outcome.PASS:
                # What was seen is kept: so the violation is resolved by data.
                keep([item], now)
            return verdict
        if plan.document["rule"]:
            return Verdict(Outcome.UNKNOWN, "The rule was deleted meanwhile.")
        action = registry.by_identifier(run.action)
        if isinstance(action, HandOver):
            return Verdict(Outcome.PASS, "The execution succeeded; no rule was asked.")
        subject = documents.subject_of(plan.document)
        image = action.read(DoorReads(where), subject, plan.parameters)
    except (AwsError, NotReadable) as error:
        return Verdict(Outcome.UNKNOWN, str(error))
    if image.digest == plan.document["digests"][-1]:
        return Verdict(Outcome.PASS, "The resource is as planned; no rule was asked.")
    return Verdict(Outcome.FAIL, "the resource is not as planned.")


# --- Those who depend on it ----------------------------------------------------------


def _hold(run: Run, seen: dict[str, str], now: datetime) -> None:
    """Watch the callers for a while, where there are any that call."""
    seconds = run.plan.hold_seconds
    if seconds is None:
        has_traffic = any(one["calls"] for one in _direct(run))
        seconds = int(HOLD.total_seconds()) if has_traffic else 0
    move(
        run,
        State.HOLDING,
        now,
        {"verification": seen, "hold_seconds": seconds},
        verification=seen,
        hold_until=now + timedelta(seconds=seconds),
        problem="",
    )


@dataclass(frozen=True, slots=True)
class Health:
    """How a caller does now, and did the day before; shares of failed calls."""

    name: str
    calls: int
    fault_rate: float
    usual: float

    @property
    def is_bad(self) -> bool:
        worst = max(self.usual * _TIMES_WORSE, self.usual + _WORSE_BY)
        return self.calls >= _LEAST_CALLS and self.fault_rate > worst


def watch(run: Run, clock: Clock) -> bool:
    """One look at the callers; True where it has to be rolled back."""
    now = clock()
    found = _health(run, now)
    bad = [one for one in found if one.is_bad]
    told = {
        "at": rfc3339(now),
        "callers": [
            {
                "name": one.name,
                "calls": one.calls,
                "fault_rate": one.fault_rate,
                "usual": one.usual,
                "is_bad": one.is_bad,
            }
            for one in found
        ],
    }
    if bad:
        worst = max(bad, key=lambda one: one.fault_rate)
        note(run, "run.callers_suffer", now, told, health=told)
        run.problem = (
            f"{worst.fault_rate:.0%} of {worst.calls:,} calls of {worst.name} fail "
            f"since the repair, {worst.usual:.0%} did the day before."
        )
        return True
    if run.hold_until is None or now >= run.hold_until:
        end(run, State.SUCCEEDED, "", now, health=told)
        return False
    Run.objects.filter(pk=run.pk).update(health=told)
    wait(run, min(now + _WATCHED_EVERY, run.hold_until), "")
    return False


def _direct(run: Run) -> list[dict[str, object]]:
    return [one for one in run.plan.radius.get("callers", ()) if one["hop"] == 1]


def _health(run: Run, now: datetime) -> list[Health]:
    """Of the calls to the resource, by caller, since the repair."""
    node, since = run.plan.radius.get("node"), run.applied_at
    callers = _direct(run)
    if not node or not callers or since is None:
        return []
    whole = reading.read(since.timestamp(), now.timestamp())
    target = ServiceKey(node["account"], node["type"], node["name"])
    edges = {one.source: one for one in whole.edges if one.target == target}
    found = []
    for one in callers:
        key = ServiceKey(str(one["account"]), str(one["type"]), str(one["name"]))
        edge = edges.get(key)
        figures = edge.figures if edge else None
        found.append(
            Health(
                key.name,
                figures.calls if figures else 0,
                (figures.fault_rate or 0.0) if figures else 0.0,
                float(one["fault_rate"] or 0.0),  # type: ignore[arg-type] # JSON
            )
        )
    return found
