"""Tables, databases, caches, queues, topics, and the API in front of it all."""

from __future__ import annotations

import json

from sandbox.kernel.cloud import HOME_REGION, SHOP
from sandbox.shop.estate.audit import make_bucket
from sandbox.shop.estate.sites import Site
from sandbox.shop.topology import API, STAGE, STORES, Store, StoreKind

ASSETS = "shop-assets"


def set_up(site: Site) -> None:
    for store in STORES.values():
        if store.account == site.account:
            _MAKERS[store.kind](site, store)
    if site.account == SHOP:
        make_bucket(site, ASSETS)
        _publish_api(site)


def _table(site: Site, store: Store) -> None:
    dynamodb = site.client("dynamodb")
    dynamodb.create_table(
        TableName=store.name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    dynamodb.update_continuous_backups(
        TableName=store.name,
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )


def _database(site: Site, store: Store) -> None:
    site.client("rds").create_db_instance(
        DBInstanceIdentifier=store.name,
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        MasterUsername="shop",
        ManageMasterUserPassword=True,
        AllocatedStorage=50,
        StorageEncrypted=True,
        PubliclyAccessible=False,
        BackupRetentionPeriod=7,
    )


def _cache(site: Site, store: Store) -> None:
    site.client("elasticache").create_cache_cluster(
        CacheClusterId=store.name,
        Engine="redis",
        CacheNodeType="cache.t4g.small",
        NumCacheNodes=1,
    )


def _queue(site: Site, store: Store) -> None:
    sqs = site.client("sqs")
    sqs.create_queue(QueueName=f"{store.name}-dead")
    dead = f"arn:aws:sqs:{HOME_REGION}:{site.account}:{store.name}-dead"
    redrive = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": "5"})
    sqs.create_queue(QueueName=store.name, Attributes={"RedrivePolicy": redrive})


def _topic(site: Site, store: Store) -> None:
    topic = site.client("sns").create_topic(Name=store.name)["TopicArn"]
    function = f"arn:aws:lambda:{HOME_REGION}:{site.account}:function:notifications"
    site.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)


_MAKERS = {
    StoreKind.DYNAMODB: _table,
    StoreKind.RDS: _database,
    StoreKind.CACHE: _cache,
    StoreKind.SQS: _queue,
    StoreKind.SNS: _topic,
}


def _publish_api(site: Site) -> None:
    """A REST API whose one resource hands everything to the storefront."""
    api = site.client("apigateway")
    api_id: str = api.create_rest_api(name=API)["id"]
    root = api.get_resources(restApiId=api_id)["items"][0]["id"]
    resource = api.create_resource(
        restApiId=api_id, parentId=root, pathPart="{proxy+}"
    )["id"]
    where = {"restApiId": api_id, "resourceId": resource, "httpMethod": "ANY"}
    api.put_method(**where, authorizationType="NONE")
    api.put_integration(
        **where,
        type="HTTP_PROXY",
        integrationHttpMethod="ANY",
        uri="https://storefront.shop.internal/{proxy}",
    )
    deployment = api.create_deployment(restApiId=api_id)["id"]
    api.create_stage(
        restApiId=api_id, stageName=STAGE, deploymentId=deployment, tracingEnabled=True
    )


def api_id_of(site: Site) -> str:
    items = site.client("apigateway").get_rest_apis()["items"]
    return next(str(item["id"]) for item in items if item["name"] == API)
