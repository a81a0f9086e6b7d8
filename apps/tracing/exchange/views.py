"""What the query APIs of Jaeger and Zipkin have in common: signed in or with a token,
within the accounts that one may see, errors in the tool's own shape."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.search.engines.base import EngineUnavailable, QueryTooBroad, Scope
from apps.search.viewers import viewer_of
from apps.tracing.exchange.parameters import BadParameter

_JSON = "application/json"


class NotThere(Exception):
    """What was asked for is not there, or not for this person to see."""


class ExchangeView(APIView):
    """One question of a tool. `schema` None: it is the tool's API and not ours."""

    schema = None

    def get(self, request: Request, **parts: str) -> HttpResponse:
        try:
            return answered(self.found(request, **parts))
        except BadParameter as error:
            return self.failed(400, f"{error}.")
        except NotThere as error:
            return self.failed(404, str(error))
        except QueryTooBroad as error:
            return self.failed(400, str(error))
        except EngineUnavailable as error:
            return self.failed(503, f"The store does not answer: {error}")

    def found(self, request: Request, **parts: str) -> Any:
        """The answer, as JSON. Raises BadParameter, NotThere, and what stores raise."""
        raise NotImplementedError

    def failed(self, status: int, message: str) -> HttpResponse:
        raise NotImplementedError


def answered(said: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(orjson.dumps(said), content_type=_JSON, status=status)


def scope_of(request: Request) -> Scope:
    return Scope(viewer_of(request).visible_accounts())


def asked(request: Request, name: str) -> str:
    return request.query_params.get(name, "")


def now() -> datetime:
    return timezone.now()
