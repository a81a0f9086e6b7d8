"""Which resources a CloudTrail record touches.

AWS names them in `resources` for some services only. For the rest they stand in the
request and the response: as ARNs, as ids such as i-0123456789abcdef0, and as names
under keys that mean a resource.
"""

import re
from collections.abc import Mapping
from typing import Any

from apps.discovery.arn import bucket_arn

MAX_RESOURCES = 100
_MAX_LENGTH = 1_024
_MAX_BUCKET_NAME = 63
_LONGEST_ID_PREFIX = 26

_ID = re.compile(r"[a-z]{1,12}(?:-[a-z]{2,12})?-(?:[0-9a-f]{8}|[0-9a-f]{17})")
# Keys whose value names a resource of the service that was called.
_NAME_KEYS = frozenset(
    (
        "alarmName", "apiId", "autoScalingGroupName", "clusterName",
        "dBClusterIdentifier", "dBInstanceIdentifier",
        "deliveryStreamName", "domainName", "functionName",
        "groupName", "hostedZoneId", "instanceProfileName", "keyName",
        "loadBalancerName", "logGroupName", "policyName", "queueName", "queueUrl",
        "repositoryName", "restApiId", "roleName", "ruleName", "secretId",
        "stackName", "stateMachineName", "streamName", "tableName", "trailName",
        "userName",
    )
)  # fmt: skip
_SECTIONS = ("requestParameters", "responseElements", "serviceEventDetails")


def resources_of(record: Mapping[str, Any]) -> tuple[str, ...]:
    """ARNs, ids and names of what a record touches, each once, at most 100."""
    found: dict[str, None] = {}
    region = record.get("awsRegion")
    listed = record.get("resources")
    if isinstance(listed, list):
        for entry in listed:
            _listed(entry, found)
    for section in _SECTIONS:
        value = record.get(section)
        if type(value) is dict:
            _object(value, found)
            bucket = value.get("bucketName")
            if type(bucket) is str and 0 < len(bucket) <= _MAX_BUCKET_NAME:
                found[bucket_arn(bucket, str(region))] = None
    return tuple(found)[:MAX_RESOURCES]


def _listed(entry: object, found: dict[str, None]) -> None:
    if isinstance(entry, Mapping):
        for key in ("ARN", "ARNPrefix"):
            arn = entry.get(key)
            if isinstance(arn, str) and 0 < len(arn) <= _MAX_LENGTH:
                found[arn] = None


def _object(value: dict[str, Any], found: dict[str, None]) -> None:
    for key, child in value.items():
        kind = type(child)
        if kind is str:
            _string(key, child, found)
        elif kind is dict:
            _object(child, found)
        elif kind is list:
            _list(key, child, found)


def _list(key: str, values: list[Any], found: dict[str, None]) -> None:
    for child in values:
        kind = type(child)
        if kind is str:
            _string(key, child, found)
        elif kind is dict:
            _object(child, found)


def _string(key: str, value: str, found: dict[str, None]) -> None:
    if not 0 < len(value) <= _MAX_LENGTH:
        return
    is_id = "-" in value[:_LONGEST_ID_PREFIX] and _ID.fullmatch(value)
    if is_id or key in _NAME_KEYS or value.startswith("arn:"):
        found[value] = None
