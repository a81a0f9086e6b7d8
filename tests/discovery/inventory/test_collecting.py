"""Resources of an account as AWS Config tells of them, and as we see them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from apps.discovery.accounts import target
from apps.discovery.aws import forget_sessions
from apps.discovery.inventory.fresh import read_fresh
from apps.discovery.inventory.items import ItemSource, ResourceKey
from apps.discovery.models import (
    ConfigGap,
    ConfigNotice,
    ConfigSource,
    Resource,
    ResourceItem,
)
from apps.search.models import QuarantinedRecord
from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.discovery.inventory.conftest import Now, Run
from tests.sandbox.config.conftest import TOPIC, PassTime, close_port, open_port
from tests.sandbox.conftest import Client

GROUP = "AWS::EC2::SecurityGroup"
Group = Callable[..., str]
Record = Callable[..., None]


@pytest.fixture
def queue(source: ConfigSource, client: Client, record: Record) -> str:
    """Records security groups, and a queue of ours hears of it."""
    record()
    sqs = client("sqs")
    found: str = sqs.create_queue(QueueName="ours")["QueueUrl"]
    arn = f"arn:aws:sqs:{HOME_REGION}:{SHOP}:ours"
    client("sns").subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=arn)
    ConfigSource.objects.filter(pk=source.pk).update(
        queue_url=found, bucket="deliveries"
    )
    return found


def ports(row: Resource) -> list[int]:
    return [one["fromPort"] for one in row.configuration["ipPermissions"]]


def test_a_change_is_known_as_soon_as_the_queue_tells_of_it(
    queue: str, group: Group, client: Client, pass_time: PassTime, hear: Run
) -> None:
    web = group()
    pass_time(2)
    open_port(client, web, 22)
    pass_time(2)

    assert hear().hearing_problem == ""

    row = Resource.objects.get(type=GROUP, resource_id=web)
    assert ports(row) == [22]
    assert row.items.count() == 2
    assert client("sqs").receive_message(QueueUrl=queue).get("Messages") is None


def test_what_is_deleted_is_known_to_be(
    queue: str, group: Group, client: Client, pass_time: PassTime, hear: Run
) -> None:
    web = group()
    pass_time(2)
    client("ec2").delete_security_group(GroupId=web)
    pass_time(2)
    hear()

    assert Resource.objects.get(resource_id=web).deleted_at is not None


def test_messages_that_tell_no_item_are_kept_or_quarantined(
    queue: str, client: Client, hear: Run
) -> None:
    strange = json.dumps({"messageType": "SomethingNew", "recordVersion": "9"})
    for body in (strange, strange, "no JSON", '{"messageType": "ConfigurationItem'):
        client("sqs").send_message(QueueUrl=queue, MessageBody=body)
    hear()

    assert ConfigNotice.objects.get().message_type == "SomethingNew"
    assert QuarantinedRecord.objects.count() == 2
    assert client("sqs").receive_message(QueueUrl=queue).get("Messages") is None


@pytest.fixture
def recorded(source: ConfigSource, record: Record) -> None:
    """Config records security groups, and alone tells of resources."""
    ConfigSource.objects.update(scans=False)
    record()


def test_what_no_message_told_is_found_by_asking_with_its_past(
    recorded: None, group: Group, client: Client, pass_time: PassTime, collect: Run
) -> None:
    web = group()
    pass_time(2)
    open_port(client, web, 22)
    pass_time(2)

    assert collect().problem == ""

    row = Resource.objects.get(type=GROUP, resource_id=web)
    assert ports(row) == [22]
    assert row.items.count() == 2
    assert row.links.get().to_type == "AWS::EC2::VPC"
    before = ResourceItem.objects.count()
    collect()
    assert ResourceItem.objects.count() == before


def test_a_recorder_that_is_off_is_a_gap_until_it_runs(
    source: ConfigSource, record: Record, config: Any, collect: Run
) -> None:
    ConfigSource.objects.update(scans=False)
    record({"allSupported": True, "includeGlobalResourceTypes": True})
    config.stop_configuration_recorder(ConfigurationRecorderName="default")
    collect()
    assert ConfigGap.objects.get(until=None).reason == ConfigGap.Reason.OFF

    config.start_configuration_recorder(ConfigurationRecorderName="default")
    collect()

    assert not ConfigGap.objects.filter(until=None).exists()


def test_a_recorder_of_some_types_is_a_gap_of_the_others(
    recorded: None, collect: Run
) -> None:
    collect()

    gap = ConfigGap.objects.get(until=None)
    assert gap.reason == ConfigGap.Reason.NARROWED
    assert GROUP not in gap.types
    assert "AWS::S3::Bucket" in gap.types


def build(client: Client) -> None:
    """One of most types."""
    ec2, iam, elb = client("ec2"), client("iam"), client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{HOME_REGION}{z}"
        )["Subnet"]["SubnetId"]
        for n, z in enumerate("ab")
    ]
    volume = ec2.create_volume(Size=1, AvailabilityZone=f"{HOME_REGION}a")["VolumeId"]
    ec2.create_snapshot(VolumeId=volume)
    client("s3").create_bucket(
        Bucket="assets", CreateBucketConfiguration={"LocationConstraint": HOME_REGION}
    )
    iam.create_user(UserName="kim")
    iam.create_access_key(UserName="kim")
    iam.update_account_password_policy(MinimumPasswordLength=14)
    balancer = elb.create_load_balancer(Name="front", Subnets=subnets)
    arn = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    fixed = {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "no"}
    elb.create_listener(
        LoadBalancerArn=arn,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": fixed}],
    )
    client("rds").create_db_instance(
        DBInstanceIdentifier="orders",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        AllocatedStorage=5,
        MasterUsername="kim",
        MasterUserPassword="not-a-secret-1",
    )
    client("sqs").create_queue(QueueName="work")
    client("sns").create_topic(Name="news")
    client("logs").create_log_group(logGroupName="/shop/web")
    client("kms").create_key(Description="ours")
    client("ecs").create_cluster(clusterName="shop")
    _api(client)
    zone = client("route53").create_hosted_zone(Name="shop.test.", CallerReference="1")
    assert zone["HostedZone"]["Id"]


def _api(client: Client) -> None:
    api = client("apigateway")
    id_ = api.create_rest_api(name="shop")["id"]
    root = api.get_resources(restApiId=id_)["items"][0]["id"]
    api.put_method(
        restApiId=id_, resourceId=root, httpMethod="GET", authorizationType="NONE"
    )
    api.put_integration(
        restApiId=id_,
        resourceId=root,
        httpMethod="GET",
        type="HTTP_PROXY",
        integrationHttpMethod="GET",
        uri="http://storefront.shop.internal/",
    )
    api.create_deployment(restApiId=id_, stageName="prod")


def test_where_config_is_off_we_look_ourselves(
    client: Client, collect: Run, source: ConfigSource, now: Now
) -> None:
    build(client)

    assert collect().problem == ""

    here = target(source.account, HOME_REGION)
    rows = list(Resource.objects.all())
    assert {
        "AWS::::Account", "AWS::ApiGateway::RestApi", "AWS::ApiGateway::Stage",
        "AWS::EC2::SecurityGroup", "AWS::EC2::Snapshot", "AWS::EC2::Subnet",
        "AWS::EC2::VPC", "AWS::EC2::Volume", "AWS::ECS::Cluster",
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::IAM::User", "AWS::KMS::Key",
        "AWS::Logs::LogGroup", "AWS::RDS::DBInstance", "AWS::Route53::HostedZone",
        "AWS::Route53::RecordSet", "AWS::S3::Bucket", "AWS::SNS::Topic",
        "AWS::SQS::Queue",
    } <= {row.type for row in rows}  # fmt: skip
    # One read alone is as it was among all.
    one_of_each = {row.type: row for row in rows}
    for row in one_of_each.values():
        fresh = read_fresh(here, row.key, now())
        assert fresh.digest == ResourceItem.objects.get(resource=row).digest, row
    stage = one_of_each["AWS::ApiGateway::Stage"]
    (integration,) = stage.supplementary["integrations"]
    assert integration["uri"] == "http://storefront.shop.internal/"
    user = Resource.objects.get(type="AWS::IAM::User", name="kim")
    assert [one["status"] for one in user.supplementary["accessKeys"]] == ["Active"]


def test_what_we_do_not_see_any_more_is_gone(
    client: Client, group: Group, collect: Run, pass_time: PassTime
) -> None:
    old = group()
    collect()
    client("ec2").delete_security_group(GroupId=old)
    pass_time(60)
    collect()

    assert Resource.objects.get(resource_id=old).deleted_at is not None


def test_what_we_may_not_list_is_not_gone(
    client: Client,
    group: Group,
    collect: Run,
    pass_time: PassTime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    web = group()
    collect()
    client("ec2").delete_security_group(GroupId=web)
    pass_time(60)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODY")
    forget_sessions()

    assert collect().problem
    assert Resource.objects.get(resource_id=web).deleted_at is None


def test_a_fresh_read_of_what_is_gone_says_so(
    client: Client, group: Group, source: ConfigSource, now: Now
) -> None:
    web = group()
    client("ec2").delete_security_group(GroupId=web)
    key = ResourceKey(SHOP, HOME_REGION, GROUP, web)

    found = read_fresh(target(source.account, HOME_REGION), key, now())

    assert found.status.is_gone
    assert found.source is ItemSource.SCANNER


def test_closing_what_was_open_is_seen_by_a_fresh_read(
    client: Client, group: Group, source: ConfigSource, now: Now
) -> None:
    web = group(port=22)
    key = ResourceKey(SHOP, HOME_REGION, GROUP, web)
    here = target(source.account, HOME_REGION)
    assert read_fresh(here, key, now()).configuration["ipPermissions"]

    close_port(client, web, 22)

    assert read_fresh(here, key, now()).configuration["ipPermissions"] == []
