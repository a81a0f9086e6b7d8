"""S3: who may read and write, and how what is stored is kept."""

from __future__ import annotations

from collections.abc import Iterable

from apps.audit.compliance.managed.base import (
    Managed,
    Severity,
    Subject,
    fails,
    passes,
)
from apps.audit.compliance.parameters import Form, Parameter
from apps.audit.compliance.places import NotTold, Place
from apps.audit.compliance.policies import (
    conditions,
    covers,
    effect,
    is_for_everyone,
    matches,
    opened_to_everyone,
    statements,
    texts,
)
from apps.audit.compliance.verdicts import Verdict

_BUCKET = ("AWS::S3::Bucket",)
_ACCOUNT_BLOCK = "AWS::S3::AccountPublicAccessBlock"
_GROUP_URL = "http://acs.amazonaws.com/groups/global/"
_GROUPS = frozenset(("AllUsers", "AuthenticatedUsers"))
_READS = ("s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:Get*", "s3:List*")
_WRITES = ("s3:PutObject", "s3:DeleteObject", "s3:PutObjectAcl", "s3:PutBucketPolicy")
_BLOCKS = (
    "blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets",
)  # fmt: skip


def _public_grant(subject: Subject, permissions: frozenset[str]) -> Place | None:
    acl = subject.supplementary.at("AccessControlList").parsed()
    for grant in acl.at("grantList").each():
        grantee = grant.maybe("grantee")
        word = str(grant.at("permission").value).replace("_", "").lower()
        if grantee and word in permissions and _is_public_group(grantee):
            return grant
    return None


def _is_public_group(grantee: Place) -> bool:
    named = grantee if isinstance(grantee.value, str) else grantee.maybe("uri")
    return named is not None and str(named.value).removeprefix(_GROUP_URL) in _GROUPS


def _policy(subject: Subject) -> Place | None:
    """Raises NotTold where the item does not say whether there is a policy."""
    told = subject.supplementary.maybe("BucketPolicy")
    if told is None:
        raise NotTold("supplementary.BucketPolicy")
    return told.maybe("policyText")


def _is_blocked(subject: Subject, name: str) -> bool:
    """By the bucket's own Block Public Access, or by its account's."""
    own = subject.supplementary.dig("PublicAccessBlockConfiguration", name)
    if own and own.flag():
        return True
    account = subject.item.key.account
    for region in ("", "global", "us-east-1"):
        block = subject.sibling(_ACCOUNT_BLOCK, account, region)
        told = Place(block.configuration, "").maybe(name) if block else None
        if told:
            return told.flag()
    return False


def _prohibited(
    subject: Subject, word: str, permission: str, actions: Iterable[str]
) -> Verdict:
    grant = _public_grant(subject, frozenset((permission, "fullcontrol")))
    if grant and not _is_blocked(subject, "ignorePublicAcls"):
        return fails(f"The bucket's list of grants lets everyone {word}.", grant)
    policy = _policy(subject)
    opened = opened_to_everyone(policy, actions) if policy else None
    if opened and not _is_blocked(subject, "restrictPublicBuckets"):
        path = opened.path.replace(".policyText.", ".policyText ").split(" ")[0]
        reason = f"The bucket's policy lets everyone {word}: {_statement(opened)}."
        return fails(reason, Place(None, path))
    return passes(f"Nobody but those named may {word}.")


def _statement(statement: Place) -> str:
    named = statement.maybe("Sid")
    return f"statement {str(named.value)[:80]}" if named else statement.path[-40:]


def read_prohibited(subject: Subject) -> Verdict:
    return _prohibited(subject, "read", "read", _READS)


def write_prohibited(subject: Subject) -> Verdict:
    return _prohibited(subject, "write", "write", _WRITES)


def level_prohibited(subject: Subject) -> Verdict:
    if subject.item.key.id in subject.given.words("excludedPublicBuckets"):
        return passes("The bucket is excluded by the rule's parameters.")
    _described(subject)
    block = subject.supplementary.maybe("PublicAccessBlockConfiguration")
    if block is None:
        return fails("The bucket has no Block Public Access of its own.")
    return _all_blocked(block)


def _all_blocked(block: Place) -> Verdict:
    for name in _BLOCKS:
        told = block.maybe(name)
        if told is None or not told.flag():
            return fails(f"Block Public Access has {name} switched off.", told or block)
    return passes("All four settings of Block Public Access are on.", block)


def account_blocked(subject: Subject) -> Verdict:
    for name in _BLOCKS:
        wanted = subject.given.flag(name[:1].upper() + name[1:])
        told = subject.configuration.at(name)
        if wanted is not None and told.flag() != wanted:
            state = "on" if told.flag() else "off"
            return fails(f"The account's {name} is switched {state}.", told)
    return passes("The account's Block Public Access is as it should be.")


def _described(subject: Subject) -> None:
    """Settings that were never made are absent from an item that says others.

    Raises NotTold where an item says none of them.
    """
    if not subject.supplementary.value:
        raise NotTold(
            "supplementary", "The item says nothing of the bucket's settings."
        )


