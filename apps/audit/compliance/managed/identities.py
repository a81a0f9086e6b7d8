"""IAM: users, their keys and passwords, and policies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from apps.audit.compliance.managed.base import (
    Managed,
    Severity,
    Subject,
    fails,
    passes,
)
from apps.audit.compliance.managed.trails import ACCOUNT
from apps.audit.compliance.parameters import Form, Parameter
from apps.audit.compliance.places import NotTold, Place
from apps.audit.compliance.policies import effect, statements, texts
from apps.audit.compliance.verdicts import Verdict

_USER = ("AWS::IAM::User",)
_OF_IDENTITIES = ("AWS::IAM::User", "AWS::IAM::Role", "AWS::IAM::Group")
_FLAGS = (
    "RequireUppercaseCharacters", "RequireLowercaseCharacters", "RequireSymbols",
    "RequireNumbers",
)  # fmt: skip


def no_policies(subject: Subject) -> Verdict:
    attached = subject.configuration.at("attachedManagedPolicies")
    inline = subject.configuration.maybe("userPolicyList")
    for one in (*attached.each(), *(inline.each() if inline else ())):
        named = one.maybe("policyName")
        said = f" {str(named.value)[:120]}" if named else ""
        return fails(f"Policy{said} is attached to the user directly.", one)
    return passes("No policy is attached to the user directly.")


def no_inline(subject: Subject) -> Verdict:
    kind = subject.item.key.type.rpartition("::")[2].lower()
    subject.configuration.at("attachedManagedPolicies")
    inline = subject.configuration.maybe(f"{kind}PolicyList")
    for one in inline.each() if inline else ():
        return fails(f"The {kind} has a policy of its own.", one)
    return passes(f"The {kind} has no policy of its own.")


def _keys(subject: Subject) -> Iterator[Place]:
    """Active access keys. Raises NotTold."""
    told = subject.needed("accessKeys", "accessKeyMetadata").parsed()
    for key in told.each():
        if str(key.at("status").value) == "Active":
            yield key


def keys_rotated(subject: Subject) -> Verdict:
    most = timedelta(days=subject.given.number("maxAccessKeyAge") or 0)
    for key in _keys(subject):
        age = subject.now - key.at("createDate").moment()
        if age > most:
            reason = f"Access key {_key_name(key)} is {age.days} days old."
            return fails(reason, key)
    return passes("No active access key is too old.")


def _key_name(key: Place) -> str:
    named = key.maybe("accessKeyId")
    return str(named.value)[:128] if named else "of the user"


def unused_credentials(subject: Subject) -> Verdict:
    most = timedelta(days=subject.given.number("maxCredentialUsageAge") or 0)
    for what, used in _credentials(subject):
        idle = subject.now - used.moment()
        if idle > most:
            return fails(f"{what} was not used for {idle.days} days.", used)
    return passes("Every password and access key was used lately.")


def _credentials(subject: Subject) -> Iterator[tuple[str, Place]]:
    """What may sign in, and when it last did, or else since when it could."""
    for key in _keys(subject):
        used = key.maybe("lastUsedDate") or key.dig("accessKeyLastUsed", "lastUsedDate")
        yield f"Access key {_key_name(key)}", used or key.at("createDate")
    profile = subject.told("loginProfile")
    if profile is not None:
        used = subject.told("passwordLastUsed")
        yield "The password", used or profile.at("createDate")


def has_mfa(subject: Subject) -> Verdict:
    devices = list(subject.needed("mfaDevices", "mFADevices").parsed().each())
    if not devices:
        return fails("The user has no MFA device.")
    return passes("The user has an MFA device.", devices[0])


def password_policy(subject: Subject) -> Verdict:
    settings = Place(
        {**subject.item.supplementary, **subject.item.configuration}, "configuration"
    )
    if "passwordPolicy" not in settings.value:
        raise NotTold("configuration.passwordPolicy")
    policy = settings.maybe("passwordPolicy")
    if policy is None:
        return fails("The account has no password policy.")
    for name, is_met in _demands(subject, policy):
        if not is_met:
            reason = f"The password policy does not meet {name}."
            return fails(reason, policy.maybe(name) or policy)
    return passes("The password policy meets all that is required.", policy)


def _demands(subject: Subject, policy: Place) -> Iterator[tuple[str, bool]]:
    given = subject.given
    for name in _FLAGS:
        told = policy.maybe(name)
        yield name, not given.flag(name) or bool(told and told.flag())
    for name in ("MinimumPasswordLength", "PasswordReusePrevention"):
        least, told = given.number(name), policy.maybe(name)
        yield name, least is None or bool(told and told.number() >= least)
    most, told = given.number("MaxPasswordAge"), policy.maybe("MaxPasswordAge")
    yield "MaxPasswordAge", most is None or bool(told and 0 < told.number() <= most)


def no_admin(subject: Subject) -> Verdict:
    for document in _documents(subject):
        for statement in statements(document):
            if (
                effect(statement) == "Allow"
                and "*" in texts(statement, "Action")
                and "*" in texts(statement, "Resource")
            ):
                return fails("The policy allows everything on everything.", document)
    return passes("No statement allows everything on everything.")


def _documents(subject: Subject) -> Iterator[Place]:
    """The default version of a policy. Raises NotTold."""
    versions = subject.configuration.maybe("policyVersionList")
    if versions is None:
        yield subject.needed("policyDocument", "document")
        return
    found = False
    for one in versions.each():
        is_default = one.maybe("isDefaultVersion")
        if is_default and is_default.flag():
            found = True
            yield one.at("document")
    if not found:
        raise NotTold(versions.path, "The item does not say the default version.")


RULES = (
    Managed(
        "IAM_USER_NO_POLICIES_CHECK", "Users have their rights from groups and roles",
        _USER, no_policies, Severity.LOW,
    ),
    Managed(
        "IAM_NO_INLINE_POLICY_CHECK", "Identities have no policies of their own",
        _OF_IDENTITIES, no_inline, Severity.LOW,
    ),
    Managed(
        "ACCESS_KEYS_ROTATED",
        "Access keys are rotated",
        _USER,
        keys_rotated,
        Severity.MEDIUM,
        (Parameter("maxAccessKeyAge", Form.NUMBER, "90", is_required=True),),
        note="AWS Config does not record access keys: they are read from IAM.",
    ),
    Managed(
        "IAM_USER_UNUSED_CREDENTIALS_CHECK",
        "Unused credentials are taken away",
        _USER,
        unused_credentials,
        Severity.MEDIUM,
        (Parameter("maxCredentialUsageAge", Form.NUMBER, "90", is_required=True),),
        note="AWS Config does not record access keys: they are read from IAM.",
    ),
    Managed(
        "IAM_USER_MFA_ENABLED", "Users sign in with MFA",
        _USER, has_mfa, Severity.MEDIUM,
        note="AWS Config does not record MFA devices: they are read from IAM.",
    ),
    Managed(
        "IAM_PASSWORD_POLICY",
        "Passwords are long and changed",
        (ACCOUNT,),
        password_policy,
        Severity.MEDIUM,
        (
            *(Parameter(name, Form.FLAG, "true") for name in _FLAGS),
            Parameter("MinimumPasswordLength", Form.NUMBER, "14"),
            Parameter("PasswordReusePrevention", Form.NUMBER, "24"),
            Parameter("MaxPasswordAge", Form.NUMBER, "90"),
        ),
    ),
    Managed(
        "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS",
        "Policies do not allow everything",
        ("AWS::IAM::Policy",),
        no_admin,
        Severity.HIGH,
        (Parameter("excludePermissionBoundaryPolicy", Form.FLAG),),
    ),
)  # fmt: skip
