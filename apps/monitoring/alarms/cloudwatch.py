"""The door to CloudWatch's alarms.

PERMISSIONS names every action used here. DescribeAlarms tells of composite alarms
only where it is allowed for the resource `*`.
"""

from collections.abc import Iterator
from datetime import datetime

from apps.discovery.aws import Door, Target
from apps.monitoring.alarms.records import (
    TYPES,
    AlarmEvent,
    AlarmRecord,
    alarms_of,
    events_of,
)

PERMISSIONS = ("cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms")


class Alarms:
    """The alarms of one account and region."""

    def __init__(self, target: Target) -> None:
        self._door = Door(target, "cloudwatch")

    def all(self) -> Iterator[AlarmRecord]:
        """Every alarm. Raises the errors of apps.discovery.aws."""
        for page in self._door.pages("describe_alarms", AlarmTypes=list(TYPES)):
            yield from alarms_of(page)

    def history(self, since: datetime, until: datetime) -> Iterator[AlarmEvent]:
        """What happened to all of them, oldest first; AWS keeps two weeks."""
        pages = self._door.pages(
            "describe_alarm_history",
            AlarmTypes=list(TYPES),
            StartDate=since,
            EndDate=until,
            ScanBy="TimestampAscending",
        )
        for page in pages:
            yield from events_of(page)
