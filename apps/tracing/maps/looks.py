"""What kind of thing a node is: its shape on the map, its sign, and what it is called.

Types are X-Ray's origins, such as AWS::ECS::Container, and ours for what sends no
spans. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from apps.tracing.maps.servicemap import CLIENT


class Shape(StrEnum):
    """The outlines of nodes; each is told from the others without colour."""

    CLIENT = "client"
    SERVICE = "service"
    FUNCTION = "function"
    QUEUE = "queue"
    DATABASE = "database"
    BUCKET = "bucket"
    GATEWAY = "gateway"
    EXTERNAL = "external"
    OTHER = "other"
    GROUP = "group"


SHAPE_NAMES = {
    Shape.CLIENT: "Client",
    Shape.SERVICE: "Service",
    Shape.FUNCTION: "Lambda function",
    Shape.QUEUE: "Queue, topic or stream",
    Shape.DATABASE: "Database, table or cache",
    Shape.BUCKET: "Bucket",
    Shape.GATEWAY: "Gateway or load balancer",
    Shape.EXTERNAL: "Outside host",
    Shape.OTHER: "Other",
    Shape.GROUP: "Group of nodes",
}


@dataclass(frozen=True, slots=True)
class Look:
    shape: Shape
    caption: str


# By how the type begins, the most special first; types are compared in small letters.
_BY_TYPE = (
    (CLIENT, Look(Shape.CLIENT, "Client")),
    ("remote", Look(Shape.EXTERNAL, "Outside host")),
    ("hidden", Look(Shape.OTHER, "You may not see it")),
    ("group", Look(Shape.GROUP, "Group")),
    ("database::", Look(Shape.DATABASE, "Database")),
    ("aws::lambda", Look(Shape.FUNCTION, "Lambda")),
    ("aws::ecs", Look(Shape.SERVICE, "ECS")),
    ("aws::eks", Look(Shape.SERVICE, "EKS")),
    ("aws::ec2", Look(Shape.SERVICE, "EC2")),
    ("aws::elasticbeanstalk", Look(Shape.SERVICE, "Elastic Beanstalk")),
    ("aws::apprunner", Look(Shape.SERVICE, "App Runner")),
    ("aws::apigateway", Look(Shape.GATEWAY, "API Gateway")),
    ("aws::appsync", Look(Shape.GATEWAY, "AppSync")),
    ("aws::elasticloadbalancing", Look(Shape.GATEWAY, "Load balancer")),
    ("aws::cloudfront", Look(Shape.GATEWAY, "CloudFront")),
    ("aws::dynamodb", Look(Shape.DATABASE, "DynamoDB table")),
    ("aws::rds", Look(Shape.DATABASE, "RDS")),
    ("aws::elasticache", Look(Shape.DATABASE, "ElastiCache")),
    ("aws::memorydb", Look(Shape.DATABASE, "MemoryDB")),
    ("aws::dax", Look(Shape.DATABASE, "DAX")),
    ("aws::redshift", Look(Shape.DATABASE, "Redshift")),
    ("aws::opensearch", Look(Shape.DATABASE, "OpenSearch")),
    ("aws::sqs", Look(Shape.QUEUE, "SQS queue")),
    ("aws::sns", Look(Shape.QUEUE, "SNS topic")),
    ("aws::kinesis", Look(Shape.QUEUE, "Kinesis stream")),
    ("aws::firehose", Look(Shape.QUEUE, "Firehose")),
    ("aws::events", Look(Shape.QUEUE, "Event bus")),
    ("aws::msk", Look(Shape.QUEUE, "Kafka")),
    ("aws::s3", Look(Shape.BUCKET, "S3 bucket")),
    ("aws::stepfunctions", Look(Shape.FUNCTION, "State machine")),
)
_IN_NAMES = (
    ("queue", Shape.QUEUE),
    ("topic", Shape.QUEUE),
    ("stream", Shape.QUEUE),
    ("table", Shape.DATABASE),
    ("database", Shape.DATABASE),
    ("bucket", Shape.BUCKET),
)


def short_name(name: str) -> str:
    """What tells a node from others, of names that are addresses: the queue of a URL,
    the end of an ARN, the instance of a host of AWS."""
    _, is_address, rest = name.partition("://")
    if is_address:
        return rest.split("?", 1)[0].rstrip("/").rsplit("/", 1)[-1] or name
    if name.startswith("arn:"):
        return re.split(r"[:/]", name)[-1] or name
    if name.rstrip(".").endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return name.split(".", 1)[0]
    return name


def look_of(type_: str) -> Look:
    """How a node of this type looks; a service where nothing is told."""
    if not type_:
        return Look(Shape.SERVICE, "Service")
    small = type_.lower()
    for beginning, look in _BY_TYPE:
        if small.startswith(beginning):
            return look
    caption = type_.removeprefix("AWS::").replace("::", " ")
    for word, shape in _IN_NAMES:
        if word in small.rsplit("::", 1)[-1]:
            return Look(shape, caption)
    return Look(Shape.OTHER, caption)
