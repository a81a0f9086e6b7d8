"""Topics of SNS and queues of SQS, in connected accounts."""

from __future__ import annotations

import hashlib
import re
from typing import Any, ClassVar
from urllib.parse import urlsplit

import orjson

from apps.discovery.accounts import target
from apps.discovery.arn import parse_arn
from apps.discovery.aws import (
    AwsDenied,
    AwsError,
    AwsGone,
    AwsRefused,
    Door,
)
from apps.discovery.models import Account
from apps.monitoring.notifications.channels.base import (
    Configured,
    Delivered,
    Option,
    OptionInvalid,
    Receipt,
    Refused,
    Retry,
)
from apps.monitoring.notifications.channels.webhook import as_message
from apps.monitoring.notifications.notices import Notice
from apps.monitoring.notifications.wording import CUT, cut_bytes, headline, plain_text

# AWS takes 256 KiB with everything that goes along; SNS holds our text three times.
_MESSAGE, _TEXT, _SHORT, _SUBJECT = 60 << 10, 16 << 10, 140, 99
_FIFO = ".fifo"
_QUEUE = re.compile(
    r"/(?P<account>\d{12})/(?P<name>[A-Za-z0-9_-]{1,80}(?:\.fifo)?)", re.ASCII
)
_HOST = re.compile(
    r"sqs\.(?P<region>[a-z0-9-]{5,30})\.(amazonaws\.com(\.cn)?|[a-z0-9.-]+\.aws)"
    r"|(?P<older>[a-z0-9-]{5,30})\.queue\.amazonaws\.com",
    re.ASCII,
)
_ACCOUNT = Option(
    "account", "Account", "Whose role writes to it.", "account", default=""
)


def _grouped(notice: Notice, delivered: Delivered) -> dict[str, str]:
    """How FIFO keeps the notices of one incident in order, and takes each once."""
    group = hashlib.sha256(notice.key.encode()).hexdigest()
    return {
        "MessageGroupId": group,
        "MessageDeduplicationId": delivered.uid,
    }


class _OfAccount(Configured):
    def _door(self, service: str, region: str) -> Door:
        """Raises Refused where there is no such account."""
        number = self.option("account")
        account = Account.objects.filter(pk=number).first()
        if account is None:
            raise Refused(f"Account {number} is not known here.")
        return Door(target(account, region), service)

    def _call(self, service: str, region: str, operation: str, **asked: Any) -> Receipt:
        try:
            answer = self._door(service, region).call(operation, **asked)
        except (AwsDenied, AwsGone, AwsRefused) as error:
            raise Refused(str(error)) from error
        except AwsError as error:
            raise Retry(str(error)) from error
        request = answer.get("ResponseMetadata", {}).get("RequestId", "")
        return Receipt(f"Message {answer['MessageId']}, request {request}")


class Sns(_OfAccount):
    kind: ClassVar[str] = "sns"
    title: ClassVar[str] = "SNS"
    about: ClassVar[str] = (
        "A topic of Amazon SNS: text to people who subscribe, JSON to programs. The "
        "role needs sns:Publish."
    )
    per_minute: ClassVar[int] = 20
    options: ClassVar[tuple[Option, ...]] = (
        _ACCOUNT,
        Option(
            "topic_arn",
            "ARN of the topic",
            "Such as arn:aws:sns:eu-west-1:111122223333:alerts.",
        ),
    )

    def check(self) -> None:
        arn = parse_arn(self.option("topic_arn"))
        if arn is None or arn.service != "sns" or not arn.region or ":" in arn.resource:
            raise OptionInvalid("topic_arn", "That is not the ARN of a topic.")

    def render(self, notice: Notice, delivered: Delivered) -> bytes:
        """A message for each kind of subscriber."""
        program = as_message(notice, delivered, _MESSAGE).decode()
        text = cut_bytes(plain_text(notice, delivered.site, _TEXT), _TEXT)
        short = headline(notice, _SHORT)
        return orjson.dumps({"default": program, "email": text, "sms": short})

    def send(self, notice: Notice, delivered: Delivered) -> Receipt:
        topic = self.option("topic_arn")
        arn = parse_arn(topic)
        region = arn.region if arn else ""
        asked: dict[str, Any] = {
            "TopicArn": topic,
            "Message": self.render(notice, delivered).decode(),
            "MessageStructure": "json",
            "Subject": _subject(notice),
            "MessageAttributes": _attributes(notice, delivered),
        }
        if topic.endswith(_FIFO):
            asked |= _grouped(notice, delivered)
        return self._call("sns", region, "publish", **asked)


class Sqs(_OfAccount):
    kind: ClassVar[str] = "sqs"
    title: ClassVar[str] = "SQS"
    about: ClassVar[str] = (
        "A queue of Amazon SQS, for programs. The role needs sqs:SendMessage."
    )
    per_minute: ClassVar[int] = 0
    options: ClassVar[tuple[Option, ...]] = (
        _ACCOUNT,
        Option("region", "Region", "Where the queue is, such as eu-west-1."),
        Option(
            "queue_url",
            "URL of the queue",
            "Such as https://sqs.eu-west-1.amazonaws.com/111122223333/alerts.",
        ),
    )

    def check(self) -> None:
        """A queue is named by its account and name: only the path counts, requests go
        to where the SDK finds SQS."""
        parts = urlsplit(self.option("queue_url"))
        if parts.scheme not in ("https", "http") or not _QUEUE.fullmatch(parts.path):
            raise OptionInvalid("queue_url", "That is not the URL of a queue.")
        host = _HOST.fullmatch(parts.hostname or "")
        region = (host["region"] or host["older"]) if host else self.option("region")
        if region != self.option("region"):
            raise OptionInvalid("region", f"The queue is in {region}.")

    def render(self, notice: Notice, delivered: Delivered) -> bytes:
        return as_message(notice, delivered, _MESSAGE)

    def send(self, notice: Notice, delivered: Delivered) -> Receipt:
        url = self.option("queue_url")
        asked: dict[str, Any] = {
            "QueueUrl": url,
            "MessageBody": self.render(notice, delivered).decode(),
            "MessageAttributes": _attributes(notice, delivered),
        }
        if url.endswith(_FIFO):
            asked |= _grouped(notice, delivered)
        return self._call("sqs", self.option("region"), "send_message", **asked)


def _subject(notice: Notice) -> str:
    """Printable ASCII of less than 100 characters that begins with a letter."""
    text = headline(notice, _SUBJECT).replace(CUT, "").strip()
    printable = "".join(one if " " <= one <= "~" else "?" for one in text)
    return printable[:_SUBJECT].strip() or "Notice"


def _attributes(notice: Notice, delivered: Delivered) -> dict[str, dict[str, str]]:
    """What subscriptions filter by."""
    told = {
        "id": delivered.uid,
        "state": notice.state.value,
        "severity": notice.severity.value,
    }
    return {
        name: {"DataType": "String", "StringValue": value}
        for name, value in told.items()
    }
