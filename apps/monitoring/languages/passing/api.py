"""REST: what a query at AWS would cost, and asking it at that price."""

from datetime import date
from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.discovery.permissions import person
from apps.discovery.roles import Role
from apps.monitoring.languages import runs
from apps.monitoring.languages.api import (
    QUESTION,
    Parameters,
    TooMany,
    given,
    started_run,
)
from apps.monitoring.languages.asking import Asked
from apps.monitoring.languages.passing import spending
from apps.monitoring.languages.passing.offers import Offer, offers
from apps.monitoring.languages.passing.starting import (
    NotPossible,
    PriceHigher,
    start,
)


class PriceNotAgreed(APIException):
    status_code = 409
    default_code = "price"


class NotAsked(APIException):
    status_code = 409
    default_code = "not_possible"


class LogQueryAtAwsView(APIView):
    @extend_schema(
        parameters=QUESTION,
        responses=OpenApiTypes.OBJECT,
        summary="Where CloudWatch could answer a log query, and at what price",
    )
    def get(self, request: Request) -> Response:
        """`groups` is needed. `dollars` is an estimate by the share of the time range
        in what the groups hold; at `most_dollars` the query is stopped."""
        asked = Asked.read(dict(request.query_params.lists()))
        now = timezone.now()
        found = offers(asked, person(request), now)
        return Response({"items": [_told(one, spending.day_of(now)) for one in found]})

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        responses=OpenApiTypes.OBJECT,
        summary="Ask CloudWatch a log query, at a price",
    )
    def post(self, request: Request) -> Response:
        """The question, `at_account` and `at_region` of an offer, and the
        `most_dollars` you agree to. 202 with a run, which `url` tells of. Needs the
        role operator in the account."""
        parameters = given(request)
        account, region = (
            _one(parameters, name) for name in ("at_account", "at_region")
        )
        me = person(request)
        if not me.rights.may(Role.OPERATOR, account):
            raise PermissionDenied("This needs the role operator in the account.")
        price, asked = _dollars(parameters), Asked.read(parameters)
        try:
            run = start(asked, (account, region), price, (me, timezone.now()))
        except PriceHigher as error:
            raise PriceNotAgreed(str(error)) from error
        except NotPossible as error:
            raise NotAsked(str(error)) from error
        except runs.TooManyRuns as error:
            raise TooMany(str(error)) from error
        return started_run(run)


def _one(parameters: Parameters, name: str) -> str:
    return (parameters.get(name) or [""])[-1]


def _dollars(parameters: Parameters) -> float:
    try:
        return float(_one(parameters, "most_dollars"))
    except ValueError:
        raise ValidationError(
            {"most_dollars": "The dollars you agree to, as a number."}
        ) from None


def _told(offer: Offer, day: date) -> dict[str, Any]:
    return {
        "account": offer.account,
        "region": offer.region,
        "groups": list(offer.groups),
        "bytes": offer.size.bytes,
        "dollars": offer.dollars,
        "most_bytes": offer.size.most_bytes,
        "most_dollars": offer.most_dollars,
        "spent_today_dollars": spending.spent(offer.account, day),
        "budget_dollars": spending.cap(),
        "refusal": offer.refusal or None,
    }
