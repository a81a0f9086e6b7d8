"""The IAM policy a role needs, made from the actions the door really calls."""

import json
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from apps.audit.cloudtrail import PERMISSIONS
from apps.audit.compliance.configrules import config as config_rules
from apps.audit.relay import publishing
from apps.audit.remediation.actions import policies, registry
from apps.discovery.inventory import config
from apps.discovery.inventory.scanners import registry as scanners
from apps.monitoring.alarms import cloudwatch as alarms
from apps.monitoring.dashboards import account_reads
from apps.monitoring.languages.passing import cloudwatch_queries
from apps.monitoring.logs import cloudwatch_logs, kinesis
from apps.monitoring.metrics import cloudwatch
from apps.tracing.collecting import xray

_BUCKET, _QUEUE = "BUCKET", "arn:aws:sqs:REGION:ACCOUNT:QUEUE"
_STREAM = "arn:aws:kinesis:REGION:ACCOUNT:stream/STREAM"
_RECORDS = "arn:aws:s3:::RECORDS/violations/*"
_TOPIC = "arn:aws:sns:REGION:ACCOUNT:TOPIC"
# ListBucket is asked of the bucket, GetObject of what is in it.
_OF_OBJECTS = ("s3:GetObject",)


def policy(
    bucket: str | Sequence[str] = _BUCKET,
    queue: str | Sequence[str] = _QUEUE,
    stream: str = _STREAM,
) -> dict[str, Any]:
    """Everything that collecting needs: from buckets, by their names, and from queues
    and a stream of Kinesis, by their ARNs. Without them there are names to fill in."""
    buckets = [bucket] if isinstance(bucket, str) else list(bucket)
    queues = queue if isinstance(queue, str) else list(queue)
    on_bucket = [one for one in PERMISSIONS["bucket"] if one not in _OF_OBJECTS]
    statements = [
        _statement("ReadLogs", list(_OF_OBJECTS), _arns(buckets, "/*")),
        _statement("ListLogs", on_bucket, _arns(buckets)),
        _statement("HearOfLogs", list(PERMISSIONS["queue"]), queues),
        _statement("LookEventsUp", list(PERMISSIONS["lookup"]), "*"),
        _statement("ReadConfig", list(config.PERMISSIONS), "*"),
        _statement("ReadConfigRules", list(config_rules.PERMISSIONS), "*"),
        _statement("ReadResources", list(scanners.PERMISSIONS), "*"),
        _statement("ReadWhatIsRepaired", _read_by_actions(), "*"),
        _statement("ReadAlarms", list(alarms.PERMISSIONS), "*"),
        _statement("ReadMetrics", list(cloudwatch.PERMISSIONS), "*"),
        _statement("ReadDashboards", list(account_reads.PERMISSIONS), "*"),
        _statement("ReadLogGroups", _all_of(cloudwatch_logs.PERMISSIONS), "*"),
        _statement("AskLogsInsights", list(cloudwatch_queries.PERMISSIONS), "*"),
        _statement("ReadTraces", list(xray.PERMISSIONS), "*"),
        _statement("ReadLogStreams", _all_of(kinesis.PERMISSIONS), stream),
        _statement(
            "RecordViolations", list(publishing.PERMISSIONS["bucket"]), _RECORDS
        ),
        _statement("TellOfViolations", list(publishing.PERMISSIONS["topic"]), _TOPIC),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def role_policies(pattern: str) -> dict[str, dict[str, Any]]:
    """What the roles that repair need, by their names: one for each family of actions.
    `pattern` has {family} in it."""
    return {
        pattern.format(family=family): policies.family_policy(family)
        for family in policies.families()
    }


def _read_by_actions() -> list[str]:
    """What planning, settling and verifying read: by the role that collects."""
    return sorted({one for each in registry.actions() for one in each.permissions.read})


def _arns(buckets: Sequence[str], inside: str = "") -> str | list[str]:
    found = [f"arn:aws:s3:::{name}{inside}" for name in buckets]
    return found[0] if len(found) == 1 else found


def _all_of(permissions: Mapping[str, Sequence[str]]) -> list[str]:
    return sorted(chain.from_iterable(permissions.values()))


def page() -> str:
    """docs/iam.md as it must read."""
    return f"""# IAM policies

What the role of a connected account needs to be collected from. Leave out what you do
not use: the queue, the bucket, looking events up, AWS Config, resources that are read
by their own APIs, metrics, log groups, traces, a stream of Kinesis, asking CloudWatch
queries that cost money, or handing records of violations on. These are its only writes:
what repairs has roles of its own, in [iam-policies](iam-policies/README.md). A bucket
or stream encrypted with a key of your own also needs `kms:Decrypt` on that key.

```json
{json.dumps(policy(), indent=2)}
```

The trust policy of the role, with the ExternalId that is made for the account, is on
the account's page. Trailmap's own identity needs `sts:AssumeRole` on the role.

This page is made from the code; a test holds it to that.
"""


def _statement(
    name: str, actions: list[str], resource: str | list[str]
) -> dict[str, Any]:
    return {"Sid": name, "Effect": "Allow", "Action": actions, "Resource": resource}
