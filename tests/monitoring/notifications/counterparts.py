"""The other side of each kind of channel, as the contract suite needs it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import boto3
import botocore.handlers
import pytest
from apprise.plugins.discord import NotifyDiscord
from apprise.url import URLBase
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.handlers import BUILTIN_HANDLERS
from botocore.retries.standard import ExponentialBackoff
from moto import mock_aws
from moto.core.botocore_stubber import MockRawResponse
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from apps.discovery.aws import forget_sessions
from apps.discovery.models import Account
from tests.monitoring.notifications.receivers import (
    HttpReceiver,
    MailReceiver,
    Said,
    Taken,
    mailing,
    serving,
)

AWS_ACCOUNT, REGION = "123456789012", "eu-west-1"
SDK_ATTEMPTS = 3
CANARY = "canary-4f2a9c-of-a-secret"


@dataclass(frozen=True)
class Got:
    """A notice as the other side took it: what it is known by there, and all of it."""

    uid: str
    text: str
    size: int


class Counterpart(Protocol):
    kind: str
    # The most bytes that the other side takes, by its documentation.
    most_bytes: int
    # Whether a refusal can be told from a failure.
    tells_refusals: bool
    options: Mapping[str, str]
    secrets: Mapping[str, str]

    def got(self) -> list[Got]:
        """What was taken so far."""

    def refuses_next(self) -> None: ...

    def fails_next(self) -> None: ...

    def is_silent_next(self) -> None: ...


class _OverHttp:
    tells_refusals = True

    def __init__(self) -> None:
        self.receiver = HttpReceiver()

    def refuses_next(self) -> None:
        self.receiver.answers.append(Said(400, CANARY.encode()))

    def fails_next(self) -> None:
        self.receiver.answers.append(Said(503, CANARY.encode()))

    def is_silent_next(self) -> None:
        self.receiver.answers.append(Said(200, hangs=True))


class SlackSide(_OverHttp):
    kind = "slack"
    most_bytes = 40_000
    options: Mapping[str, str] = {}

    @property
    def secrets(self) -> Mapping[str, str]:
        return {"url": f"{self.receiver.url}/services/T0/{CANARY}"}

    def got(self) -> list[Got]:
        found = []
        for call in self.receiver.calls:
            body = call.json()
            shown = json.dumps(body, ensure_ascii=False)
            found.append(Got("", shown, len(call.body)))
        return found


class WebhookSide(_OverHttp):
    kind = "webhook"
    most_bytes = 64 << 10
    options: Mapping[str, str] = {}

    @property
    def secrets(self) -> Mapping[str, str]:
        return {"url": f"{self.receiver.url}/hook/{CANARY}", "secret": CANARY}

    def got(self) -> list[Got]:
        calls = self.receiver.calls
        return [
            Got(one.headers["Trailmap-Id"], one.body.decode(), len(one.body))
            for one in calls
        ]


class MailSide:
    tells_refusals = True
    kind = "email"
    most_bytes = 1 << 20
    options: Mapping[str, str] = {"to": "ops@example.com, ann@example.com"}
    secrets: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.receiver = MailReceiver()

    def got(self) -> list[Got]:
        found = []
        for one in self.receiver.mails:
            text = one.message.get_body(("plain",))
            assert text is not None
            shown = f"{one.message['Subject']}\n{text.get_content()}"
            size = len(one.message.as_bytes())
            found.append(Got(str(one.message["Message-ID"]), shown, size))
        return found

    def refuses_next(self) -> None:
        self.receiver.replies.append("554 5.7.1 not from you")

    def fails_next(self) -> None:
        self.receiver.replies.append("451 4.3.0 try again")

    def is_silent_next(self) -> None:
        self.receiver.replies.append("421 4.4.2 closing")


@contextmanager
def over_http(made: Any, settings: Any) -> Iterator[Any]:
    with serving(made.receiver):
        yield made


@contextmanager
def by_mail(made: Any, settings: Any) -> Iterator[Any]:
    with mailing(made.receiver) as port:
        settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", port
        settings.SMTP_SECURITY = "none"
        yield made


class PagerDutySide(_OverHttp):
    """The Events API v2: 202 to what it documents, 400 to what it does not."""

    kind = "pagerduty"
    most_bytes = 512_000
    secrets: Mapping[str, str] = {
        "routing_key": CANARY.replace("-", "")[:32].ljust(32, "0")
    }

    def __init__(self) -> None:
        super().__init__()
        self.receiver = PagerDutyReceiver()

    @property
    def options(self) -> Mapping[str, str]:
        return {"endpoint": self.receiver.url}

    def got(self) -> list[Got]:
        found = []
        for call in self.receiver.calls:
            event = call.json()
            shown = json.dumps(event, ensure_ascii=False)
            found.append(Got(event["dedup_key"], shown, len(call.body)))
        return found


class PagerDutyReceiver(HttpReceiver):
    def answer(self, taken: Taken) -> Said:
        event = taken.json()
        payload = event["payload"]
        wrong = [
            taken.path != "/v2/enqueue",
            len(event["routing_key"]) != 32,
            event["event_action"] not in ("trigger", "acknowledge", "resolve"),
            len(event["dedup_key"]) > 255,
            not 0 < len(payload["summary"]) <= 1_024,
            payload["severity"] not in ("critical", "error", "warning", "info"),
            not payload["source"],
        ]
        if any(wrong):
            said = {"status": "invalid event", "message": f"wrong: {wrong}"}
            return Said(400, json.dumps(said).encode())
        told = {"status": "success", "dedup_key": event["dedup_key"]}
        return Said(202, json.dumps(told).encode())


class JiraSide(_OverHttp):
    receiver: JiraReceiver
    kind = "jira"
    most_bytes = 200_000
    secrets: Mapping[str, str] = {"token": CANARY}

    def __init__(self) -> None:
        super().__init__()
        self.receiver = JiraReceiver()

    @property
    def options(self) -> Mapping[str, str]:
        return {
            "site": self.receiver.url,
            "email": "bot@example.com",
            "project": "OPS",
            "issue_type": "Task",
            "transition": "Done",
        }

    def got(self) -> list[Got]:
        receiver = self.receiver
        return [
            Got(key, json.dumps(fields, ensure_ascii=False), len(json.dumps(fields)))
            for key, fields in receiver.issues.items()
        ]


class JiraReceiver(HttpReceiver):
    """Issues, comments and transitions of Jira Cloud's REST API 3."""

    def __init__(self) -> None:
        super().__init__()
        self.issues: dict[str, Any] = {}
        self.comments: dict[str, list[Any]] = {}
        self.status: dict[str, str] = {}
        self.loses_answers = 0

    def answer(self, taken: Taken) -> Said:
        path = taken.path.removeprefix("/rest/api/3/").partition("?")[0].split("/")
        if "Authorization" not in taken.headers:
            return Said(401)
        if path[0] == "search":
            return self._search(taken)
        if len(path) == 1:
            return self._make(taken.json()["fields"])
        if path[1] not in self.issues:
            return Said(404)
        return self._of_issue(path[1], path[2], taken)

    def _make(self, fields: Any) -> Said:
        if len(fields["summary"]) > 255 or "\n" in fields["summary"]:
            return Said(400)
        key = f"OPS-{len(self.issues) + 1}"
        self.issues[key] = fields
        self.comments[key], self.status[key] = [], "To Do"
        if self.loses_answers:
            self.loses_answers -= 1
            return Said(504)
        return Said(201, json.dumps({"id": "1", "key": key}).encode())

    def _search(self, taken: Taken) -> Said:
        asked = parse_qs(urlsplit(taken.path).query)["jql"][0]
        label = asked.removeprefix('labels = "').removesuffix('"')
        found = [key for key, one in self.issues.items() if label in one["labels"]]
        return Said(
            200, json.dumps({"issues": [{"key": key} for key in found]}).encode()
        )

    def _of_issue(self, key: str, what: str, taken: Taken) -> Said:
        if what == "comment" and taken.method == "POST":
            self.comments[key].append(taken.json()["body"])
            return Said(201, b"{}")
        if what == "comment":
            return Said(200, json.dumps({"comments": self.comments[key]}).encode())
        if taken.method == "POST":
            assert taken.json() == {"transition": {"id": "31"}}
            self.status[key] = "Done"
            return Said(204, b"")
        return Said(200, b'{"transitions": [{"id": "31", "name": "Done"}]}')


