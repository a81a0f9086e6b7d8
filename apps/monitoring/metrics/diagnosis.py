"""What `doctor` finds out about metrics. ListMetrics is tried; GetMetricData, which is
billed each time, is not: what it last answered is told."""

from collections.abc import Iterator

from django.db.models import Q
from django.utils import timezone

from apps.discovery.accounts import target
from apps.discovery.aws import AwsError
from apps.monitoring.metrics import cloudwatch
from apps.monitoring.metrics.spending import budget_of, day_of, limit_of
from apps.monitoring.models import MetricDay, MetricPlan, MetricScope
from apps.search.diagnosis import Finding

_CURE_OF_READING = (
    "The page Collection says until when was read. The role needs "
    "cloudwatch:GetMetricData."
)
_CURE_OF_BUDGET = (
    "Reading resumes at midnight, UTC. On the page Collection, raise the budget or "
    "leave out namespaces."
)


def metrics() -> Iterator[Finding]:
    """Each region that is collected: whether its metrics can be listed, were read, and
    whether the day's budget has anything left."""
    scopes = MetricScope.objects.filter(
        Q(account__metricplan=None) | Q(account__metricplan__is_paused=False),
        is_enabled=True,
    )
    for scope in scopes.select_related("account"):
        yield _listed(scope)
        yield Finding(
            f"metrics.{scope.account_id}.{scope.region}.reading",
            f"read until {scope.read_at:%Y-%m-%d %H:%M} UTC"
            if scope.read_at
            else "not yet begun",
            scope.reading_problem or None,
            _CURE_OF_READING,
        )
    for plan in MetricPlan.objects.filter(is_paused=False):
        yield _afforded(plan)


def _listed(scope: MetricScope) -> Finding:
    subject = f"metrics.{scope.account_id}.{scope.region}.listing"
    try:
        next(cloudwatch.list_metrics(target(scope.account, scope.region)), None)
    except AwsError as error:
        return Finding(
            subject, "", str(error), "The role needs cloudwatch:ListMetrics."
        )
    return Finding(subject, "AWS allows what it needs")


def _afforded(plan: MetricPlan) -> Finding:
    today = MetricDay.objects.filter(
        account_id=plan.account_id, day=day_of(timezone.now())
    ).first()
    billed = today.billed if today else 0
    dollars = f"{budget_of(plan):,.2f} dollars"
    subject = f"metrics.{plan.account_id}.budget"
    if billed < limit_of(plan):
        return Finding(subject, f"less than today's {dollars} are spent")
    problem = f"Today's {dollars} are spent: nothing more is read."
    return Finding(subject, "", problem, _CURE_OF_BUDGET)
