"""Services as the API makes, changes and shows them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from sandbox.ecs import announcements, definitions
from sandbox.ecs.addresses import Addresses
from sandbox.ecs.clusters import Cluster, Clusters
from sandbox.ecs.deployments import Deployment, EcsService
from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError
from sandbox.kernel.faults import FaultKind
from sandbox.kernel.paging import page
from sandbox.kernel.principals import PrincipalKind

_MOST_DESCRIBED = 10
_MOST_LISTED = 100
_DEFAULT_LISTED = 10
_DEFAULT_DEPLOYMENTS = 20
_CHANGEABLE = (
    "deploymentConfiguration",
    "loadBalancers",
    "serviceRegistries",
    "platformVersion",
    "propagateTags",
    "enableExecuteCommand",
    "enableECSManagedTags",
    "placementConstraints",
    "placementStrategy",
)


class ServiceOperations:
    def __init__(
        self,
        cloud: Cloud,
        clusters: Clusters,
        addresses: Addresses,
        lock: threading.RLock,
    ) -> None:
        self._cloud = cloud
        self._clusters = clusters
        self._addresses = addresses
        self._lock = lock
        self.operations: Mapping[str, Handler] = {
            "CreateService": self._create,
            "DeleteService": self._delete,
            "DescribeServices": self._describe,
            "ListServiceDeployments": self._list_deployments,
            "ListServices": self._list,
            "UpdateService": self._update,
        }

    def _create(self, call: Call) -> Answer:
        given = call.parameters
        if not given.get("taskDefinition"):
            raise _invalid("TaskDefinition can not be blank.")
        definition = definitions.find(self._cloud, call, given["taskDefinition"])
        network = given.get("networkConfiguration") or {}
        definitions.check_network(definition, network)
        self._addresses.learn(call, network)
        with self._lock:
            cluster = self._clusters.get(call.place, given.get("cluster"))
            name = given["serviceName"]
            if name in cluster.services and cluster.services[name].status != "INACTIVE":
                raise _invalid("Creation of service was not idempotent.")
            service = EcsService(
                call.arn(f"service/{cluster.name}/{name}"),
                cluster.arn,
                dict(given),
                int(given.get("desiredCount") or 0),
                call.now,
                _creator(call),
                [Deployment(definition, call.now, network)],
                tags=list(given.get("tags") or []),
            )
            cluster.services[name] = service
            shown = service.described([])
        self._announce(service, call.now)
        return {"service": shown}

    def _announce(self, service: EcsService, now: float) -> None:
        self._cloud.emit(
            announcements.of_deployment(
                service, service.primary, "SERVICE_DEPLOYMENT_IN_PROGRESS", now
            )
        )

    def _update(self, call: Call) -> Answer:
        given, definition = call.parameters, None
        if given.get("taskDefinition"):
            definition = definitions.find(self._cloud, call, given["taskDefinition"])
        self._addresses.learn(call, given.get("networkConfiguration") or {})
        with self._lock:
            cluster = self._clusters.get(call.place, given.get("cluster"))
            service = _active(cluster, given["service"])
            service.given.update({m: given[m] for m in _CHANGEABLE if m in given})
            if given.get("desiredCount") is not None:
                service.desired = int(given["desiredCount"])
                service.is_steady = False
            new = _deployment(service, call, definition)
            if new is not None:
                service.deploy(new)
            shown = service.described(cluster.tasks_of(service))
        if new is not None:
            self._announce(service, call.now)
        return {"service": shown}

    def _delete(self, call: Call) -> Answer:
        given = call.parameters
        with self._lock:
            cluster = self._clusters.get(call.place, given.get("cluster"))
            service = _active(cluster, given["service"])
            if service.desired and not given.get("force"):
                raise _invalid(
                    "The service cannot be stopped while it is scaled above 0."
                )
            service.desired, service.status = 0, "DRAINING"
            return {"service": service.described(cluster.tasks_of(service))}

    def _describe(self, call: Call) -> Answer:
        wanted = call.parameters["services"]
        if len(wanted) > _MOST_DESCRIBED:
            raise _invalid("Services cannot be more than 10.")
        found, failures = [], []
        with self._lock:
            cluster = self._clusters.get(call.place, call.parameters.get("cluster"))
            for name in wanted:
                service = cluster.services.get(name.rsplit("/", 1)[-1])
                if service is None or self._is_struck(call):
                    arn = _arn(call, cluster, name)
                    failures.append({"arn": arn, "reason": "MISSING"})
                else:
                    found.append(self._shown(call, cluster, service))
        return {"services": found, "failures": failures}

    def _is_struck(self, call: Call) -> bool:
        strike = self._cloud.faults.strike
        where = "ecs.DescribeServices"
        return bool(strike(FaultKind.PARTIAL, where, call.account, call.now))

    def _shown(
        self, call: Call, cluster: Cluster, service: EcsService
    ) -> dict[str, Any]:
        shown = service.described(cluster.tasks_of(service))
        if "TAGS" in (call.parameters.get("include") or ()):
            shown["tags"] = service.tags
        return shown

    def _list(self, call: Call) -> Answer:
        given = call.parameters
        with self._lock:
            cluster = self._clusters.get(call.place, given.get("cluster"))
            arns = [
                service.arn
                for _, service in sorted(cluster.services.items())
                if service.status == "ACTIVE"
                and given.get("launchType", service.launch_type) == service.launch_type
            ]
        size = given.get("maxResults") or _DEFAULT_LISTED
        items, token = page(arns, given.get("nextToken"), size, _MOST_LISTED)
        return {"serviceArns": list(items), **({"nextToken": token} if token else {})}

    def _list_deployments(self, call: Call) -> Answer:
        given = call.parameters
        with self._lock:
            cluster = self._clusters.get(call.place, given.get("cluster"))
            told = cluster.service(given["service"]).history()
        wanted = given.get("status") or ()
        shown = [one for one in told if not wanted or one["status"] in wanted]
        size = given.get("maxResults") or _DEFAULT_DEPLOYMENTS
        items, token = page(shown, given.get("nextToken"), size, _MOST_LISTED)
        return {
            "serviceDeployments": list(items),
            **({"nextToken": token} if token else {}),
        }


def _creator(call: Call) -> str:
    """A role is named without its session."""
    who = call.principal
    return who.role_arn if who.kind is PrincipalKind.ROLE else who.arn


def _active(cluster: Cluster, name: str) -> EcsService:
    service = cluster.service(name)
    if service.status != "ACTIVE":
        raise ApiError("ServiceNotActiveException", "Service was not ACTIVE.")
    return service


def _deployment(
    service: EcsService, call: Call, definition: Mapping[str, Any] | None
) -> Deployment | None:
    """A new deployment if the call changes what tasks are, or asks for one."""
    given, now = call.parameters, service.primary
    network = given.get("networkConfiguration") or now.network
    is_other = definition is not None and (
        definition["taskDefinitionArn"] != now.definition_arn
    )
    if not (is_other or given.get("forceNewDeployment") or network != now.network):
        return None
    return Deployment(definition or now.definition, call.now, network)


def _arn(call: Call, cluster: Cluster, name: str) -> str:
    return (
        name if name.startswith("arn:") else call.arn(f"service/{cluster.name}/{name}")
    )


def _invalid(said: str) -> ApiError:
    return ApiError("InvalidParameterException", said)
