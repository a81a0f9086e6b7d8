"""Buckets."""

from __future__ import annotations

from apps.audit.remediation.actions.base import Subject
from sandbox.kernel.cloud import HOME_REGION
from tests.contracts.actions.scenarios import Scenario, absent
from tests.contracts.actions.world import World

OPEN = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": False,
    "BlockPublicPolicy": False,
    "RestrictPublicBuckets": False,
}


def bucket(world: World) -> Subject:
    name = world.fresh("bucket")
    world.admin("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": HOME_REGION}
    )
    return world.subject("AWS::S3::Bucket", name, f"arn:aws:s3:::{name}", name)


def half_open(world: World) -> Subject:
    subject = bucket(world)
    world.admin("s3").put_public_access_block(
        Bucket=subject.name, PublicAccessBlockConfiguration=OPEN
    )
    return subject


def without_block(world: World) -> Subject:
    subject = bucket(world)
    world.admin("s3").delete_public_access_block(Bucket=subject.name)
    return subject


def unencrypted(world: World) -> Subject:
    subject = bucket(world)
    world.admin("s3").delete_bucket_encryption(Bucket=subject.name)
    return subject


def encrypted(world: World) -> Subject:
    subject = bucket(world)
    encrypt(world, subject)
    return subject


def block_one(world: World, subject: Subject) -> object:
    return world.admin("s3").put_public_access_block(
        Bucket=subject.name,
        PublicAccessBlockConfiguration={**OPEN, "BlockPublicPolicy": True},
    )


def encrypt(world: World, subject: Subject) -> object:
    by_default = {"SSEAlgorithm": "AES256"}
    rules = [{"ApplyServerSideEncryptionByDefault": by_default}]
    return world.admin("s3").put_bucket_encryption(
        Bucket=subject.name, ServerSideEncryptionConfiguration={"Rules": rules}
    )


def decrypt(world: World, subject: Subject) -> object:
    return world.admin("s3").delete_bucket_encryption(Bucket=subject.name)


GONE = absent(bucket, "no-such-bucket")
SCENARIOS = (
    Scenario("block-public-access", half_open, block_one, GONE, label="half open"),
    Scenario("block-public-access", without_block, block_one, GONE, label="open"),
    Scenario("encrypt-bucket", unencrypted, encrypt, GONE),
    Scenario(
        "encrypt-bucket", encrypted, decrypt, GONE, {"algorithm": "aws:kms"}, "by KMS"
    ),
)
