"""Lambda as the API shows it: moto keeps functions, we run them."""

from __future__ import annotations

import base64
import json
import logging
import re
import threading
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from sandbox.functions import catalog, runner
from sandbox.functions.poller import Poller
from sandbox.functions.reports import Reports, lines
from sandbox.functions.runner import Function, Ran
from sandbox.kernel.calls import Answer, Call, Finished, Handler
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError

log = logging.getLogger(__name__)

_BY = "lambda.amazonaws.com"
_LARGEST = 6_291_456
_LOG_TAIL = 4_096
_AT_ONCE = 8
# Source: "How Lambda handles errors and retries with asynchronous invocation".
_PAUSES_SECONDS = (60, 120)
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Later:
    """An asynchronous invocation and how often it was tried again."""

    place: Place
    name: str
    qualifier: str | None
    payload: bytes
    request_id: str
    began: float
    retries: int = 0


class Lambda:
    """The Lambda of every account.

    `endpoint_url` is where functions find this sandbox; without it their own calls of
    AWS go nowhere.
    """

    name = "lambda"
    from_moto = frozenset(
        {
            "AddPermission", "CreateAlias", "CreateEventSourceMapping",
            "CreateFunction", "DeleteAlias", "DeleteEventSourceMapping",
            "DeleteFunction", "DeleteFunctionConcurrency",
            "DeleteFunctionEventInvokeConfig", "DeleteLayerVersion", "GetAlias",
            "GetEventSourceMapping", "GetFunction", "GetFunctionConcurrency",
            "GetFunctionConfiguration", "GetFunctionEventInvokeConfig",
            "GetLayerVersion", "GetPolicy", "ListAliases", "ListEventSourceMappings",
            "ListFunctionEventInvokeConfigs", "ListFunctions", "ListLayerVersions",
            "ListLayers", "ListTags", "ListVersionsByFunction", "PublishLayerVersion",
            "PublishVersion", "PutFunctionConcurrency",
            "PutFunctionEventInvokeConfig", "RemovePermission", "TagResource",
            "UntagResource", "UpdateAlias", "UpdateEventSourceMapping",
            "UpdateFunctionCode", "UpdateFunctionConfiguration",
            "UpdateFunctionEventInvokeConfig",
        }
    )  # fmt: skip

    def __init__(self, cloud: Cloud) -> None:
        self.endpoint_url = ""
        self._cloud = cloud
        self._reports = Reports(cloud)
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="functions")
        self._running: set[Future[None]] = set()
        self._lock = threading.Lock()
        poller = Poller(cloud, self.run, self._in_background)
        cloud.timers.every(1, poller.look)
        cloud.on_call(_keep_queues)
        self.operations: Mapping[str, Handler] = {"Invoke": self._invoke}

    def settle(self) -> None:
        """Wait until no function runs in the background."""
        while self._running:
            with self._lock:
                running = list(self._running)
            wait(running)
            with self._lock:
                self._running -= {future for future in running if future.done()}

    def _in_background(self, work: Callable[[], None]) -> None:
        with self._lock:
            self._running = {one for one in self._running if not one.done()}
            self._running.add(self._threads.submit(work))

    def _invoke(self, call: Call) -> Answer:
        given = call.parameters
        payload = bytes(given.get("Payload") or b"{}")
        _check(payload)
        qualifier = given.get("Qualifier")
        function = catalog.find(call.place, given["FunctionName"], qualifier)
        kind = given.get("InvocationType") or "RequestResponse"
        if kind == "DryRun":
            return {"StatusCode": 204, "Payload": b""}
        if kind == "Event":
            later = _Later(
                call.place,
                given["FunctionName"],
                qualifier,
                payload,
                call.request_id,
                call.now,
            )
            self._in_background(lambda: self._try(later))
            return {"StatusCode": 202, "Payload": b""}
        ran, said = self._run(call.place, function, payload, call.request_id)
        answer: dict[str, Any] = {
            "StatusCode": 200,
            "Payload": ran.payload,
            "ExecutedVersion": function.version,
        }
        if ran.is_error:
            answer["FunctionError"] = "Unhandled"
        if given.get("LogType") == "Tail":
            tail = "\n".join(said).encode()[-_LOG_TAIL:]
            answer["LogResult"] = base64.b64encode(tail).decode()
        return answer

    def run(self, place: Place, name: str, payload: bytes) -> Ran:
        """Run a function for another service, as an invocation of its own."""
        function = catalog.find(place, name, None)
        return self._run(place, function, payload, str(uuid.uuid4()))[0]

    def _run(
        self, place: Place, function: Function, payload: bytes, request_id: str
    ) -> tuple[Ran, list[str]]:
        own = {**self._identity(place, function), **function.variables}
        ready = replace(function, variables=own)
        ran = runner.run(ready, payload, request_id, self._cloud.home / "functions")
        now = self._cloud.clock.now()
        said = lines(function, ran, request_id, now)
        self._reports.write(place, function, ran, said, now)
        return ran, said

    def _identity(self, place: Place, function: Function) -> dict[str, str]:
        """Credentials of the function's role, where it lets Lambda assume it."""
        known = {"AWS_REGION": place[1], "AWS_DEFAULT_REGION": place[1]}
        if not self.endpoint_url:
            return known
        try:
            granted = self._cloud.client("sts", *place, _BY).assume_role(
                RoleArn=catalog.role_of(place, function.name, None),
                RoleSessionName=_session_name(function.name),
            )["Credentials"]
        except ClientError as error:
            raise ApiError(
                "InvalidParameterValueException",
                "The role defined for the function cannot be assumed by Lambda.",
            ) from error
        return {
            **known,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": granted["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": granted["SecretAccessKey"],
            "AWS_SESSION_TOKEN": granted["SessionToken"],
        }

    def _try(self, later: _Later) -> None:
        function = catalog.find(later.place, later.name, later.qualifier)
        ran, _ = self._run(later.place, function, later.payload, later.request_id)
        settings = catalog.retries_of(later.place, later.name, later.qualifier)
        pause = _PAUSES_SECONDS[min(later.retries, len(_PAUSES_SECONDS) - 1)]
        age = self._cloud.clock.now() + pause - later.began
        condition = "Success"
        if ran.is_error:
            is_last = later.retries >= settings.most
            condition = "RetriesExhausted" if is_last else "EventAgeExceeded"
        if condition == "EventAgeExceeded" and age <= settings.oldest_seconds:
            again = replace(later, retries=later.retries + 1)
            self._cloud.timers.after(
                pause, lambda now: self._in_background(lambda: self._try(again))
            )
            return
        to = settings.on_failure if ran.is_error else settings.on_success
        if to:
            record = json.dumps(_record(function, later, ran, condition))
            self._deliver(to, function, later.place, record)

    def _deliver(self, to: str, function: Function, place: Place, record: str) -> None:
        try:
            self._tell(to, record)
        except ClientError as error:
            log.warning("the destination %s refuses: %s", to, error)
            now = self._cloud.clock.now()
            self._reports.undelivered(place, function.name, now)

    def _tell(self, to: str, record: str) -> None:
        """Send the record of an asynchronous invocation to its destination."""
        _, _, service, region, account, name = to.split(":", 5)
        client = self._cloud.client(service, account, region, _BY)
        if service == "sqs":
            url = client.get_queue_url(QueueName=name)["QueueUrl"]
            client.send_message(QueueUrl=url, MessageBody=record)
        elif service == "sns":
            client.publish(TopicArn=to, Message=record)
        elif service == "lambda":
            client.invoke(
                FunctionName=to, InvocationType="Event", Payload=record.encode()
            )


