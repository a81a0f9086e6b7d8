"""S3 buckets: Block Public Access, and encryption by default."""

from __future__ import annotations

from typing import Any

from apps.audit.remediation.actions.base import (
    Action,
    Call,
    Change,
    Draft,
    Image,
    Parameter,
    Permissions,
    Reads,
    Refused,
    Step,
    Subject,
    Values,
)
from apps.audit.remediation.actions.ownership import owners, tags_of
from apps.discovery.aws import AwsError

_BUCKET = ("AWS::S3::Bucket",)
_SWITCHES = (
    "BlockPublicAcls",
    "BlockPublicPolicy",
    "IgnorePublicAcls",
    "RestrictPublicBuckets",
)
_NO_BLOCK = "NoSuchPublicAccessBlockConfiguration"
_NO_ENCRYPTION = "ServerSideEncryptionConfigurationNotFoundError"
_NO_TAGS = "NoSuchTagSet"
_NO_POLICY = "NoSuchBucketPolicy"


class BlockPublicAccess(Action):
    """Turns all four switches on. Policies and ACLs stay as they are, without
    effect for the public."""

    identifier = "block-public-access"
    title = "Block public access to a bucket"
    says = "Turns Block Public Access of a bucket on, whatever its policy and ACL say."
    family = "storage"
    resource_types = _BUCKET
    repairs = (
        "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED",
        "S3_BUCKET_PUBLIC_READ_PROHIBITED",
        "S3_BUCKET_PUBLIC_WRITE_PROHIBITED",
    )
    permissions = Permissions(
        read=(
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketPolicyStatus",
            "s3:GetBucketTagging",
        ),
        write=("s3:PutBucketPublicAccessBlock",),
    )

    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        answer = _unless(reads, _NO_BLOCK, "get_public_access_block", subject)
        block = answer.get("PublicAccessBlockConfiguration")
        values = None if block is None else {n: bool(block.get(n)) for n in _SWITCHES}
        status = _unless(reads, _NO_POLICY, "get_bucket_policy_status", subject)
        is_public = bool(status.get("PolicyStatus", {}).get("IsPublic"))
        return Image(
            {"block": values},
            {"tags": _tags(reads, subject), "has_public_policy": is_public},
        )

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        block = now.values["block"]
        wanted = dict.fromkeys(_SWITCHES, True)
        if block == wanted:
            return Draft.nothing(now)
        had = block or {}
        return Draft(
            before=now,
            expected=Image({"block": wanted}),
            steps=(Step("Turn Block Public Access on", _put_block(subject, wanted)),),
            changes=tuple(
                Change(f"block.{name}", before=had.get(name), after=True)
                for name in _SWITCHES
                if had.get(name) is not True
            ),
            warnings=(*_readers(now), *owners(now.beside.get("tags", {}))),
        )

    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        block = draft.before.values["block"]
        if block is None:
            call = Call("s3", "delete_public_access_block", {"Bucket": subject.key.id})
            return (Step("Remove Block Public Access", call),)
        return (Step("Put Block Public Access back", _put_block(subject, block)),)


def _put_block(subject: Subject, block: Values) -> Call:
    return Call(
        "s3",
        "put_public_access_block",
        {"Bucket": subject.key.id, "PublicAccessBlockConfiguration": dict(block)},
    )


def _readers(now: Image) -> tuple[str, ...]:
    if not now.beside.get("has_public_policy"):
        return ()
    return ("The bucket's policy is public: whoever reads it without signing in, "
            "such as visitors of a website, is refused afterwards.",)  # fmt: skip


