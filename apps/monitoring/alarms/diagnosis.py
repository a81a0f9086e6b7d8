"""What `doctor` finds out about the alarms of CloudWatch: they are asked for."""

from collections.abc import Iterator

from apps.discovery.accounts import target
from apps.discovery.aws import AwsError
from apps.monitoring.alarms.cloudwatch import PERMISSIONS, Alarms
from apps.monitoring.models import AlarmScope
from apps.search.diagnosis import Finding


def alarms() -> Iterator[Finding]:
    """Each region whose alarms are read."""
    scopes = AlarmScope.objects.filter(account__is_connected=True)
    for scope in scopes.select_related("account"):
        subject = f"alarms.{scope.account_id}.{scope.region}"
        try:
            next(Alarms(target(scope.account, scope.region)).all(), None)
        except AwsError as error:
            cure = f"The role needs {' and '.join(PERMISSIONS)}."
            yield Finding(subject, "", str(error), cure)
            continue
        yield Finding(
            subject,
            "AWS allows what it needs",
            scope.problem or None,
            "The page Alarms says what was read last.",
        )