def _session_name(function: str) -> str:
    """A name STS takes: 2 to 64 letters of a few kinds."""
    return re.sub(r"[^\w+=,.@-]", "-", function)[:64].ljust(2, "-")


def _record(
    function: Function, later: _Later, ran: Ran, condition: str
) -> dict[str, Any]:
    """Source: "Capturing records of Lambda asynchronous invocations"."""
    context: dict[str, Any] = {"statusCode": 200, "executedVersion": function.version}
    if ran.is_error:
        context["functionError"] = "Unhandled"
    return {
        "version": "1.0",
        "requestContext": {
            "requestId": later.request_id,
            "functionArn": f"{function.arn}:{function.version}",
            "condition": condition,
            "approximateInvokeCount": later.retries + 1,
        },
        "requestPayload": json.loads(later.payload),
        "responseContext": context,
        "responsePayload": json.loads(ran.payload),
    }


def _check(payload: bytes) -> None:
    if len(payload) > _LARGEST:
        raise ApiError(
            "RequestTooLargeException",
            f"Request must be smaller than {_LARGEST} bytes for the InvokeFunction "
            "operation",
            413,
        )
    try:
        json.loads(payload)
    except ValueError as error:
        raise ApiError(
            "InvalidRequestContentException",
            f"Could not parse request body into json: {error}",
        ) from error


def _keep_queues(finished: Finished) -> None:
    call = finished.call
    if call.service == "lambda" and call.operation in {
        "CreateEventSourceMapping",
        "UpdateEventSourceMapping",
    }:
        catalog.leave_queues_to_us(call.place)