class _OfAws:
    """SNS and SQS as moto has them, with faults before it."""

    secrets: Mapping[str, str] = {}
    most_bytes = 256 << 10
    tells_refusals = True

    def __init__(self) -> None:
        self.faults: list[int] = []

    def refuses_next(self) -> None:
        self.faults.append(403)

    def fails_next(self) -> None:
        self.faults += [503] * SDK_ATTEMPTS

    def is_silent_next(self) -> None:
        self.faults += [0] * SDK_ATTEMPTS

    def before_send(self, request: Any, **_: Any) -> AWSResponse | None:
        if not self.faults:
            return None
        status = self.faults.pop(0)
        if not status:
            raise ReadTimeoutError(endpoint_url=request.url)
        code = "AuthorizationError" if status == 403 else "InternalFailure"
        body = self.fault_body(code)
        headers: Any = {"Content-Type": self.fault_type, "x-amzn-query-error": code}
        return AWSResponse(request.url, status, headers, MockRawResponse(body))

    fault_type = "text/xml"

    def fault_body(self, code: str) -> bytes:
        error = f"<Error><Code>{code}</Code><Message>no</Message></Error>"
        return f"<ErrorResponse>{error}</ErrorResponse>".encode()


class SnsSide(_OfAws):
    kind = "sns"

    def start(self) -> None:
        client = boto3.client("sns", region_name=REGION)
        attributes = {"FifoTopic": "true"}
        made = client.create_topic(Name="alerts.fifo", Attributes=attributes)
        self.options = {"account": AWS_ACCOUNT, "topic_arn": made["TopicArn"]}

    def got(self) -> list[Got]:
        backend = sns_backends[AWS_ACCOUNT][REGION]
        sent: list[Any] = backend.topics[self.options["topic_arn"]].sent_notifications
        found = []
        for _, message, subject, attributes, *_ in sent:
            told = json.loads(message)
            assert 0 < len(subject) < 100
            body = json.dumps(told, ensure_ascii=False)
            uid = json.loads(told["default"])["id"]
            assert attributes["id"]["Value"] == uid
            found.append(Got(uid, body, len(body.encode())))
        return found


