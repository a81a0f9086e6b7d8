"""EventBridge Scheduler, walked with the AWS CLI."""

from __future__ import annotations

import json

from sandbox.assembly import Sandbox
from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.sandbox.tour.aws import Aws
from tests.sandbox.tour.conftest import all_of

TARGET = json.dumps(
    {
        "Arn": f"arn:aws:sqs:{HOME_REGION}:{SHOP}:queue",
        "RoleArn": f"arn:aws:iam::{SHOP}:role/schedules",
    }
)
ON = "--name nightly --group-name shop"


def test_groups_and_schedules(aws: Aws, sandbox: Sandbox, walked: set[str]) -> None:
    made = aws("scheduler create-schedule-group --name shop")
    got = aws("scheduler get-schedule-group --name shop")
    assert got["Arn"] == made["ScheduleGroupArn"]
    groups = aws("scheduler list-schedule-groups")["ScheduleGroups"]
    assert [group["Name"] for group in groups] == ["default", "shop"]
    more = "--flexible-time-window Mode=OFF --target"
    aws(
        f"scheduler create-schedule {ON} --schedule-expression "
        f"cron(0\\ 3\\ *\\ *\\ ?\\ *) {more}",
        TARGET,
    )
    assert aws(f"scheduler get-schedule {ON}")["State"] == "ENABLED"
    aws(
        f"scheduler update-schedule {ON} --state DISABLED --schedule-expression "
        f"rate(1\\ hour) {more}",
        TARGET,
    )
    (listed,) = aws("scheduler list-schedules")["Schedules"]
    assert (listed["Name"], listed["State"]) == ("nightly", "DISABLED")
    aws(f"scheduler delete-schedule {ON}")
    assert aws("scheduler list-schedules")["Schedules"] == []
    aws("scheduler delete-schedule-group --name shop")
    assert len(aws("scheduler list-schedule-groups")["ScheduleGroups"]) == 1
    assert walked >= all_of(sandbox, "scheduler")