class EncryptByDefault(Action):
    """New objects are encrypted with the given key; what is there stays as it is."""

    identifier = "encrypt-bucket"
    title = "Encrypt new objects of a bucket"
    says = "Sets how a bucket encrypts objects that come without encryption."
    family = "storage"
    resource_types = _BUCKET
    repairs = (
        "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED",
        "S3_DEFAULT_ENCRYPTION_KMS",
    )
    parameters = (
        Parameter(
            "algorithm",
            "Encryption",
            kind="choice",
            default="AES256",
            choices=("AES256", "aws:kms"),
        ),
        Parameter(
            "key",
            "KMS key",
            "ARN or alias of the key, for aws:kms; empty for AWS's own key of S3.",
            default="",
        ),
    )
    permissions = Permissions(
        read=("s3:GetEncryptionConfiguration", "s3:GetBucketTagging"),
        write=("s3:PutEncryptionConfiguration",),
    )

    def fitting(self, identifier: str, rule_parameters: Values) -> Values:
        if identifier != "S3_DEFAULT_ENCRYPTION_KMS":
            return {}
        keys = str(rule_parameters.get("kmsKeyArns", "")).split(",")
        return {"algorithm": "aws:kms", "key": keys[0].strip()}

    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        answer = _unless(reads, _NO_ENCRYPTION, "get_bucket_encryption", subject)
        rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules")
        return Image({"rules": rules}, {"tags": _tags(reads, subject)})

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        given = self.given(parameters)
        if given["key"] and given["algorithm"] != "aws:kms":
            raise Refused("A key is only for the encryption aws:kms.")
        rules = now.values["rules"]
        if _is_encrypted_so(rules, given):
            return Draft.nothing(now)
        wanted = [{**_first(rules), **_by_default(given)}]
        return Draft(
            before=now,
            expected=Image({"rules": wanted}),
            steps=(Step("Encrypt new objects", _put_rules(subject, wanted)),),
            changes=(Change("rules", rules, wanted),),
            warnings=(*_key_use(given), *owners(now.beside.get("tags", {}))),
        )

    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        rules = draft.before.values["rules"]
        if rules is None:
            call = Call("s3", "delete_bucket_encryption", {"Bucket": subject.key.id})
            return (Step("Remove encryption by default", call),)
        return (Step("Put the encryption back", _put_rules(subject, rules)),)


def _by_default(given: Values) -> dict[str, Any]:
    said = {"SSEAlgorithm": given["algorithm"]}
    if given["key"]:
        said["KMSMasterKeyID"] = given["key"]
    return {"ApplyServerSideEncryptionByDefault": said}


def _first(rules: list[Values] | None) -> Values:
    return rules[0] if rules else {"BucketKeyEnabled": False}


def _is_encrypted_so(rules: list[Values] | None, given: Values) -> bool:
    """Stronger than asked for is right too."""
    said = _first(rules).get("ApplyServerSideEncryptionByDefault")
    if not said:
        return False
    if given["algorithm"] == "AES256":
        return True
    is_kms = str(said["SSEAlgorithm"]).startswith("aws:kms")
    return is_kms and given["key"] in ("", said.get("KMSMasterKeyID"))


def _put_rules(subject: Subject, rules: list[dict[str, Any]]) -> Call:
    return Call(
        "s3",
        "put_bucket_encryption",
        {
            "Bucket": subject.key.id,
            "ServerSideEncryptionConfiguration": {"Rules": rules},
        },
    )


def _key_use(given: Values) -> tuple[str, ...]:
    if given["algorithm"] != "aws:kms":
        return ()
    return ("Who writes to the bucket needs kms:GenerateDataKey of the key, and who "
            "reads kms:Decrypt.",)  # fmt: skip


def _unless(reads: Reads, code: str, operation: str, subject: Subject) -> Values:
    """The answer, or nothing where S3 says with `code` that there is none."""
    try:
        return reads.call("s3", operation, Bucket=subject.key.id)
    except AwsError as error:
        if error.code != code:
            raise
        return {}


def _tags(reads: Reads, subject: Subject) -> dict[str, str]:
    answer = _unless(reads, _NO_TAGS, "get_bucket_tagging", subject)
    return tags_of(answer.get("TagSet", ()))
