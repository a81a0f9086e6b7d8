"""API Gateway as moto keeps it, with changes of single members of an integration.

Source: API Gateway API reference, "Patch operations", UpdateIntegration.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from moto.backends import get_backend
from moto.core.utils import get_service_model

from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError

# What a path of a patch means in moto's integration.
_MEMBERS: Mapping[str, str] = {
    "/uri": "uri",
    "/httpMethod": "http_method",
    "/passthroughBehavior": "passthrough_behaviour",
    "/timeoutInMillis": "timeout_in_millis",
    "/credentials": "credentials",
    "/connectionType": "connection_type",
    "/contentHandling": "content_handling",
    "/cacheNamespace": "cache_namespace",
}


class ApiGateway:
    """The REST APIs of every account."""

    name = "apigateway"

    def __init__(self, cloud: Cloud) -> None:
        self.operations: Mapping[str, Handler] = {"UpdateIntegration": _update}

    @cached_property
    def from_moto(self) -> frozenset[str]:
        """Everything else; what moto has not it says itself."""
        names = get_service_model(self.name).operation_names
        return frozenset(names) - self.operations.keys()


def _update(call: Call) -> Answer:
    integration = _integration(call)
    for patch in call.parameters.get("patchOperations") or []:
        if patch.get("op") != "replace" or patch.get("path") not in _MEMBERS:
            raise _refused(
                "Invalid patch path '{}' specified for op '{}'.".format(
                    patch.get("path", ""), patch.get("op", "")
                )
            )
    for patch in call.parameters.get("patchOperations") or []:
        setattr(integration, _MEMBERS[patch["path"]], patch.get("value"))
    told = integration.to_json()
    return {name: value for name, value in told.items() if value is not None}


def _integration(call: Call) -> Any:
    given = call.parameters
    api = get_backend("apigateway")[call.account][call.region].apis.get(
        given["restApiId"]
    )
    if api is None:
        raise _absent("Invalid API identifier specified")
    resource = api.resources.get(given["resourceId"])
    method = resource and resource.resource_methods.get(given["httpMethod"])
    if not method:
        raise _absent("Invalid Method identifier specified")
    if method.method_integration is None:
        raise _absent("Invalid Integration identifier specified")
    return method.method_integration


def _absent(message: str) -> ApiError:
    return ApiError("NotFoundException", message, 404)


def _refused(message: str) -> ApiError:
    return ApiError("BadRequestException", message, 400)
