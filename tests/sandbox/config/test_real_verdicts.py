"""Every managed rule, over real resources: made wrong, then made right."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from sandbox.config.managed import EVALUATED
from sandbox.shop.estate.compute import zipped
from sandbox.shop.estate.sites import policy, trust
from tests.sandbox.cloudtrail.conftest import bucket_policy
from tests.sandbox.config.conftest import (
    ALL,
    PassTime,
    a_bucket,
    close_port,
    open_port,
)
from tests.sandbox.config.test_recording import Record
from tests.sandbox.config.test_rules import put_rule, verdicts
from tests.sandbox.conftest import Client

Act = Callable[[Client], Any]
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls",
          "BlockPublicPolicy", "RestrictPublicBuckets")  # fmt: skip
# moto dates keys by the machine's clock, wherever the sandbox's stands.
YEARS = 20 * 365 * 86_400


def group_of(client: Client) -> str:
    found = client("ec2").describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["web"]}]
    )["SecurityGroups"]
    if found:
        return str(found[0]["GroupId"])
    made = client("ec2").create_security_group(GroupName="web", Description="web")
    return str(made["GroupId"])


def opened(port: int) -> Act:
    return lambda client: open_port(client, group_of(client), port)


def closed(port: int) -> Act:
    return lambda client: close_port(client, group_of(client), port)


def listen(client: Client) -> None:
    subnets = [s["SubnetId"] for s in client("ec2").describe_subnets()["Subnets"][:2]]
    elb = client("elbv2")
    balancer = elb.create_load_balancer(Name="web", Subnets=subnets)["LoadBalancers"][0]
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[
            {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
        ],
    )


def redirect(client: Client) -> None:
    elb = client("elbv2")
    balancer = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    (listener,) = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    to = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    elb.modify_listener(
        ListenerArn=listener["ListenerArn"],
        DefaultActions=[{"Type": "redirect", "RedirectConfig": to}],
    )


def publish(client: Client) -> None:
    gateway = client("apigateway")
    api = gateway.create_rest_api(name="shop")
    where = {"restApiId": api["id"], "resourceId": api["rootResourceId"]}
    gateway.put_method(**where, httpMethod="GET", authorizationType="NONE")
    gateway.put_integration(**where, httpMethod="GET", type="MOCK")
    gateway.create_deployment(restApiId=api["id"], stageName="prod")


def log_calls(client: Client) -> None:
    gateway = client("apigateway")
    (api,) = gateway.get_rest_apis()["items"]
    level = {"op": "replace", "path": "/*/*/logging/loglevel", "value": "ERROR"}
    gateway.update_stage(restApiId=api["id"], stageName="prod", patchOperations=[level])


def bucket(client: Client) -> None:
    a_bucket(client, "assets")


def granted(permission: str) -> Act:
    """Of a canned ACL with two permissions for everyone moto tells one."""
    everyone = 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'

    def act(client: Client) -> None:
        bucket(client)
        client("s3").delete_public_access_block(Bucket="assets")
        client("s3").put_bucket_acl(Bucket="assets", **{permission: everyone})

    return act


def block(client: Client) -> None:
    client("s3").put_public_access_block(
        Bucket="assets", PublicAccessBlockConfiguration=dict.fromkeys(BLOCKS, True)
    )


def private(client: Client) -> None:
    client("s3").put_bucket_acl(Bucket="assets", ACL="private")


def unblocked(client: Client) -> None:
    bucket(client)
    client("s3").delete_public_access_block(Bucket="assets")


def unencrypted(client: Client) -> None:
    bucket(client)
    client("s3").delete_bucket_encryption(Bucket="assets")


def encrypt(client: Client) -> None:
    aes = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    client("s3").put_bucket_encryption(
        Bucket="assets", ServerSideEncryptionConfiguration={"Rules": [aes]}
    )


def only_tls(client: Client) -> None:
    denied = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": "arn:aws:s3:::assets/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }  # fmt: skip
    client("s3").put_bucket_policy(Bucket="assets", Policy=policy(denied))


def versions(client: Client) -> None:
    enabled = {"Status": "Enabled"}
    client("s3").put_bucket_versioning(Bucket="assets", VersioningConfiguration=enabled)


def database(*, is_public: bool) -> Act:
    def act(client: Client) -> None:
        client("rds").create_db_instance(
            DBInstanceIdentifier="orders", DBInstanceClass="db.t3.micro",
            Engine="postgres", MasterUsername="admin1", MasterUserPassword="password1",
            AllocatedStorage=20, PubliclyAccessible=is_public, StorageEncrypted=False,
        )  # fmt: skip

    return act


def database_again(client: Client) -> None:
    """Encryption is chosen once: a copy takes the place of the one without."""
    rds = client("rds")
    rds.delete_db_instance(DBInstanceIdentifier="orders", SkipFinalSnapshot=True)
    rds.create_db_instance(
        DBInstanceIdentifier="orders", DBInstanceClass="db.t3.micro",
        Engine="postgres", MasterUsername="admin1", MasterUserPassword="password1",
        AllocatedStorage=20, StorageEncrypted=True,
    )  # fmt: skip


def hide_database(client: Client) -> None:
    client("rds").modify_db_instance(
        DBInstanceIdentifier="orders", PubliclyAccessible=False
    )


def table(client: Client) -> None:
    client("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def back_up(client: Client) -> None:
    client("dynamodb").update_continuous_backups(
        TableName="orders",
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )


def trail(client: Client) -> None:
    client("s3").put_bucket_policy(
        Bucket="deliveries", Policy=bucket_policy("deliveries")
    )
    client("cloudtrail").create_trail(Name="trail", S3BucketName="deliveries")


def log_trail(client: Client) -> None:
    client("cloudtrail").start_logging(Name="trail")


def validate(client: Client) -> None:
    client("cloudtrail").update_trail(Name="trail", EnableLogFileValidation=True)


def user_with_policy(client: Client) -> None:
    iam = client("iam")
    iam.create_user(UserName="kim")
    iam.put_user_policy(
        UserName="kim", PolicyName="all", PolicyDocument=policy(EVERYTHING)
    )


def user_without_policy(client: Client) -> None:
    client("iam").delete_user_policy(UserName="kim", PolicyName="all")


def user_with_key(client: Client) -> None:
    client("iam").create_user(UserName="kim")
    client("iam").create_access_key(UserName="kim")


def without_key(client: Client) -> None:
    iam = client("iam")
    (key,) = iam.list_access_keys(UserName="kim")["AccessKeyMetadata"]
    iam.update_access_key(
        UserName="kim", AccessKeyId=key["AccessKeyId"], Status="Inactive"
    )


def weak_passwords(client: Client) -> None:
    client("iam").update_account_password_policy(MinimumPasswordLength=8)


def strong_passwords(client: Client) -> None:
    client("iam").update_account_password_policy(
        MinimumPasswordLength=14, RequireSymbols=True, RequireNumbers=True,
        RequireUppercaseCharacters=True, RequireLowercaseCharacters=True,
        MaxPasswordAge=90, PasswordReusePrevention=24,
    )  # fmt: skip


def public_function(client: Client) -> None:
    role = client("iam").create_role(
        RoleName="runs",
        AssumeRolePolicyDocument=trust(Service="lambda.amazonaws.com"),
    )["Role"]
    functions = client("lambda")
    functions.create_function(
        FunctionName="pay", Runtime="python3.11", Role=role["Arn"],
        Handler="main.handler", Code={"ZipFile": zipped("")},
    )  # fmt: skip
    functions.add_permission(
        FunctionName="pay", StatementId="all",
        Action="lambda:InvokeFunction", Principal="*",
    )  # fmt: skip


def private_function(client: Client) -> None:
    client("lambda").remove_permission(FunctionName="pay", StatementId="all")


def tag_group(client: Client) -> None:
    tag = {"Key": "team", "Value": "web"}
    client("ec2").create_tags(Resources=[group_of(client)], Tags=[tag])


def nothing(client: Client) -> None:
    return None


@dataclass(frozen=True)
class Story:
    """`names` picks the resource by a part of its id; empty where all are of one
    mind. `wait` is how old the wrong has to become."""

    wrong: Act
    right: Act
    names: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0


STORIES: Mapping[str, Story] = {
    "INCOMING_SSH_DISABLED": Story(opened(22), closed(22)),
    "RESTRICTED_INCOMING_TRAFFIC": Story(opened(3_389), closed(3_389)),
    "VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS": Story(opened(8_080), closed(8_080)),
    "ALB_HTTP_TO_HTTPS_REDIRECTION_CHECK": Story(listen, redirect),
    "API_GW_EXECUTION_LOGGING_ENABLED": Story(publish, log_calls),
    "S3_BUCKET_PUBLIC_READ_PROHIBITED": Story(granted("GrantRead"), private, "assets"),
    "S3_BUCKET_PUBLIC_WRITE_PROHIBITED": Story(granted("GrantWrite"), block, "assets"),
    "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED": Story(unblocked, block, "assets"),
    "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED": Story(unencrypted, encrypt, "assets"),
    "S3_BUCKET_SSL_REQUESTS_ONLY": Story(bucket, only_tls, "assets"),
    "S3_BUCKET_VERSIONING_ENABLED": Story(bucket, versions, "assets"),
    "RDS_STORAGE_ENCRYPTED": Story(database(is_public=False), database_again),
    "RDS_INSTANCE_PUBLIC_ACCESS_CHECK": Story(database(is_public=True), hide_database),
    "DYNAMODB_PITR_ENABLED": Story(table, back_up),
    "CLOUD_TRAIL_ENABLED": Story(trail, log_trail),
    "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED": Story(trail, validate),
    "IAM_USER_NO_POLICIES_CHECK": Story(user_with_policy, user_without_policy),
    "ACCESS_KEYS_ROTATED": Story(
        user_with_key, without_key, given={"maxAccessKeyAge": "90"}, wait=YEARS
    ),
    "IAM_PASSWORD_POLICY": Story(weak_passwords, strong_passwords),
    "LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED": Story(
        public_function, private_function
    ),
    "REQUIRED_TAGS": Story(group_of, tag_group, "web", {"tag1Key": "team"}),
}
# moto has no client certificates: no stage can be made right.
NEVER_RIGHT = {"API_GW_SSL_ENABLED": Story(publish, nothing)}


def said(config: Any, client: Client, story: Story, pass_time: PassTime) -> set[str]:
    """What the rule says now, after it was asked again."""
    pass_time(2)
    config.start_config_rules_evaluation(ConfigRuleNames=["rule"])
    pass_time(1)
    part = group_of(client) if story.names == "web" else story.names
    return {
        verdict for key, verdict in verdicts(config).items() if not part or part in key
    }


def test_every_rule_has_its_story() -> None:
    assert EVALUATED.keys() == STORIES.keys() | NEVER_RIGHT.keys()


@pytest.mark.parametrize("identifier", STORIES)
def test_wrong_then_right(
    config: Any, client: Client, record: Record, pass_time: PassTime, identifier: str
) -> None:
    story = STORIES[identifier]
    record(ALL)
    story.wrong(client)
    put_rule(config, identifier, InputParameters=json.dumps(story.given))
    pass_time(story.wait)
    before = said(config, client, story, pass_time)
    assert "NON_COMPLIANT" in before

    story.right(client)

    assert said(config, client, story, pass_time) == {"COMPLIANT"}


@pytest.mark.parametrize("identifier", NEVER_RIGHT)
def test_wrong(
    config: Any, client: Client, record: Record, pass_time: PassTime, identifier: str
) -> None:
    story = NEVER_RIGHT[identifier]
    record(ALL)
    story.wrong(client)
    put_rule(config, identifier)

    assert said(config, client, story, pass_time) == {"NON_COMPLIANT"}
