"""ECS, walked with the AWS CLI."""

from __future__ import annotations

import json
from collections.abc import Callable

from sandbox.assembly import Sandbox
from tests.sandbox.tour.aws import Aws
from tests.sandbox.tour.conftest import all_of

ON = "--cluster shop"
NETWORK = "--network-configuration awsvpcConfiguration={subnets=[subnet-a]}"


def walk_cluster(aws: Aws) -> None:
    arn = aws("ecs create-cluster --cluster-name shop")["cluster"]["clusterArn"]
    assert aws("ecs list-clusters")["clusterArns"] == [arn]
    aws(f"ecs tag-resource --resource-arn {arn} --tags key=team,value=shop")
    tags = aws(f"ecs list-tags-for-resource --resource-arn {arn}")["tags"]
    assert tags == [{"key": "team", "value": "shop"}]
    aws(f"ecs untag-resource --resource-arn {arn} --tag-keys team")
    assert aws(f"ecs list-tags-for-resource --resource-arn {arn}")["tags"] == []


def walk_services(aws: Aws, pass_time: Callable[[float], None]) -> None:
    made = aws(
        f"ecs create-service {ON} --service-name cart --task-definition cart {NETWORK} "
        "--desired-count 1 --launch-type FARGATE"
    )
    assert made["service"]["status"] == "ACTIVE"
    for _ in range(10):
        pass_time(1)
    listed = aws(f"ecs list-services {ON}")["serviceArns"]
    assert listed == [made["service"]["serviceArn"]]
    shown = aws(f"ecs describe-services {ON} --services cart")["services"][0]
    assert shown["runningCount"] == 1
    (deployed,) = aws(f"ecs list-service-deployments {ON} --service cart")[
        "serviceDeployments"
    ]
    assert deployed["serviceArn"] == made["service"]["serviceArn"]
    wanted = aws(f"ecs update-service {ON} --service cart --desired-count 0")
    assert wanted["service"]["desiredCount"] == 0
    deleted = aws(f"ecs delete-service {ON} --service cart")
    assert deleted["service"]["status"] == "DRAINING"


def walk_tasks(aws: Aws) -> None:
    run = aws(f"ecs run-task {ON} --task-definition cart {NETWORK} --started-by me")
    arn = run["tasks"][0]["taskArn"]
    assert aws(f"ecs list-tasks {ON} --started-by me")["taskArns"] == [arn]
    stopped = aws(f"ecs stop-task {ON} --task {arn} --reason over")["task"]
    assert stopped["desiredStatus"] == "STOPPED"
    shown = aws(f"ecs describe-tasks {ON} --tasks {arn}")["tasks"][0]
    assert shown["stoppedReason"] == "over"


def test_clusters_services_and_tasks(
    aws: Aws,
    sandbox: Sandbox,
    walked: set[str],
    pass_time: Callable[[float], None],
) -> None:
    walk_cluster(aws)
    aws(
        "ecs register-task-definition --family cart --network-mode awsvpc "
        "--container-definitions",
        json.dumps([{"name": "app", "image": "shop/cart", "memory": 128}]),
    )
    defined = aws("ecs list-task-definitions --family-prefix cart")
    assert [arn[-6:] for arn in defined["taskDefinitionArns"]] == ["cart:1"]
    walk_services(aws, pass_time)
    walk_tasks(aws)
    assert aws("ecs describe-clusters --clusters shop")["clusters"][0]["tags"] == []
    for _ in range(10):
        pass_time(1)
    assert aws("ecs delete-cluster --cluster shop")["cluster"]["status"] == "INACTIVE"
    assert walked >= all_of(sandbox, "ecs")
