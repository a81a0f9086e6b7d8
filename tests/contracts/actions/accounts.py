"""Trails and access keys."""

from __future__ import annotations

from apps.audit.remediation.actions.base import Subject
from sandbox.kernel.cloud import HOME_REGION
from sandbox.shop.estate.sites import policy
from tests.contracts.actions.scenarios import Scenario, absent
from tests.contracts.actions.storage import bucket
from tests.contracts.actions.world import World


def stopped_trail(world: World) -> Subject:
    cloudtrail, name = world.admin("cloudtrail"), world.fresh("trail")
    # An account has five in a region.
    for old in cloudtrail.describe_trails()["trailList"]:
        cloudtrail.delete_trail(Name=old["TrailARN"])
    place = bucket(world).name
    everything = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": ["s3:GetBucketAcl", "s3:PutObject"],
        "Resource": [f"arn:aws:s3:::{place}", f"arn:aws:s3:::{place}/*"],
    }
    world.admin("s3").put_bucket_policy(Bucket=place, Policy=policy(everything))
    made = cloudtrail.create_trail(Name=name, S3BucketName=place)
    return world.subject("AWS::CloudTrail::Trail", name, made["TrailARN"])


def start(world: World, subject: Subject) -> object:
    return world.admin("cloudtrail").start_logging(Name=subject.name)


def user_with_keys(world: World) -> Subject:
    iam, name = world.admin("iam"), world.fresh("user")
    made = iam.create_user(UserName=name)["User"]
    for _ in range(2):
        iam.create_access_key(UserName=name)
    return world.subject("AWS::IAM::User", name, made["Arn"], made["UserId"])


def user_with_key(world: World) -> Subject:
    iam, name = world.admin("iam"), world.fresh("user")
    made = iam.create_user(UserName=name)["User"]
    iam.create_access_key(UserName=name)
    return world.subject("AWS::IAM::User", name, made["Arn"], made["UserId"])


def delete_key(world: World, subject: Subject) -> object:
    iam = world.admin("iam")
    key = iam.list_access_keys(UserName=subject.name)["AccessKeyMetadata"][0]
    return iam.delete_access_key(UserName=subject.name, AccessKeyId=key["AccessKeyId"])


_ARN = f"arn:aws:cloudtrail:{HOME_REGION}:111122223333:trail/absent"
SCENARIOS = (
    Scenario(
        "restart-trail",
        stopped_trail,
        start,
        lambda world: world.subject("AWS::CloudTrail::Trail", "absent", _ARN),
    ),
    Scenario(
        "deactivate-access-key",
        user_with_key,
        delete_key,
        absent(user_with_key, "nobody"),
    ),
)
