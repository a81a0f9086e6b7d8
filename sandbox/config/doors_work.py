"""Functions, containers, queues, topics, trails and identities."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sandbox.config.door import Door, Raw, seconds, tags_of, without
from sandbox.config.items import REGIONAL, Found, Relationship
from sandbox.config.reading import Reader

_GLOBAL = "global"
# What is not in the CloudFormation schema of a service, which Config follows.
_MOVING_SERVICE = (
    "CreatedAt", "Deployments", "Events", "PendingCount", "RunningCount", "Tags",
    "TaskSets",
)  # fmt: skip
_MOVING_CLUSTER = (
    "ActiveServicesCount", "PendingTasksCount", "RegisteredContainerInstancesCount",
    "RunningTasksCount", "Statistics", "Tags",
)  # fmt: skip
_MOVING_TOPIC = (
    "SubscriptionsConfirmed", "SubscriptionsDeleted", "SubscriptionsPending",
)  # fmt: skip


def _functions(reader: Reader) -> Mapping[str, Raw]:
    found = reader.every("lambda", "list_functions", "functions")
    return {one["functionName"]: one for one in found}


def _function(reader: Reader, raw: Raw) -> Found | None:
    name = raw["functionName"]
    policy = reader.ask_or_none("lambda", "get_policy", FunctionName=name)
    told = reader.ask_or_none("lambda", "list_tags", Resource=raw["functionArn"])
    if told is None:
        return None
    role = raw.get("role", "").rpartition("/")[2]
    return Found(
        "AWS::Lambda::Function",
        name,
        # Config keeps no values of the environment.
        without(raw, "environment", "state", "lastUpdateStatus"),
        name,
        raw["functionArn"],
        told.get("tags", {}),
        {"Policy": policy["policy"] if policy else None, "Tags": told.get("tags", {})},
        (Relationship("Is associated with Role", "AWS::IAM::Role", role),),
        REGIONAL,
    )


def _clusters(reader: Reader) -> Mapping[str, Raw]:
    arns = reader.every("ecs", "list_clusters", "ClusterArns")
    if not arns:
        return {}
    told = reader.ask(
        "ecs", "describe_clusters", clusters=arns, include=["TAGS", "SETTINGS"]
    )
    return {
        one["ClusterArn"]: one
        for one in told["Clusters"]
        if one.get("Status") != "INACTIVE"
    }


def _cluster(reader: Reader, raw: Raw) -> Found:
    return Found(
        "AWS::ECS::Cluster",
        raw["ClusterArn"],
        without(raw, *_MOVING_CLUSTER),
        raw["ClusterName"],
        raw["ClusterArn"],
        tags_of(raw.get("Tags", ())),
        zone=REGIONAL,
    )


def _services(reader: Reader) -> Mapping[str, Raw]:
    found: dict[str, Raw] = {}
    for cluster in reader.every("ecs", "list_clusters", "ClusterArns"):
        arns = reader.every("ecs", "list_services", "ServiceArns", cluster=cluster)
        # DescribeServices takes ten at a time.
        for at in range(0, len(arns), 10):
            told = reader.ask(
                "ecs",
                "describe_services",
                cluster=cluster,
                services=arns[at : at + 10],
                include=["TAGS"],
            )
            found |= {
                one["ServiceArn"]: one
                for one in told["Services"]
                if one.get("Status") != "INACTIVE"
            }
    return found


def _service(reader: Reader, raw: Raw) -> Found:
    cluster, definition = raw["ClusterArn"], raw.get("TaskDefinition", "")
    return Found(
        "AWS::ECS::Service",
        raw["ServiceArn"],
        without(raw, *_MOVING_SERVICE),
        raw["ServiceName"],
        raw["ServiceArn"],
        tags_of(raw.get("Tags", ())),
        relationships=(
            Relationship("Is contained in Cluster", "AWS::ECS::Cluster", cluster),
            Relationship(
                "Is associated with TaskDefinition",
                "AWS::ECS::TaskDefinition",
                definition,
            ),
        ),
        zone=REGIONAL,
    )


def _definitions(reader: Reader) -> Mapping[str, Raw]:
    arns = reader.every("ecs", "list_task_definitions", "TaskDefinitionArns")
    return {arn: arn for arn in arns}


def _definition(reader: Reader, arn: str) -> Found:
    told = reader.ask(
        "ecs", "describe_task_definition", taskDefinition=arn, include=["TAGS"]
    )
    definition = without(told["TaskDefinition"], "RegisteredAt", "RegisteredBy")
    name = definition["Family"]
    tags = tags_of(told.get("Tags", ()))
    kind = "AWS::ECS::TaskDefinition"
    return Found(kind, arn, definition, name, arn, tags, zone=REGIONAL)


def _queues(reader: Reader) -> Mapping[str, Raw]:
    return {url: url for url in reader.every("sqs", "list_queues", "queueUrls")}


def _queue(reader: Reader, url: str) -> Found | None:
    told = reader.ask_or_none(
        "sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"]
    )
    if told is None:
        return None
    attributes = {
        name: value
        for name, value in told["attributes"].items()
        if not name.startswith("Approximate") and name != "LastModifiedTimestamp"
    }
    tags = reader.ask("sqs", "list_queue_tags", QueueUrl=url).get("tags", {})
    arn = attributes["QueueArn"]
    created = float(attributes["CreatedTimestamp"])
    name = url.rpartition("/")[2]
    return Found(
        "AWS::SQS::Queue", url, attributes, name, arn, tags, zone=REGIONAL,
        created=created,
    )  # fmt: skip


def _topics(reader: Reader) -> Mapping[str, Raw]:
    found = reader.every("sns", "list_topics", "topics")
    return {one["topicArn"]: one["topicArn"] for one in found}


def _topic(reader: Reader, arn: str) -> Found | None:
    told = reader.ask_or_none("sns", "get_topic_attributes", TopicArn=arn)
    if told is None:
        return None
    tags = reader.ask("sns", "list_tags_for_resource", ResourceArn=arn)["tags"]
    attributes = without(told["attributes"], *_MOVING_TOPIC)
    name = arn.rpartition(":")[2]
    kind = "AWS::SNS::Topic"
    return Found(kind, arn, attributes, name, arn, tags_of(tags), zone=REGIONAL)


def _trails(reader: Reader) -> Mapping[str, Raw]:
    told = reader.ask("cloudtrail", "describe_trails")
    return {
        trail["name"]: trail
        for trail in told["trailList"]
        if trail.get("homeRegion", reader.region) == reader.region
    }


def _trail(reader: Reader, raw: Raw) -> Found:
    arn = raw["trailARN"]
    told = reader.ask("cloudtrail", "list_tags", ResourceIdList=[arn])
    tags = told["resourceTagList"][0]["tagsList"] if told["resourceTagList"] else []
    bucket = Relationship(
        "Is associated with S3 Bucket", "AWS::S3::Bucket", raw["s3BucketName"]
    )
    kind = "AWS::CloudTrail::Trail"
    return Found(
        kind, raw["name"], raw, raw["name"], arn, tags_of(tags), {}, (bucket,),
    )  # fmt: skip


def _details(
    kind: str, member: str, id_name: str
) -> Callable[[Reader], Mapping[str, Raw]]:
    def listed(reader: Reader) -> Mapping[str, Raw]:
        found = reader.every(
            "iam", "get_account_authorization_details", member, Filter=[kind]
        )
        return {one[id_name]: one for one in found}

    return listed


def _identity(kind: str, id_name: str, name: str) -> Callable[[Reader, Raw], Found]:
    def read(reader: Reader, raw: Raw) -> Found:
        attached = [one["policyArn"] for one in raw.get("attachedManagedPolicies", ())]
        return Found(
            kind,
            raw[id_name],
            without(raw, "roleLastUsed"),
            raw[name],
            raw["arn"],
            tags_of(raw.get("tags", ())),
            relationships=tuple(
                Relationship(
                    "Is attached to CustomerManagedPolicy", "AWS::IAM::Policy", a
                )
                for a in attached
            ),
            region=_GLOBAL,
            created=seconds(raw.get("createDate")),
        )

    return read


_USERS = _details("User", "userDetailList", "userId")
_ROLES = _details("Role", "roleDetailList", "roleId")
_POLICIES = _details("LocalManagedPolicy", "policies", "policyId")
_ECS = "ecs"
DOORS = (
    Door(
        "AWS::Lambda::Function",
        "lambda",
        _functions,
        _function,
        ("Function", "Permission", "Resource"),
        is_deep=True,
    ),
    Door("AWS::ECS::Cluster", _ECS, _clusters, _cluster, ("Cluster", "agResource")),
    Door("AWS::ECS::Service", _ECS, _services, _service, ("Service", "agResource")),
    Door(
        "AWS::ECS::TaskDefinition",
        _ECS,
        _definitions,
        _definition,
        ("TaskDefinition", "agResource"),
        is_deep=True,
    ),
    Door(
        "AWS::SQS::Queue", "sqs", _queues, _queue, ("Queue", "Permission"), is_deep=True
    ),
    Door(
        "AWS::SNS::Topic",
        "sns",
        _topics,
        _topic,
        ("Topic", "agResource", "Permission"),
        is_deep=True,
    ),
    Door("AWS::CloudTrail::Trail", "cloudtrail", _trails, _trail),
    Door(
        "AWS::IAM::User",
        "iam",
        _USERS,
        _identity("AWS::IAM::User", "userId", "userName"),
        ("User", "Group"),
        is_global=True,
    ),
    Door(
        "AWS::IAM::Role",
        "iam",
        _ROLES,
        _identity("AWS::IAM::Role", "roleId", "roleName"),
        ("Role",),
        is_global=True,
    ),
    Door(
        "AWS::IAM::Policy",
        "iam",
        _POLICIES,
        _identity("AWS::IAM::Policy", "policyId", "policyName"),
        ("Policy",),
        is_global=True,
    ),
)
