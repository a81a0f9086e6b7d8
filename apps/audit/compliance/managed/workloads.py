"""Lambda functions and containers."""

from __future__ import annotations

from collections.abc import Iterator

from apps.audit.compliance.managed.base import (
    Managed,
    Severity,
    Subject,
    fails,
    irrelevant,
    passes,
)
from apps.audit.compliance.parameters import Form, Parameter
from apps.audit.compliance.places import NotTold, Place, shown
from apps.audit.compliance.policies import opened_to_everyone
from apps.audit.compliance.verdicts import Verdict

_FUNCTION = ("AWS::Lambda::Function",)
_DEFINITION = ("AWS::ECS::TaskDefinition",)
_INVOKING = ("lambda:InvokeFunction", "lambda:InvokeFunctionUrl")


def not_public(subject: Subject) -> Verdict:
    if "Policy" not in subject.item.supplementary:
        raise NotTold("supplementary.Policy")
    policy = subject.supplementary.maybe("Policy")
    opened = opened_to_everyone(policy, _INVOKING) if policy else None
    if opened:
        named = opened.maybe("Sid")
        said = f": statement {shown(str(named.value))}" if named else ""
        return fails(f"Everyone may invoke the function{said}.", policy)
    return passes("Only those named may invoke the function.")


def concurrency(subject: Subject) -> Verdict:
    subject.configuration.at("functionName")
    told = subject.told("reservedConcurrentExecutions", "Concurrency", "concurrency")
    if told is None:
        return fails("The function has no reserved concurrency.")
    if not isinstance(told.value, int | float | str):
        told = told.at("reservedConcurrentExecutions")
    limit = int(told.number())
    low = subject.given.number("ConcurrencyLimitLow")
    high = subject.given.number("ConcurrencyLimitHigh")
    if (low is not None and limit < low) or (high is not None and limit > high):
        return fails(f"The reserved concurrency of {limit} is out of bounds.", told)
    return passes(f"The function has a reserved concurrency of {limit}.", told)


def dead_letters(subject: Subject) -> Verdict:
    subject.configuration.at("functionName")
    told = subject.configuration.dig("deadLetterConfig", "targetArn")
    if told is None or not told.value:
        return fails("What the function fails at is lost: no dead-letter queue.")
    wanted = subject.given.words("dlqArns")
    if wanted and str(told.value) not in wanted:
        return fails("The dead-letter queue is another than those required.", told)
    return passes("The function has a dead-letter queue.", told)


def _containers(subject: Subject) -> Iterator[Place]:
    """Raises NotTold."""
    yield from subject.configuration.at("containerDefinitions").each()


def _name(container: Place) -> str:
    named = container.maybe("name")
    return shown(str(named.value)) if named else "without a name"


def unprivileged(subject: Subject) -> Verdict:
    for one in _containers(subject):
        told = one.maybe("privileged")
        if told and told.flag():
            return fails(f"Container {_name(one)} is privileged.", told)
    return passes("No container is privileged.")


def host_mode(subject: Subject) -> Verdict:
    mode = subject.configuration.maybe("networkMode")
    if mode is None or str(mode.value) != "host":
        subject.configuration.at("containerDefinitions")
        return irrelevant("The task does not use the network of its host.", mode)
    for one in _containers(subject):
        privileged, user = one.maybe("privileged"), one.maybe("user")
        is_privileged = bool(privileged and privileged.flag())
        if not is_privileged and (user is None or str(user.value) in ("", "root", "0")):
            return fails(f"Container {_name(one)} runs as root on its host.", one)
    return passes("No container runs as root on its host.")


def no_secrets(subject: Subject) -> Verdict:
    secrets = {one.lower() for one in subject.given.words("secretKeys")}
    for one in _containers(subject):
        told = one.maybe("environment")
        for variable in told.each() if told else ():
            name = str(variable.at("name").value)
            if name.lower() in secrets:
                reason = f"Container {_name(one)} is given {shown(name)} in the open."
                return fails(reason, variable)
    return passes("No secret is given as a variable.")


def read_only(subject: Subject) -> Verdict:
    for one in _containers(subject):
        told = one.maybe("readonlyRootFilesystem")
        if told is None or not told.flag():
            reason = f"Container {_name(one)} may write to its root file system."
            return fails(reason, told or one)
    return passes("No container may write to its root file system.")


def insights(subject: Subject) -> Verdict:
    told = subject.needed("clusterSettings", "settings")
    for one in told.each():
        if str(one.at("name").value) == "containerInsights":
            value = one.at("value")
            if str(value.value) in ("enabled", "enhanced"):
                return passes("Container Insights is on.", value)
            return fails("Container Insights is off.", value)
    return fails("Container Insights is off.", told)


RULES = (
    Managed(
        "LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED",
        "Functions cannot be invoked by everyone",
        _FUNCTION,
        not_public,
        Severity.CRITICAL,
    ),
    Managed(
        "LAMBDA_CONCURRENCY_CHECK",
        "Functions have a reserved concurrency",
        _FUNCTION,
        concurrency,
        Severity.LOW,
        (
            Parameter("ConcurrencyLimitLow", Form.NUMBER),
            Parameter("ConcurrencyLimitHigh", Form.NUMBER),
        ),
    ),
    Managed(
        "LAMBDA_DLQ_CHECK",
        "Functions have a dead-letter queue",
        _FUNCTION,
        dead_letters,
        Severity.LOW,
        (Parameter("dlqArns", Form.WORDS),),
    ),
    Managed(
        "ECS_CONTAINERS_NONPRIVILEGED",
        "Containers are not privileged",
        _DEFINITION,
        unprivileged,
        Severity.HIGH,
    ),
    Managed(
        "ECS_TASK_DEFINITION_USER_FOR_HOST_MODE_CHECK",
        "Containers on their host's network do not run as root",
        _DEFINITION,
        host_mode,
        Severity.HIGH,
        (Parameter("SkipInactiveTaskDefinitions", Form.FLAG),),
    ),
    Managed(
        "ECS_NO_ENVIRONMENT_SECRETS",
        "Secrets do not stand in variables",
        _DEFINITION,
        no_secrets,
        Severity.HIGH,
        (
            Parameter(
                "secretKeys",
                Form.WORDS,
                "AWS_ACCESS_KEY_ID,AWS_SECRET_ACCESS_KEY,ECS_ENGINE_AUTH_DATA",
                is_required=True,
            ),
        ),
    ),
    Managed(
        "ECS_CONTAINERS_READONLY_ACCESS",
        "Containers do not write to their root file system",
        _DEFINITION,
        read_only,
        Severity.LOW,
    ),
    Managed(
        "ECS_CONTAINER_INSIGHTS_ENABLED",
        "Clusters have Container Insights",
        ("AWS::ECS::Cluster",),
        insights,
        Severity.LOW,
    ),
)