def encrypted(subject: Subject) -> Verdict:
    _described(subject)
    told = subject.supplementary.maybe("ServerSideEncryptionConfiguration")
    if told and told.value:
        return passes("The bucket has default encryption.", told)
    policy = _policy(subject)
    for statement in statements(policy) if policy else ():
        keys = {key.lower() for _, key, _ in conditions(statement)}
        if (
            effect(statement) == "Deny"
            and covers(statement, "s3:PutObject")
            and "s3:x-amz-server-side-encryption" in keys
        ):
            return passes("The policy denies what is put unencrypted.", policy)
    return fails("The bucket has no default encryption.")


def ssl_only(subject: Subject) -> Verdict:
    policy = _policy(subject)
    if policy is None:
        return fails("The bucket has no policy that denies plain HTTP.")
    for statement in statements(policy):
        if _denies_plain_http(statement):
            return passes("The policy denies requests over plain HTTP.", policy)
    return fails("No statement of the policy denies plain HTTP.", policy)


def _denies_plain_http(statement: Place) -> bool:
    held = list(conditions(statement))
    if len(held) != 1 or effect(statement) != "Deny" or not is_for_everyone(statement):
        return False
    operator, key, value = held[0]
    given = value if isinstance(value, list) else [value]
    return (
        operator.lower() in ("bool", "boolifexists")
        and key.lower() == "aws:securetransport"
        and [str(one).lower() for one in given] == ["false"]
        and covers(statement, "s3:GetObject")
        and covers(statement, "s3:PutObject")
        and _is_about_objects(statement)
    )


def _is_about_objects(statement: Place) -> bool:
    return any(one.endswith("*") for one in texts(statement, "Resource"))


def versioned(subject: Subject) -> Verdict:
    told = subject.supplementary.at("BucketVersioningConfiguration")
    status = told.maybe("status")
    if status is None or str(status.value) != "Enabled":
        said = str(status.value)[:40] if status else "never switched on"
        return fails(f"Versioning is {said.lower()}.", status or told)
    if subject.given.flag("isMfaDeleteEnabled"):
        mfa = told.maybe("isMfaDeleteEnabled")
        if mfa is None or not mfa.flag():
            return fails("Deleting versions does not ask for MFA.", mfa or told)
    return passes("Versioning is enabled.", status)


def logged(subject: Subject) -> Verdict:
    told = subject.supplementary.at("BucketLoggingConfiguration")
    target = told.maybe("destinationBucketName")
    if target is None:
        return fails("Access is not logged.", told)
    wanted = subject.given.text("targetBucket")
    if wanted and target.text() != wanted:
        return fails(f"Access is logged to {target.text()}, not to {wanted}.", target)
    prefix = told.maybe("logFilePrefix")
    wanted = subject.given.text("targetPrefix")
    if wanted and (prefix is None or not matches(f"{wanted}*", str(prefix.value))):
        return fails("Access is logged under another prefix.", prefix or told)
    return passes(f"Access is logged to {target.text()}.", target)


RULES = (
    Managed(
        "S3_BUCKET_PUBLIC_READ_PROHIBITED", "Buckets cannot be read by everyone",
        _BUCKET, read_prohibited, Severity.CRITICAL,
    ),
    Managed(
        "S3_BUCKET_PUBLIC_WRITE_PROHIBITED", "Buckets cannot be written by everyone",
        _BUCKET, write_prohibited, Severity.CRITICAL,
    ),
    Managed(
        "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED",
        "Buckets block public access themselves",
        _BUCKET,
        level_prohibited,
        Severity.MEDIUM,
        (Parameter("excludedPublicBuckets", Form.WORDS),),
    ),
    Managed(
        "S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS",
        "Accounts block public access to buckets",
        (_ACCOUNT_BLOCK,),
        account_blocked,
        Severity.HIGH,
        tuple(
            Parameter(name[:1].upper() + name[1:], Form.FLAG, "True")
            for name in _BLOCKS
        ),
    ),
    Managed(
        "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED", "Buckets encrypt what they store",
        _BUCKET, encrypted, Severity.MEDIUM,
    ),
    Managed(
        "S3_BUCKET_SSL_REQUESTS_ONLY", "Buckets refuse plain HTTP",
        _BUCKET, ssl_only, Severity.MEDIUM,
    ),
    Managed(
        "S3_BUCKET_VERSIONING_ENABLED",
        "Buckets keep versions",
        _BUCKET,
        versioned,
        Severity.LOW,
        (Parameter("isMfaDeleteEnabled", Form.FLAG),),
    ),
    Managed(
        "S3_BUCKET_LOGGING_ENABLED",
        "Access to buckets is logged",
        _BUCKET,
        logged,
        Severity.LOW,
        (Parameter("targetBucket"), Parameter("targetPrefix")),
    ),
)  # fmt: skip