class SqsSide(_OfAws):
    kind = "sqs"
    fault_type = "application/x-amz-json-1.0"

    def fault_body(self, code: str) -> bytes:
        return json.dumps(
            {"__type": f"com.amazonaws.sqs#{code}", "message": "no"}
        ).encode()

    def start(self) -> None:
        self.client = boto3.client("sqs", region_name=REGION)
        made = self.client.create_queue(
            QueueName="alerts.fifo", Attributes={"FifoQueue": "true"}
        )
        self.options = {
            "account": AWS_ACCOUNT,
            "region": REGION,
            "queue_url": made["QueueUrl"],
        }

    def got(self) -> list[Got]:
        queue = sqs_backends[AWS_ACCOUNT][REGION].queues["alerts.fifo"]
        bodies = [one.body for one in queue.messages]
        return [Got(json.loads(one)["id"], one, len(one.encode())) for one in bodies]


class MessengerSide(_OverHttp):
    tells_refusals = False
    kind = "apprise"
    most_bytes = 20_000
    options: Mapping[str, str] = {}
    secrets: Mapping[str, str] = {"url": f"discord://{'1' * 24}/{CANARY}{'x' * 40}"}

    def got(self) -> list[Got]:
        found = []
        for call in self.receiver.calls:
            body = call.json()
            told = body["embeds"][0] if body.get("embeds") else body
            shown = json.dumps(told, ensure_ascii=False)
            assert len(told.get("description", "")) <= 4_096
            found.append(Got("", shown, len(call.body)))
        return found


@contextmanager
def in_discord(made: Any, settings: Any) -> Iterator[Any]:
    with serving(made.receiver), pytest.MonkeyPatch.context() as patch:
        patch.setattr(NotifyDiscord, "notify_url", made.receiver.url)
        patch.setattr(URLBase, "socket_read_timeout", 0.3)
        yield made


@contextmanager
def in_aws(made: Any, settings: Any) -> Iterator[Any]:
    credentials = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"}
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name, value in credentials.items():
            patch.setenv(name, value)
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        handlers = [("before-send", made.before_send), *BUILTIN_HANDLERS]
        forget_sessions()
        made.start()
        patch.setattr(botocore.handlers, "BUILTIN_HANDLERS", handlers)
        patch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)
        Account.objects.create(number=AWS_ACCOUNT)
        yield made
    forget_sessions()


Side = tuple[Callable[[], Any], Callable[[Any, Any], Any]]
SIDES: dict[str, Side] = {
    "email": (MailSide, by_mail),
    "apprise": (MessengerSide, in_discord),
    "jira": (JiraSide, over_http),
    "pagerduty": (PagerDutySide, over_http),
    "slack": (SlackSide, over_http),
    "sns": (SnsSide, in_aws),
    "sqs": (SqsSide, in_aws),
    "webhook": (WebhookSide, over_http),
}
