"""API Gateway: stages, and where their APIs hand requests on to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from apps.audit.compliance.managed.base import (
    Managed,
    Severity,
    Subject,
    fails,
    passes,
)
from apps.audit.compliance.parameters import Form, Parameter
from apps.audit.compliance.places import NotTold, Place, shown
from apps.audit.compliance.verdicts import Verdict

_API = "AWS::ApiGateway::RestApi"
_STAGE = "AWS::ApiGateway::Stage"
_STAGE_V2 = "AWS::ApiGatewayV2::Stage"
_DEEPEST = 12
_INTEGRATIONS = ("integrations", "resources", "body", "paths")


def logged(subject: Subject) -> Verdict:
    levels = {one.upper() for one in subject.given.words("loggingLevel")}
    if subject.item.key.type == _STAGE_V2:
        told = subject.configuration.at("defaultRouteSettings").maybe("loggingLevel")
        if told is None or str(told.value).upper() not in levels:
            return fails("The stage does not log what it executes.", told)
        return passes("The stage logs what it executes.", told)
    subject.configuration.at("stageName")
    settings = subject.configuration.maybe("methodSettings")
    every = settings.dig("*/*", "loggingLevel") if settings else None
    if every is None or str(every.value).upper() not in levels:
        return fails("Not all methods log what they execute.", every or settings)
    for name, setting in settings.members() if settings else ():
        level = setting.maybe("loggingLevel")
        if level and str(level.value).upper() not in levels:
            return fails(f"Method {shown(name)} does not log.", level)
    return passes("All methods log what they execute.", every)


def has_certificate(subject: Subject) -> Verdict:
    subject.configuration.at("stageName")
    told = subject.configuration.maybe("clientCertificateId")
    if told is None or not told.value:
        return fails("The stage shows back ends no client certificate.", told)
    wanted = subject.given.words("CertificateIDs")
    if wanted and not any(str(told.value) in one for one in wanted):
        return fails("The stage has another certificate than those required.", told)
    return passes("The stage shows back ends a client certificate.", told)


def traced(subject: Subject) -> Verdict:
    subject.configuration.at("stageName")
    told = subject.configuration.maybe("tracingEnabled")
    if told is None or not told.flag():
        return fails("X-Ray does not trace the stage.", told)
    return passes("X-Ray traces the stage.", told)


def cached(subject: Subject) -> Verdict:
    subject.configuration.at("stageName")
    settings = subject.configuration.maybe("methodSettings")
    every = settings.maybe("*/*") if settings else None
    if every is None:
        return fails("Not all methods are cached.", settings)
    for name, what in (
        ("cachingEnabled", "cached"),
        ("cacheDataEncrypted", "cached encrypted"),
    ):
        told = every.maybe(name)
        if told is None or not told.flag():
            return fails(f"Not all methods are {what}.", told or every)
    return passes("All methods are cached, encrypted.", every)


def endpoint_type(subject: Subject) -> Verdict:
    wanted = {one.upper() for one in subject.given.words("endpointConfigurationTypes")}
    told = subject.configuration.at("endpointConfiguration", "types")
    found = {str(one.value).upper() for one in told.each()}
    if not found <= wanted:
        said = ", ".join(sorted(found))
        return fails(f"The API's endpoint is {shown(said)}.", told)
    return passes("The API's endpoint is of a type that is allowed.", told)


def integrations_use_tls(subject: Subject) -> Verdict:
    """Looks where the item, or the item of the stage's API, tells of integrations.

    Raises NotTold where neither does.
    """
    places = list(_telling(subject))
    if not places:
        raise NotTold(
            "configuration.integrations", "Where the API hands requests on is not told."
        )
    addresses = [one for place in places for one in _addresses(place, 0)]
    for one in addresses:
        if str(one.value).lower().startswith("http://"):
            return fails(f"Requests go on over plain HTTP: {shown(one.value)}.", one)
    return passes("No integration goes over plain HTTP.")


def _telling(subject: Subject) -> Iterator[Place]:
    own = _places(subject.configuration, subject.supplementary)
    if own or subject.item.key.type == _API:
        yield from own
        return
    named = subject.configuration.maybe("restApiId")
    id_ = str(named.value) if named else _api_of(subject.item.key.id)
    api = subject.sibling(_API, id_)
    if api is not None:
        yield from _places(
            Place(api.configuration, f"{_API} {id_}: configuration"),
            Place(api.supplementary, f"{_API} {id_}: supplementary"),
        )


def _places(*roots: Place) -> list[Place]:
    found = (root.maybe(name) for root in roots for name in _INTEGRATIONS)
    return [one.parsed() for one in found if one is not None]


def _api_of(stage: str) -> str:
    """Config identifies a stage by .../restapis/a1b2c3/stages/prod."""
    return stage.partition("/restapis/")[2].partition("/")[0]


def _addresses(place: Place, depth: int) -> Iterator[Place]:
    """Every `uri` below a place: that of an integration, as AWS's APIs, CloudFormation
    and OpenAPI documents all call it."""
    if depth > _DEEPEST:
        raise NotTold(place.path, "The integrations are nested too deep to be read.")
    if isinstance(place.value, Mapping):
        for name, one in place.members():
            if name.lower() in ("uri", "integrationuri") and isinstance(one.value, str):
                yield one
            else:
                yield from _addresses(one, depth + 1)
    elif isinstance(place.value, list | tuple):
        for one in place.each():
            yield from _addresses(one, depth + 1)


RULES = (
    Managed(
        "API_GW_EXECUTION_LOGGING_ENABLED",
        "API stages log what they execute",
        (_STAGE, _STAGE_V2),
        logged,
        Severity.MEDIUM,
        (Parameter("loggingLevel", Form.WORDS, "ERROR,INFO"),),
    ),
    Managed(
        "API_GW_SSL_ENABLED",
        "API stages show a client certificate",
        (_STAGE,),
        has_certificate,
        Severity.LOW,
        (Parameter("CertificateIDs", Form.WORDS),),
    ),
    Managed(
        "API_GW_XRAY_ENABLED", "API stages are traced", (_STAGE,), traced, Severity.LOW
    ),
    Managed(
        "API_GW_CACHE_ENABLED_AND_ENCRYPTED",
        "API stages cache, encrypted",
        (_STAGE,),
        cached,
        Severity.LOW,
    ),
    Managed(
        "API_GW_ENDPOINT_TYPE_CHECK",
        "APIs have an endpoint of the right type",
        (_API,),
        endpoint_type,
        Severity.LOW,
        (Parameter("endpointConfigurationTypes", Form.WORDS, is_required=True),),
    ),
    Managed(
        "TRAILMAP_API_GW_INTEGRATIONS_TLS",
        "APIs hand requests on over TLS",
        (_STAGE,),
        integrations_use_tls,
        Severity.HIGH,
        note="A rule of Trailmap's own: AWS has none. AWS Config does not record "
        "integrations: they are read from API Gateway.",
    ),
)
