"""The shop's bad days, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from sandbox.kernel.cloud import HOME_REGION, SHOP
from sandbox.shop.effects import Effects
from sandbox.shop.estate.audit import TRAIL
from sandbox.shop.estate.data import ASSETS, api_id_of
from sandbox.shop.estate.sites import policy
from sandbox.shop.people import People
from sandbox.shop.topology import STAGE

_STRANGER = "185.220.101.34"
_INTRUDER = "support-backup"
_WORLD = "0.0.0.0/0"

Act = Callable[[People], None]


@contextmanager
def _unless(*codes: str) -> Iterator[None]:
    """Go on where somebody has done it, or undone it, already."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in codes:
            raise


def _nothing(people: People) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Incident:
    """What goes wrong: in traffic, or by what somebody does.

    `begin` and `end` act on AWS; `effects` last from one to the other.
    """

    name: str
    says: str
    effects: Effects = field(default_factory=Effects)
    begin: Act = _nothing
    end: Act = _nothing


def _open_ssh(people: People) -> None:
    group = people.group_of("catalog")
    with _unless("InvalidPermission.Duplicate"):
        people.anna("ec2").authorize_security_group_ingress(
            GroupId=group, IpPermissions=[_ssh()]
        )


def _close_ssh(people: People) -> None:
    group = people.group_of("catalog")
    with _unless("InvalidPermission.NotFound"):
        people.anna("ec2").revoke_security_group_ingress(
            GroupId=group, IpPermissions=[_ssh()]
        )


def _ssh() -> dict[str, object]:
    return {
        "IpProtocol": "tcp",
        "FromPort": 22,
        "ToPort": 22,
        "IpRanges": [{"CidrIp": _WORLD, "Description": "temporary"}],
    }


def _open_bucket(people: People) -> None:
    s3 = people.anna("s3")
    s3.delete_public_access_block(Bucket=ASSETS)
    everyone = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{ASSETS}/*",
    }
    s3.put_bucket_policy(Bucket=ASSETS, Policy=policy(everyone))


def _close_bucket(people: People) -> None:
    s3 = people.anna("s3")
    s3.delete_bucket_policy(Bucket=ASSETS)
    s3.put_public_access_block(
        Bucket=ASSETS,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )


def _use_leaked_key(people: People) -> None:
    """Who finds a key looks around first, then makes sure to stay."""
    people.anna("iam").update_access_key(
        UserName=people.ci.name, AccessKeyId=people.ci.access_key_id, Status="Active"
    )
    iam = people.stranger("iam", _STRANGER)
    people.stranger("sts", _STRANGER).get_caller_identity()
    people.stranger("s3", _STRANGER).list_buckets()
    iam.list_users()
    iam.list_roles()
    with _unless("EntityAlreadyExists"):
        iam.create_user(UserName=_INTRUDER)
    iam.put_user_policy(
        UserName=_INTRUDER,
        PolicyName="all",
        PolicyDocument=policy({"Effect": "Allow", "Action": "*", "Resource": "*"}),
    )
    iam.create_access_key(UserName=_INTRUDER)


def _lock_leaked_key(people: People) -> None:
    iam = people.anna("iam")
    iam.update_access_key(
        UserName=people.ci.name, AccessKeyId=people.ci.access_key_id, Status="Inactive"
    )
    with _unless("NoSuchEntity"):
        for key in iam.list_access_keys(UserName=_INTRUDER)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=_INTRUDER, AccessKeyId=key["AccessKeyId"])
    with _unless("NoSuchEntity"):
        iam.delete_user_policy(UserName=_INTRUDER, PolicyName="all")
    with _unless("NoSuchEntity"):
        iam.delete_user(UserName=_INTRUDER)


def _stop_trail(people: People) -> None:
    people.anna("cloudtrail").stop_logging(Name=TRAIL)
    _look_at_trails(people)


def _start_trail(people: People) -> None:
    people.anna("cloudtrail").start_logging(Name=TRAIL)
    _look_at_trails(people)


def _look_at_trails(people: People) -> None:
    """The rule looks once a day by itself; nobody would wait for it."""
    site = people.site(SHOP)
    config = site.cloud.client("config", SHOP, HOME_REGION, "config.amazonaws.com")
    with _unless("NoSuchConfigRuleException"):
        config.start_config_rules_evaluation(ConfigRuleNames=["cloudtrail-enabled"])


def _open_stage(people: People) -> None:
    _set_scheme(people, "http", "Disabled")


def _close_stage(people: People) -> None:
    _set_scheme(people, "https", "Enabled")


def _set_scheme(people: People, scheme: str, tls: str) -> None:
    """Point the API's one integration at the shop with or without TLS, and publish."""
    api, api_id = people.anna("apigateway"), api_id_of(people.site(SHOP))
    items = api.get_resources(restApiId=api_id)["items"]
    resource = next(item["id"] for item in items if item["path"] == "/{proxy+}")
    api.put_integration(
        restApiId=api_id,
        resourceId=resource,
        httpMethod="ANY",
        type="HTTP_PROXY",
        integrationHttpMethod="ANY",
        uri=f"{scheme}://storefront.shop.internal/{{proxy}}",
    )
    deployment = api.create_deployment(restApiId=api_id)["id"]
    api.update_stage(
        restApiId=api_id,
        stageName=STAGE,
        patchOperations=[
            {"op": "replace", "path": "/deploymentId", "value": deployment},
            {"op": "replace", "path": "/variables/clientTls", "value": tls},
        ],
    )


INCIDENTS: Mapping[str, Incident] = {
    incident.name: incident
    for incident in (
        Incident(
            "payment-latency",
            "The payments database answers 80 times slower.",
            Effects(slower={"payments-db": 80.0, "payments": 6.0}),
        ),
        Incident(
            "dependency-outage",
            "The product database is down; catalog and all that needs it fail.",
            Effects(faults={"products": 0.97}, misses={"product-cache": 1.0}),
        ),
        Incident(
            "chatty-caller",
            "Recommendations ask the table for each article by itself.",
            Effects(repeats={("recommendations", "affinities"): 40}),
        ),
        Incident(
            "cache-stampede",
            "The product cache lost everything; every read goes to the database.",
            Effects(misses={"product-cache": 1.0}, slower={"products": 14.0}),
        ),
        Incident(
            "memory-leak",
            "Search leaks memory until its tasks are killed and start again.",
            Effects(leaks={"search": 4.0}),
        ),
        Incident(
            "plain-http",
            "The API's stage hands requests on over plain HTTP.",
            begin=_open_stage,
            end=_close_stage,
        ),
        Incident(
            "open-security-group",
            "SSH of the catalog is open to the world.",
            begin=_open_ssh,
            end=_close_ssh,
        ),
        Incident(
            "public-bucket",
            "Everyone may read the bucket of assets.",
            begin=_open_bucket,
            end=_close_bucket,
        ),
        Incident(
            "leaked-key",
            "The pipeline's access key is used from a strange address.",
            begin=_use_leaked_key,
            end=_lock_leaked_key,
        ),
        Incident(
            "trail-stopped",
            "Somebody stopped CloudTrail.",
            begin=_stop_trail,
            end=_start_trail,
        ),
        Incident(
            "log-flood",
            "Pricing was left in debug mode and writes 400 lines a second.",
            Effects(chatter={"pricing": 400.0}),
        ),
        Incident(
            "silent-service",
            "Nobody calls recommendations any more.",
            Effects(silent=frozenset({"recommendations"})),
        ),
    )
}
