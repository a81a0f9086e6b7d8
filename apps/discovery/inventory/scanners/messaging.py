"""Queues, topics, log groups, trails and names in DNS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from apps.discovery.inventory.parsing import tags_of
from apps.discovery.inventory.scanners.base import Scanner, Seen, links
from apps.discovery.inventory.scanners.reading import Raw, Reader, without

_ZONE = "AWS::Route53::HostedZone"
_RECORD = "AWS::Route53::RecordSet"
_CHECK = "AWS::Route53::HealthCheck"
_MOVING_TOPIC = (
    "SubscriptionsConfirmed", "SubscriptionsDeleted", "SubscriptionsPending",
)  # fmt: skip
_MOVING_TRAIL = (
    "latestDeliveryTime", "latestDeliveryAttemptTime", "latestDeliveryAttemptSucceeded",
    "latestDigestDeliveryTime", "latestNotificationTime",
    "latestNotificationAttemptTime", "latestNotificationAttemptSucceeded",
    "latestCloudWatchLogsDeliveryTime",
)  # fmt: skip


def _queues(reader: Reader, id_: str) -> Iterable[Raw]:
    return [id_] if id_ else reader.every("sqs", "list_queues", "queueUrls")


def _queue(reader: Reader, url: str) -> Seen | None:
    told = reader.maybe(
        "sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"]
    )
    if told is None:
        return None
    attributes = {
        name: value
        for name, value in told.get("attributes", {}).items()
        if not name.startswith("Approximate") and name != "LastModifiedTimestamp"
    }
    tags = reader.maybe("sqs", "list_queue_tags", QueueUrl=url) or {}
    arn, name = attributes.get("QueueArn", ""), url.rpartition("/")[2]
    return Seen(url, attributes, name, arn, tags.get("tags", {}))


def _topics(reader: Reader, id_: str) -> Iterable[Raw]:
    if id_:
        return [id_]
    return (one["topicArn"] for one in reader.every("sns", "list_topics", "topics"))


def _topic(reader: Reader, arn: str) -> Seen | None:
    told = reader.maybe("sns", "get_topic_attributes", TopicArn=arn)
    if told is None:
        return None
    tags = reader.maybe("sns", "list_tags_for_resource", ResourceArn=arn) or {}
    attributes = without(told.get("attributes", {}), *_MOVING_TOPIC)
    name = arn.rpartition(":")[2]
    return Seen(arn, attributes, name, arn, tags_of(tags.get("tags")))


def _log_groups(reader: Reader, id_: str) -> Iterator[Raw]:
    named = {"logGroupNamePrefix": id_} if id_ else {}
    for one in reader.some("logs", "describe_log_groups", "logGroups", **named):
        if not id_ or one["logGroupName"] == id_:
            yield one


def _log_group(reader: Reader, raw: Raw) -> Seen:
    name = raw["logGroupName"]
    arn = raw.get("arn", "").removesuffix(":*")
    told = reader.maybe("logs", "list_tags_for_resource", resourceArn=arn) or {}
    configuration = without(raw, "storedBytes")
    return Seen(name, configuration, name, arn, told.get("tags", {}))


def _trails(reader: Reader, id_: str) -> Iterator[Raw]:
    """A trail of all regions is that of its home."""
    named = {"trailNameList": [id_]} if id_ else {}
    told = reader.maybe("cloudtrail", "describe_trails", **named) or {}
    for one in told.get("trailList", ()):
        if one.get("homeRegion", reader.region) == reader.region:
            yield one


def _trail(reader: Reader, raw: Raw) -> Seen | None:
    arn = raw["trailARN"]
    status = reader.maybe("cloudtrail", "get_trail_status", Name=arn)
    if status is None:
        return None
    selectors = reader.maybe("cloudtrail", "get_event_selectors", TrailName=arn) or {}
    told = reader.maybe("cloudtrail", "list_tags", ResourceIdList=[arn]) or {}
    listed = told.get("resourceTagList", [])
    return Seen(
        raw["name"],
        raw,
        raw["name"],
        arn,
        tags_of(listed[0].get("tagsList")) if listed else {},
        {
            "trailStatus": _settled(status),
            "eventSelectors": selectors.get("eventSelectors", []),
        },
        links("Is associated with S3 Bucket", "AWS::S3::Bucket", [raw["s3BucketName"]]),
        zone="Not Applicable",
    )


def _settled(status: Raw) -> dict[str, Any]:
    """Without the times of deliveries, the newest of which is told twice."""
    return {
        name: value
        for name, value in status.items()
        if name not in _MOVING_TRAIL and not name.startswith("timeLogging")
    }


def _zones(reader: Reader, id_: str) -> Iterable[Raw]:
    if not id_:
        return reader.every("route53", "list_hosted_zones", "hostedZones")
    told = reader.maybe("route53", "get_hosted_zone", Id=id_)
    return [told["hostedZone"]] if told else []


def _zone(reader: Reader, raw: Raw) -> Seen:
    id_ = raw["id"].rpartition("/")[2]
    arn = reader.arn("route53", f":hostedzone/{id_}", is_global=True)
    configuration = without(raw, "resourceRecordSetCount")
    return Seen(id_, configuration, raw["name"].rstrip("."), arn, zone="Not Applicable")


def record_id(zone: str, raw: Raw) -> str:
    """ZONE|NAME|TYPE, and |SET where several records share a name."""
    parts = [zone, raw["name"], raw["type"]]
    return "|".join(
        [*parts, raw["setIdentifier"]] if raw.get("setIdentifier") else parts
    )


def _records(reader: Reader, id_: str) -> Iterator[Raw]:
    """Of one alone, those of its name and type in its zone."""
    if id_:
        zone, name, type_, *_ = (*id_.split("|"), "", "")
        found = reader.some(
            "route53",
            "list_resource_record_sets",
            "resourceRecordSets",
            HostedZoneId=zone,
            StartRecordName=name,
            StartRecordType=type_ or "A",
        )
        yield from (
            {**one, "hostedZoneId": zone} for one in found if one["name"] == name
        )
        return
    for zone_raw in list(_zones(reader, "")):
        zone = zone_raw["id"].rpartition("/")[2]
        for one in reader.some(
            "route53",
            "list_resource_record_sets",
            "resourceRecordSets",
            HostedZoneId=zone,
        ):
            yield {**one, "hostedZoneId": zone}


def _record(reader: Reader, raw: Raw) -> Seen:
    id_ = record_id(raw["hostedZoneId"], raw)
    return Seen(
        id_,
        raw,
        raw["name"].rstrip("."),
        relationships=(
            *links("Is contained in HostedZone", _ZONE, [raw["hostedZoneId"]]),
            *links(
                "Is associated with HealthCheck", _CHECK, [raw.get("healthCheckId", "")]
            ),
        ),
        zone="Not Applicable",
    )


def _checks(reader: Reader, id_: str) -> Iterable[Raw]:
    if not id_:
        return reader.every("route53", "list_health_checks", "healthChecks")
    told = reader.maybe("route53", "get_health_check", HealthCheckId=id_)
    return [told["healthCheck"]] if told else []


def _check(reader: Reader, raw: Raw) -> Seen:
    arn = reader.arn("route53", f":healthcheck/{raw['id']}", is_global=True)
    return Seen(raw["id"], raw, raw["id"], arn, zone="Not Applicable")


SCANNERS = (
    Scanner(
        "AWS::SQS::Queue",
        _queues,
        _queue,
        ("sqs:GetQueueAttributes", "sqs:ListQueueTags", "sqs:ListQueues"),
    ),
    Scanner(
        "AWS::SNS::Topic",
        _topics,
        _topic,
        ("sns:GetTopicAttributes", "sns:ListTagsForResource", "sns:ListTopics"),
    ),
    Scanner(
        "AWS::Logs::LogGroup",
        _log_groups,
        _log_group,
        ("logs:DescribeLogGroups", "logs:ListTagsForResource"),
    ),
    Scanner(
        "AWS::CloudTrail::Trail",
        _trails,
        _trail,
        (
            "cloudtrail:DescribeTrails",
            "cloudtrail:GetEventSelectors",
            "cloudtrail:GetTrailStatus",
            "cloudtrail:ListTags",
        ),
    ),
    Scanner(
        _ZONE,
        _zones,
        _zone,
        ("route53:GetHostedZone", "route53:ListHostedZones"),
        is_global=True,
    ),
    Scanner(
        _RECORD,
        _records,
        _record,
        ("route53:ListHostedZones", "route53:ListResourceRecordSets"),
        is_global=True,
    ),
    Scanner(
        _CHECK,
        _checks,
        _check,
        ("route53:GetHealthCheck", "route53:ListHealthChecks"),
        is_global=True,
    ),
)
