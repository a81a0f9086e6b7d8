"""What to set up in AWS so that a source gets logs, as commands of AWS's own client.

Words in capitals are for the reader to fill in. Pure but for the source's row.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.discovery.arn import bucket_arn, partition_of
from apps.monitoring.logs.kinesis import PERMISSIONS
from apps.monitoring.models import LogSource

Kind = LogSource.Kind
KEYED = (Kind.FIREHOSE, Kind.LAMBDA)
"""Kinds that call us, with a key."""
FORWARDER = Path(__file__).with_name("forwarder.py")
_ROLE = "trailmap-logs"
_DELIVERY_ROLE = "trailmap-delivery"
_KEY, _GROUP, _BUCKET = "KEY", "LOG_GROUP", "BUCKET"
_LAMBDA_LOGS = "service-role/AWSLambdaBasicExecutionRole"


@dataclass(frozen=True, slots=True)
class Step:
    """What a step is for, and what is typed; `is_code`: a file to be saved instead."""

    title: str
    text: str
    is_code: bool = False


def permissions_of(kind: str) -> tuple[str, ...]:
    """The actions our own role needs to read such a source."""
    if kind == Kind.KINESIS:
        return PERMISSIONS["kinesis"]
    if kind == Kind.BUCKET:
        return (
            "s3:GetObject", "s3:ListBucket", "sqs:DeleteMessage",
            "sqs:GetQueueAttributes", "sqs:ReceiveMessage",
        )  # fmt: skip
    return ()


def steps(source: LogSource, endpoint: str) -> list[Step]:
    """In the order they are done; `endpoint` is the URL that AWS is to call."""
    return {
        Kind.KINESIS: _kinesis,
        Kind.FIREHOSE: _firehose,
        Kind.LAMBDA: _lambda,
        Kind.BUCKET: _bucket,
    }[Kind(source.kind)](source, endpoint)


def _kinesis(source: LogSource, endpoint: str) -> list[Step]:
    arn = _arn(source, "kinesis", f"stream/{source.stream}")
    return [
        Step(
            "Make the stream, unless there is one",
            _aws(
                source,
                "kinesis create-stream",
                stream_name=source.stream,
                stream_mode_details={"StreamMode": "ON_DEMAND"},
            ),
        ),
        _role(source, _ROLE, "logs.amazonaws.com", ["kinesis:PutRecord"], arn),
        _subscription(source, arn, _role_arn(source, _ROLE)),
    ]


def _firehose(source: LogSource, endpoint: str) -> list[Step]:
    arn = _arn(source, "firehose", f"deliverystream/{source.stream}")
    bucket = bucket_arn(_BUCKET, source.region)
    role = _role_arn(source, _DELIVERY_ROLE)
    delivery = {
        "EndpointConfiguration": {
            "Url": endpoint, "Name": "Trailmap", "AccessKey": _KEY,
        },
        "RequestConfiguration": {"ContentEncoding": "GZIP"},
        "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60},
        "RetryOptions": {"DurationInSeconds": 7_200},
        "S3BackupMode": "FailedDataOnly",
        "RoleARN": role,
        "S3Configuration": {"RoleARN": role, "BucketARN": bucket},
    }  # fmt: skip
    return [
        _role(
            source,
            _DELIVERY_ROLE,
            "firehose.amazonaws.com",
            ["s3:PutObject", "s3:GetBucketLocation", "s3:ListBucket"],
            [bucket, f"{bucket}/*"],
        ),
        Step(
            "Make the stream. What Trailmap does not take for two hours goes to the "
            "bucket",
            _aws(
                source,
                "firehose create-delivery-stream",
                delivery_stream_name=source.stream,
                delivery_stream_type="DirectPut",
                http_endpoint_destination_configuration=delivery,
            ),
        ),
        _role(
            source,
            _ROLE,
            "logs.amazonaws.com",
            ["firehose:PutRecord", "firehose:PutRecordBatch"],
            arn,
        ),
        _subscription(source, arn, _role_arn(source, _ROLE)),
    ]


def _lambda(source: LogSource, endpoint: str) -> list[Step]:
    name, partition = source.stream, partition_of(source.region)
    variables = {"TRAILMAP_ENDPOINT": endpoint, "TRAILMAP_KEY": _KEY}
    arn = _arn(source, "lambda", f"function:{name}")
    make = [
        "zip forwarder.zip forwarder.py",
        _aws(
            None,
            "iam create-role",
            role_name=_DELIVERY_ROLE,
            assume_role_policy_document=_trust("lambda.amazonaws.com"),
        ),
        _aws(
            None,
            "iam attach-role-policy",
            role_name=_DELIVERY_ROLE,
            policy_arn=f"arn:{partition}:iam::aws:policy/{_LAMBDA_LOGS}",
        ),
        _aws(
            source,
            "lambda create-function",
            function_name=name,
            runtime="python3.13",
            handler="forwarder.handler",
            timeout="30",
            role=_role_arn(source, _DELIVERY_ROLE),
            environment={"Variables": variables},
            zip_file="fileb://forwarder.zip",
        ),
        _aws(
            source,
            "lambda add-permission",
            function_name=name,
            statement_id="trailmap",
            action="lambda:InvokeFunction",
            principal="logs.amazonaws.com",
            source_account=source.account_id,
        ),
    ]
    return [
        Step("Save this as forwarder.py", FORWARDER.read_text(), is_code=True),
        Step("Make the function of it, and let CloudWatch Logs call it", _all(make)),
        _subscription(source, arn),
    ]


def _bucket(source: LogSource, endpoint: str) -> list[Step]:
    prefix = source.prefix.rstrip("/") or "exported"
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            _allow(["s3:GetBucketAcl"], bucket_arn(source.bucket, source.region)),
            _allow(["s3:PutObject"], bucket_arn(source.bucket, source.region) + "/*"),
        ],
    }
    for statement in policy["Statement"]:
        statement["Principal"] = {"Service": f"logs.{source.region}.amazonaws.com"}  # type: ignore[index]
    group = source.log_group or _GROUP
    return [
        Step(
            "Let CloudWatch Logs write to the bucket",
            _aws(
                source, "s3api put-bucket-policy", bucket=source.bucket, policy=policy
            ),
        ),
        Step(
            "Export a log group; FROM and TO are milliseconds since 1970",
            _aws(
                source,
                "logs create-export-task",
                log_group_name=group,
                **{"from": "FROM", "to": "TO"},
                destination=source.bucket,
                destination_prefix=prefix,
            ),
        ),
    ]


def _role(
    source: LogSource,
    name: str,
    service: str,
    actions: Sequence[str],
    resources: str | Sequence[str],
) -> Step:
    policy = {"Version": "2012-10-17", "Statement": [_allow(actions, resources)]}
    commands = [
        _aws(
            None,
            "iam create-role",
            role_name=name,
            assume_role_policy_document=_trust(service),
        ),
        _aws(
            None,
            "iam put-role-policy",
            role_name=name,
            policy_name=name,
            policy_document=policy,
        ),
    ]
    who = "CloudWatch Logs" if service.startswith("logs.") else "Firehose"
    return Step(f"Give {who} a role to write with", _all(commands))


def _subscription(source: LogSource, destination: str, role: str = "") -> Step:
    """The same for every log group that is to be delivered."""
    with_role = {"role_arn": role} if role else {}
    return Step(
        "Subscribe each log group; AWS allows two subscriptions of a group",
        _aws(
            source,
            "logs put-subscription-filter",
            log_group_name=_GROUP,
            filter_name="trailmap",
            filter_pattern="",
            destination_arn=destination,
            **with_role,
        ),
    )


def _allow(actions: Sequence[str], resources: str | Sequence[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resources}


def _trust(service: str) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _arn(source: LogSource, service: str, resource: str) -> str:
    partition = partition_of(source.region)
    return f"arn:{partition}:{service}:{source.region}:{source.account_id}:{resource}"


def _role_arn(source: LogSource, name: str) -> str:
    return f"arn:{partition_of(source.region)}:iam::{source.account_id}:role/{name}"


def _aws(source: LogSource | None, command: str, **options: Any) -> str:
    """A command as a shell takes it; what is not text is written as JSON."""
    region = {"region": source.region} if source else {}
    words = [
        f"--{name.replace('_', '-')} {shlex.quote(_text(value))}"
        for name, value in (region | options).items()
    ]
    return " \\\n  ".join([f"aws {command}", *words])


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _all(commands: Sequence[str]) -> str:
    return "\n".join(commands)
