"""Managed rules over trails, identities, functions and tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.config.items import Found
from sandbox.config.policytexts import grants_everyone
from sandbox.config.verdicts import (
    FINE,
    NON_COMPLIANT,
    Parameters,
    Verdict,
    unless,
    words,
)

_DAY_SECONDS = 86_400
_MOST_TAGS = 6
_TRAIL_PARAMETERS: Mapping[str, str] = {
    "s3BucketName": "s3BucketName",
    "snsTopicArn": "snsTopicARN",
    "cloudWatchLogsLogGroupArn": "cloudWatchLogsLogGroupArn",
}


def trail_enabled(account: Found, parameters: Parameters) -> Verdict:
    """`configuration` has the `trails` with whether each is logging."""
    logging = [t for t in account.configuration["trails"] if t.get("isLogging")]
    if not logging:
        return Verdict(NON_COMPLIANT, "No trail is logging.")
    wanted = {
        member: parameters[name]
        for name, member in _TRAIL_PARAMETERS.items()
        if parameters.get(name)
    }
    fits = any(
        all(trail.get(member) == value for member, value in wanted.items())
        for trail in logging
    )
    return unless(not fits, "" if fits else "No trail has the parameters given.")


def trail_validates_files(trail: Found, parameters: Parameters) -> Verdict:
    return unless(not trail.configuration.get("logFileValidationEnabled"))


def user_has_no_policies(user: Found, parameters: Parameters) -> Verdict:
    told = user.configuration
    return unless(told.get("userPolicyList") or told.get("attachedManagedPolicies"))


def access_keys_rotated(user: Found, parameters: Parameters) -> Verdict:
    """`configuration` has the `activeKeyAges` in seconds."""
    most = int(parameters["maxAccessKeyAge"]) * _DAY_SECONDS
    old = [age for age in user.configuration["activeKeyAges"] if age > most]
    said = (
        f"An active access key is {int(old[0]) // _DAY_SECONDS} days old."
        if old
        else ""
    )
    return unless(old, said)


_FLAGS: Mapping[str, str] = {
    "RequireUppercaseCharacters": "requireUppercaseCharacters",
    "RequireLowercaseCharacters": "requireLowercaseCharacters",
    "RequireSymbols": "requireSymbols",
    "RequireNumbers": "requireNumbers",
}
_LEAST: Mapping[str, str] = {
    "MinimumPasswordLength": "minimumPasswordLength",
    "PasswordReusePrevention": "passwordReusePrevention",
}


def password_policy(account: Found, parameters: Parameters) -> Verdict:
    """`configuration` has the `passwordPolicy`, or None."""
    policy: Mapping[str, Any] | None = account.configuration["passwordPolicy"]
    if policy is None:
        return Verdict(NON_COMPLIANT, "The account has no password policy.")
    missed = [
        name
        for name, member in _FLAGS.items()
        if parameters.get(name, "").lower() == "true" and not policy.get(member)
    ]
    missed += [
        name
        for name, member in _LEAST.items()
        if parameters.get(name) and (policy.get(member) or 0) < int(parameters[name])
    ]
    most = parameters.get("MaxPasswordAge")
    age = policy.get("maxPasswordAge") or 0
    if most and not 0 < age <= int(most):
        missed.append("MaxPasswordAge")
    return unless(missed, f"Not met: {', '.join(missed)}." if missed else "")


def function_not_public(function: Found, parameters: Parameters) -> Verdict:
    policy = function.supplementary.get("Policy")
    return unless(grants_everyone(policy, ("lambda:InvokeFunction", "lambda:*")))


def required_tags(resource: Found, parameters: Parameters) -> Verdict:
    for number in range(1, _MOST_TAGS + 1):
        key = parameters.get(f"tag{number}Key")
        if not key:
            continue
        value, allowed = resource.tags.get(key), words(parameters, f"tag{number}Value")
        if value is None or (allowed and value not in allowed):
            return Verdict(NON_COMPLIANT, f"The tag {key} is not as required.")
    return FINE
