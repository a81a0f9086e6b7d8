"""Elastic Load Balancing, version 2."""

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
from apps.audit.compliance.places import NotTold, Place
from apps.audit.compliance.verdicts import Verdict

_BALANCER = ("AWS::ElasticLoadBalancingV2::LoadBalancer",)
_LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
_ENCRYPTED = frozenset(("HTTPS", "TLS"))


def _listeners(subject: Subject) -> Iterator[Place]:
    """Those within the item, or else the listeners that are resources themselves.

    Raises NotTold where neither is known.
    """
    told = subject.told("listeners")
    if told is not None:
        yield from told.parsed().each()
        return
    arn = str(subject.configuration.at("loadBalancerArn").value)
    account = subject.item.key.account
    own = [
        one
        for one in subject.estate.every(account, _LISTENER)
        if (named := Place(one.configuration, "").maybe("loadBalancerArn"))
        and named.value == arn
    ]
    if not own:
        raise NotTold("configuration.listeners", "The listeners are not known.")
    for one in own:
        yield Place(one.configuration, f"listener {one.key.id[-40:]}")


def redirects(subject: Subject) -> Verdict:
    kind = subject.configuration.maybe("type")
    if kind and str(kind.value) != "application":
        return irrelevant("Only application load balancers speak HTTP.", kind)
    plain = [
        one for one in _listeners(subject) if str(one.at("protocol").value) == "HTTP"
    ]
    for listener in plain:
        actions = list(listener.at("defaultActions").each())
        if not any(_is_redirect(action) for action in actions):
            port = listener.maybe("port")
            said = f" on port {port.value}" if port else ""
            reason = f"The HTTP listener{said} does not redirect to HTTPS."
            return fails(reason, listener)
    if not plain:
        return passes("No listener speaks plain HTTP.")
    return passes("Every HTTP listener redirects to HTTPS.")


def _is_redirect(action: Place) -> bool:
    wanted = action.dig("redirectConfig", "protocol")
    kind = action.maybe("type")
    return bool(
        kind
        and str(kind.value) == "redirect"
        and wanted
        and str(wanted.value).upper() == "HTTPS"
    )


def has_certificates(subject: Subject) -> Verdict:
    allowed = subject.given.words("AcmCertificatesAllowed")
    for listener in _listeners(subject):
        if str(listener.at("protocol").value) not in _ENCRYPTED:
            return fails("A listener takes traffic that is not encrypted.", listener)
        for one in listener.at("certificates").each():
            arn = str(one.at("certificateArn").value)
            if ":acm:" not in arn or (allowed and arn not in allowed):
                return fails("A listener's certificate is not one of ACM.", one)
    return passes("Every listener has a certificate of ACM.")


def _attribute(subject: Subject, name: str) -> Place:
    """Raises NotTold."""
    told = subject.needed("loadBalancerAttributes", "attributes").parsed()
    if isinstance(told.value, dict):
        found = told.maybe(name)
        if found is None:
            raise NotTold(f"{told.path}.{name}")
        return found
    for one in told.each():
        if one.at("key").value == name:
            return one.at("value")
    raise NotTold(told.path, f"The item does not say {name}.")


def logged(subject: Subject) -> Verdict:
    told = _attribute(subject, "access_logs.s3.enabled")
    if not told.flag():
        return fails("Access is not logged.", told)
    wanted = subject.given.words("s3BucketNames")
    bucket = _attribute(subject, "access_logs.s3.bucket") if wanted else None
    if bucket and str(bucket.value) not in wanted:
        return fails(f"Access is logged to {bucket.value}.", bucket)
    return passes("Access is logged.", told)


def deletion_protected(subject: Subject) -> Verdict:
    told = _attribute(subject, "deletion_protection.enabled")
    if not told.flag():
        return fails("The load balancer can be deleted by a single call.", told)
    return passes("Deletion protection is on.", told)


def drops_invalid_headers(subject: Subject) -> Verdict:
    kind = subject.configuration.maybe("type")
    if kind and str(kind.value) != "application":
        return irrelevant("Only application load balancers read headers.", kind)
    told = _attribute(subject, "routing.http.drop_invalid_header_fields.enabled")
    if not told.flag():
        return fails("Invalid headers are handed on.", told)
    return passes("Invalid headers are dropped.", told)


RULES = (
    Managed(
        "ALB_HTTP_TO_HTTPS_REDIRECTION_CHECK", "Load balancers redirect to HTTPS",
        _BALANCER, redirects, Severity.HIGH,
    ),
    Managed(
        "ELBV2_ACM_CERTIFICATE_REQUIRED",
        "Load balancers have certificates of ACM",
        _BALANCER,
        has_certificates,
        Severity.MEDIUM,
        (Parameter("AcmCertificatesAllowed", Form.WORDS),),
    ),
    Managed(
        "ELB_LOGGING_ENABLED",
        "Access to load balancers is logged",
        _BALANCER,
        logged,
        Severity.LOW,
        (Parameter("s3BucketNames", Form.WORDS),),
        note="Classic Load Balancers are not judged here.",
    ),
    Managed(
        "ELB_DELETION_PROTECTION_ENABLED",
        "Load balancers are protected from deletion",
        _BALANCER,
        deletion_protected,
        Severity.LOW,
    ),
    Managed(
        "ALB_HTTP_DROP_INVALID_HEADER_ENABLED",
        "Load balancers drop invalid headers",
        _BALANCER,
        drops_invalid_headers,
        Severity.LOW,
    ),
)  # fmt: skip
