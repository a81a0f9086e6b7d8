"""Notices about repairs, sent by whatever channels there are."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from apps.audit.models import Breaker, Plan, Run
from apps.monitoring.notifications.notices import Notice, Severity, State
from apps.monitoring.notifications.outbox import notify


def approval_waited_for(plan: Plan, now: datetime) -> None:
    notify(
        Notice(
            key=f"plan-{plan.pk}",
            state=State.TOLD,
            revision=1,
            title=f"A repair waits for approval: {plan}",
            text=plan.reason or "Somebody has to look at the plan and approve it.",
            severity=Severity.MEDIUM,
            url=reverse("repair-plan", args=[plan.pk]),
            at=now,
            labels=_labels(plan),
            facts=_facts(plan),
        )
    )


def run_over(run: Run, now: datetime) -> None:
    is_good = run.state == Run.State.SUCCEEDED
    is_harmless = run.state in (Run.State.ABORTED, Run.State.ROLLED_BACK)
    severity = Severity.MEDIUM if is_harmless else Severity.HIGH
    notify(
        Notice(
            key=f"run-{run.pk}",
            state=State.TOLD,
            revision=run.version,
            title=f"{run.label}: {run.plan}",
            text=run.problem or str(run.verification.get("reason", "")),
            severity=Severity.LOW if is_good else severity,
            url=reverse("repair-run", args=[run.pk]),
            at=now,
            labels=_labels(run.plan),
            facts=_facts(run.plan),
        )
    )


def breaker_open(breaker: Breaker, now: datetime) -> None:
    notify(
        Notice(
            key=f"breaker-{breaker.pk}",
            state=State.TOLD,
            revision=breaker.revision,
            title="Repairs were stopped: something else owns this"
            if breaker.key.startswith("rule:")
            else "Repairs of one kind were stopped: too many went wrong",
            text=breaker.says,
            severity=Severity.HIGH,
            url=reverse("repair-controls"),
            at=now,
            labels={
                "rule": "repair breaker",
                "severity": Severity.HIGH.value,
                "account": breaker.account,
                "region": "",
            },
        )
    )


def _labels(plan: Plan) -> dict[str, str]:
    return {
        "rule": plan.rule.slug if plan.rule else plan.action,
        "severity": Severity.MEDIUM.value,
        "account": plan.account,
        "region": plan.region,
        "resource": plan.arn or plan.resource_id,
    }


def _facts(plan: Plan) -> tuple[tuple[str, str], ...]:
    who = plan.requested_by.get_username() if plan.requested_by else ""
    return (
        ("Resource", plan.name or plan.resource_id),
        ("Account", plan.account),
        ("Region", plan.region),
        ("Action", plan.action),
        ("Asked for by", who or plan.get_origin_display()),
    )
