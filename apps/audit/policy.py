"""The IAM policy a role needs, made from the actions the door really calls."""

import json
from typing import Any

from apps.audit.cloudtrail import PERMISSIONS
from apps.monitoring.alarms import cloudwatch as alarms

_BUCKET, _QUEUE = "BUCKET", "arn:aws:sqs:REGION:ACCOUNT:QUEUE"
# ListBucket is asked of the bucket, GetObject of what is in it.
_OF_OBJECTS = ("s3:GetObject",)


def policy(bucket: str = _BUCKET, queue: str = _QUEUE) -> dict[str, Any]:
    """Everything that collecting CloudTrail events needs: from a bucket, by its name,
    and a queue, by its ARN. Without them there are names to fill in."""
    on_bucket = [one for one in PERMISSIONS["bucket"] if one not in _OF_OBJECTS]
    statements = [
        _statement("ReadLogs", list(_OF_OBJECTS), f"arn:aws:s3:::{bucket}/*"),
        _statement("ListLogs", on_bucket, f"arn:aws:s3:::{bucket}"),
        _statement("HearOfLogs", list(PERMISSIONS["queue"]), queue),
        _statement("LookEventsUp", list(PERMISSIONS["lookup"]), "*"),
        _statement("ReadAlarms", list(alarms.PERMISSIONS), "*"),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def page() -> str:
    """docs/iam.md as it must read."""
    return f"""# IAM policies

What the role of a connected account needs to be collected from. Leave out what you do
not use: the queue, the bucket, or looking events up. A bucket encrypted with a key of
your own also needs `kms:Decrypt` on that key.

```json
{json.dumps(policy(), indent=2)}
```

The trust policy of the role, with the ExternalId that is made for the account, is on
the account's page. Trailmap's own identity needs `sts:AssumeRole` on the role.

This page is made from the code; a test holds it to that.
"""


def _statement(name: str, actions: list[str], resource: str) -> dict[str, Any]:
    return {"Sid": name, "Effect": "Allow", "Action": actions, "Resource": resource}
