"""Each type of resource that is recorded, made and found."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from tests.sandbox.cloudtrail.conftest import bucket_policy
from tests.sandbox.config.conftest import ALL, PassTime
from tests.sandbox.config.test_recording import Record
from tests.sandbox.conftest import Client

TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    },
}


def recorded(config: Any, kind: str) -> list[dict[str, Any]]:
    expression = f"SELECT * WHERE resourceType = '{kind}'"
    found = config.select_resource_config(Expression=expression)["Results"]
    return [json.loads(one) for one in found]


def test_containers_are_recorded(
    config: Any, client: Client, record: Record, pass_time: PassTime
) -> None:
    record(ALL)
    ecs = client("ecs")
    ecs.create_cluster(clusterName="shop")
    container = {"name": "web", "image": "web", "memory": 64}
    ecs.register_task_definition(family="web", containerDefinitions=[container])
    ecs.create_service(cluster="shop", serviceName="web", taskDefinition="web")
    pass_time(2)

    (service,) = recorded(config, "AWS::ECS::Service")
    (definition,) = recorded(config, "AWS::ECS::TaskDefinition")

    assert service["resourceName"] == "web"
    assert service["configuration"]["ClusterArn"].endswith("cluster/shop")
    assert definition["configuration"]["ContainerDefinitions"][0]["Image"] == "web"
    assert len(recorded(config, "AWS::ECS::Cluster")) == 1


def test_apis_and_stages_are_recorded(
    config: Any, client: Client, record: Record, pass_time: PassTime
) -> None:
    record(ALL)
    gateway = client("apigateway")
    api = gateway.create_rest_api(name="shop")
    where = {"restApiId": api["id"], "resourceId": api["rootResourceId"]}
    gateway.put_method(**where, httpMethod="GET", authorizationType="NONE")
    gateway.put_integration(**where, httpMethod="GET", type="MOCK")
    gateway.create_deployment(restApiId=api["id"], stageName="prod")
    pass_time(2)

    (stage,) = recorded(config, "AWS::ApiGateway::Stage")

    assert stage["resourceId"].endswith(f"/restapis/{api['id']}/stages/prod")
    assert recorded(config, "AWS::ApiGateway::RestApi")[0]["resourceName"] == "shop"


def test_machines_databases_and_balancers_are_recorded(
    config: Any, client: Client, record: Record, pass_time: PassTime
) -> None:
    record(ALL)
    ec2 = client("ec2")
    ec2.run_instances(ImageId="ami-1", MinCount=1, MaxCount=1)
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]]
    client("elbv2").create_load_balancer(Name="web", Subnets=subnets[:2])
    client("rds").create_db_instance(
        DBInstanceIdentifier="orders", DBInstanceClass="db.t3.micro", Engine="postgres",
        MasterUsername="admin1", MasterUserPassword="password1", AllocatedStorage=20,
    )  # fmt: skip
    pass_time(2)

    (instance,) = recorded(config, "AWS::EC2::Instance")
    (database,) = recorded(config, "AWS::RDS::DBInstance")
    (balancer,) = recorded(config, "AWS::ElasticLoadBalancingV2::LoadBalancer")

    assert instance["availabilityZone"].startswith("eu-west-1")
    assert database["resourceName"] == "orders"
    assert database["configuration"]["storageEncrypted"] is False
    assert balancer["resourceName"] == "web"


def test_what_holds_and_carries_data_is_recorded(
    config: Any, client: Client, record: Record, pass_time: PassTime
) -> None:
    record(ALL)
    client("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client("kms").create_key(Description="orders")
    policy = bucket_policy("deliveries")
    client("s3").put_bucket_policy(Bucket="deliveries", Policy=policy)
    client("cloudtrail").create_trail(Name="trail", S3BucketName="deliveries")
    pass_time(2)

    (table,) = recorded(config, "AWS::DynamoDB::Table")
    (key,) = recorded(config, "AWS::KMS::Key")
    (trail,) = recorded(config, "AWS::CloudTrail::Trail")

    assert "ContinuousBackups" in table["supplementaryConfiguration"]
    assert key["configuration"]["description"] == "orders"
    assert trail["configuration"]["s3BucketName"] == "deliveries"
    assert recorded(config, "AWS::SQS::Queue")[0]["resourceName"] == "inbox"
    assert recorded(config, "AWS::SNS::Topic")[0]["resourceName"] == "config"


def test_functions_are_recorded_with_their_role(
    config: Any, client: Client, record: Record, pass_time: PassTime
) -> None:
    record(ALL)
    role = client("iam").create_role(
        RoleName="runs", AssumeRolePolicyDocument=json.dumps(TRUST)
    )["Role"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("a.py", "")
    client("lambda").create_function(
        FunctionName="pay", Runtime="python3.11", Role=role["Arn"], Handler="a.run",
        Code={"ZipFile": code.getvalue()}, Tags={"team": "pay"},
    )  # fmt: skip
    pass_time(2)

    (function,) = recorded(config, "AWS::Lambda::Function")

    assert function["tags"][0]["tag"] == "team=pay"
    assert function["relationships"][0]["resourceId"] == "runs"
    assert recorded(config, "AWS::IAM::Role")[0]["resourceId"] == role["RoleId"]
