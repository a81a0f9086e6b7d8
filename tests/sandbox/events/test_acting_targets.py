"""Targets that do something: automations, tasks and functions."""

from __future__ import annotations

import json

from sandbox.assembly import Sandbox
from sandbox.functions import Lambda
from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.sandbox.conftest import Client
from tests.sandbox.ecs.test_ecs import a_definition
from tests.sandbox.events.test_events import ORDERS, Pass, a_rule, put
from tests.sandbox.functions.functions import a_function
from tests.sandbox.ssm.automations import a_document, api


def test_a_rule_starts_an_automation(client: Client, pass_time: Pass) -> None:
    step = api("make", "sqs", "CreateQueue", QueueName="{{ Name }}")
    a_document(client, step, parameters={"Name": {"type": "String"}})
    arn = f"arn:aws:ssm:{HOME_REGION}:{SHOP}:automation-definition/Own:$DEFAULT"
    a_rule(client, ORDERS, {"Arn": arn, "Input": json.dumps({"Name": ["made"]})})

    put(client, {"id": 7})
    pass_time(0)
    pass_time(0)

    assert client("sqs").get_queue_url(QueueName="made")


def test_a_rule_runs_a_task(client: Client, pass_time: Pass) -> None:
    arn = client("ecs").create_cluster(clusterName="shop")["cluster"]["clusterArn"]
    vpc = {"awsvpcConfiguration": {"Subnets": ["subnet-a"]}}
    run = {"TaskDefinitionArn": a_definition(client), "NetworkConfiguration": vpc}
    a_rule(client, ORDERS, {"Arn": arn, "EcsParameters": run})

    put(client, {"id": 7})
    pass_time(0)

    tasks = client("ecs").list_tasks(cluster="shop", startedBy="events-rule/rule")
    assert len(tasks["taskArns"]) == 1


def test_a_rule_invokes_a_function(
    client: Client, pass_time: Pass, sandbox: Sandbox
) -> None:
    a_rule(client, ORDERS, {"Arn": a_function(client, "def handle(e, c): return 1")})

    put(client, {"id": 7})
    pass_time(0)
    functions = sandbox.service("lambda")
    assert isinstance(functions, Lambda)
    functions.settle()

    found = client("cloudwatch").list_metrics(Namespace="AWS/Lambda")["Metrics"]
    assert "Invocations" in {metric["MetricName"] for metric in found}
