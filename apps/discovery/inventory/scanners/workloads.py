"""Functions, containers and groups of machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from apps.discovery.inventory.parsing import tags_of
from apps.discovery.inventory.scanners.base import MANY_ZONES, Scanner, Seen, links
from apps.discovery.inventory.scanners.reading import Raw, Reader, in_tens, without

_CLUSTER = "AWS::ECS::Cluster"
_SERVICE = "AWS::ECS::Service"
_DEFINITION = "AWS::ECS::TaskDefinition"
_MOVING_CLUSTER = (
    "ActiveServicesCount", "PendingTasksCount", "RegisteredContainerInstancesCount",
    "RunningTasksCount", "Statistics", "Tags",
)  # fmt: skip
_MOVING_SERVICE = (
    "CreatedAt", "Deployments", "Events", "PendingCount", "RunningCount", "Tags",
    "TaskSets",
)  # fmt: skip
_INACTIVE = "INACTIVE"


def _functions(reader: Reader, id_: str) -> Iterable[Raw]:
    if not id_:
        return reader.every("lambda", "list_functions", "functions")
    told = reader.maybe("lambda", "get_function_configuration", FunctionName=id_)
    return [told] if told else []


def _function(reader: Reader, raw: Raw) -> Seen | None:
    name = raw["functionName"]
    tags = reader.maybe("lambda", "list_tags", Resource=raw["functionArn"])
    if tags is None:
        return None
    policy = reader.maybe("lambda", "get_policy", FunctionName=name) or {}
    limit = reader.maybe("lambda", "get_function_concurrency", FunctionName=name) or {}
    role = raw.get("role", "").rpartition("/")[2]
    return Seen(
        name,
        # The values of the environment are nobody's business, as with Config.
        without(raw, "environment", "state", "lastUpdateStatus", "responseMetadata"),
        name,
        raw["functionArn"],
        tags.get("tags", {}),
        {
            "Policy": policy.get("policy"),
            "Tags": tags.get("tags", {}),
            "reservedConcurrentExecutions": limit.get("reservedConcurrentExecutions"),
        },
        links("Is associated with Role", "AWS::IAM::Role", [role]),
    )


def _clusters(reader: Reader, id_: str) -> Iterator[Raw]:
    arns = [id_] if id_ else reader.every("ecs", "list_clusters", "ClusterArns")
    for some in in_tens(arns, 100):
        told = reader.ask(
            "ecs", "describe_clusters", clusters=some, include=["TAGS", "SETTINGS"]
        )
        for one in told.get("Clusters", ()):
            if one.get("Status") != _INACTIVE:
                yield one


def _cluster(reader: Reader, raw: Raw) -> Seen:
    arn = raw["ClusterArn"]
    configuration = without(raw, *_MOVING_CLUSTER)
    return Seen(arn, configuration, raw["ClusterName"], arn, tags_of(raw.get("Tags")))


def _services(reader: Reader, id_: str) -> Iterator[Raw]:
    if id_:
        # arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/SERVICE
        parts = id_.split("/")
        yield from _described(reader, parts[1] if len(parts) > 2 else "default", [id_])  # noqa: PLR2004
        return
    for cluster in list(reader.every("ecs", "list_clusters", "ClusterArns")):
        arns = reader.every("ecs", "list_services", "ServiceArns", cluster=cluster)
        yield from _described(reader, cluster, arns)


def _described(reader: Reader, cluster: str, arns: Iterable[str]) -> Iterator[Raw]:
    """DescribeServices takes ten at a time, and answers for those that are gone too."""
    for some in in_tens(arns):
        told = reader.maybe(
            "ecs", "describe_services", cluster=cluster, services=some, include=["TAGS"]
        )
        for one in (told or {}).get("Services", ()):
            if one.get("Status") != _INACTIVE:
                yield one


def _service(reader: Reader, raw: Raw) -> Seen:
    arn = raw["ServiceArn"]
    return Seen(
        arn,
        without(raw, *_MOVING_SERVICE),
        raw["ServiceName"],
        arn,
        tags_of(raw.get("Tags")),
        relationships=(
            *links("Is contained in Cluster", _CLUSTER, [raw["ClusterArn"]]),
            *links(
                "Is associated with TaskDefinition",
                _DEFINITION,
                [raw.get("TaskDefinition", "")],
            ),
        ),
    )


def _definitions(reader: Reader, id_: str) -> Iterable[Raw]:
    if id_:
        return [id_]
    return reader.every("ecs", "list_task_definitions", "TaskDefinitionArns")


def _definition(reader: Reader, arn: str) -> Seen | None:
    told = reader.maybe(
        "ecs", "describe_task_definition", taskDefinition=arn, include=["TAGS"]
    )
    if told is None or told["TaskDefinition"].get("Status") == _INACTIVE:
        return None
    definition = without(told["TaskDefinition"], "RegisteredAt", "RegisteredBy")
    return Seen(arn, definition, definition["Family"], arn, tags_of(told.get("Tags")))


def _groups(reader: Reader, id_: str) -> Iterator[Raw]:
    """Config identifies a group by its ARN; the API by its name, which ends it."""
    named = {}
    if id_:
        named = {"AutoScalingGroupNames": [id_.rpartition("autoScalingGroupName/")[2]]}
    yield from reader.some(
        "autoscaling", "describe_auto_scaling_groups", "autoScalingGroups", **named
    )


def _group(reader: Reader, raw: Raw) -> Seen:
    arn = raw["autoScalingGroupARN"]
    machines = [one["instanceId"] for one in raw.get("instances", ())]
    return Seen(
        arn,
        raw,
        raw["autoScalingGroupName"],
        arn,
        tags_of(raw.get("tags")),
        relationships=links("Contains Instance", "AWS::EC2::Instance", machines),
        zone=MANY_ZONES,
        created=raw.get("createdTime"),
    )


SCANNERS = (
    Scanner(
        "AWS::Lambda::Function",
        _functions,
        _function,
        (
            "lambda:GetFunctionConcurrency",
            "lambda:GetFunctionConfiguration",
            "lambda:GetPolicy",
            "lambda:ListFunctions",
            "lambda:ListTags",
        ),
    ),
    Scanner(
        _CLUSTER, _clusters, _cluster, ("ecs:DescribeClusters", "ecs:ListClusters")
    ),
    Scanner(
        _SERVICE,
        _services,
        _service,
        ("ecs:DescribeServices", "ecs:ListClusters", "ecs:ListServices"),
    ),
    Scanner(
        _DEFINITION,
        _definitions,
        _definition,
        ("ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions"),
    ),
    Scanner(
        "AWS::AutoScaling::AutoScalingGroup",
        _groups,
        _group,
        ("autoscaling:DescribeAutoScalingGroups",),
    ),
)
