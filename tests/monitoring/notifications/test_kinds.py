"""What single kinds of channels promise beyond the contract of all."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from apps.monitoring.models import Channel, Delivery, Route
from apps.monitoring.notifications import sending
from apps.monitoring.notifications.addresses import LOOPBACK
from apps.monitoring.notifications.channels.base import Configuration, OptionInvalid
from apps.monitoring.notifications.channels.messengers import Messenger
from apps.monitoring.notifications.channels.webhook import signature
from apps.monitoring.notifications.notices import State
from apps.monitoring.notifications.outbox import notify
from apps.monitoring.notifications.sealing import Secret
from tests.factories import NOON
from tests.monitoring.notifications.counterparts import JiraReceiver, JiraSide
from tests.monitoring.notifications.made import a_notice, a_world, statuses
from tests.monitoring.notifications.receivers import MailReceiver, mailing, serving

pytestmark = pytest.mark.django_db
_DOCS = Path(__file__).parents[3] / "docs" / "notifications.md"


@pytest.fixture
def mails(settings: Any) -> Iterator[MailReceiver]:
    receiver = MailReceiver()
    with mailing(receiver) as port:
        settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", port
        settings.SMTP_SECURITY = "none"
        channel = Channel.objects.create(
            name="ops",
            kind="email",
            options={"to": "ops@example.com, gone@example.com"},
        )
        Route.objects.create(name="all").channels.add(channel)
        yield receiver


def send_mail(at: timedelta = timedelta()) -> None:
    channel = Channel.objects.get()
    sending.send_of(channel.pk, lambda: NOON + at)


def test_one_incident_is_one_conversation_of_text_and_html(mails: MailReceiver) -> None:
    for state in (State.FIRING, State.RESOLVED):
        notify(a_notice(state))
        send_mail()
    notify(a_notice(key="another"))
    send_mail()

    first, second, other = (one.message for one in mails.mails)
    assert first["References"] == second["References"] != other["References"]
    assert first["Message-ID"] != second["Message-ID"]
    html = first.get_body(("html",))
    assert html is not None
    assert "12 % of 400 requests failed." in html.get_content()
    assert mails.mails[0].to == ["ops@example.com", "gone@example.com"]


def test_a_hostile_title_is_a_subject_and_no_header(mails: MailReceiver) -> None:
    title = 'x\r\nBcc: eve@example.com\r\n\r\n<img src="//evil"> \u202egpj'
    notify(a_notice(title=title))
    send_mail()

    message = mails.mails[0].message
    assert message["Bcc"] is None
    assert "eve@example.com" in message["Subject"]
    assert "\u202e" not in message["Subject"]
    html = message.get_body(("html",))
    assert html is not None
    assert "<img" not in html.get_content()


def test_who_has_no_mailbox_does_not_keep_it_from_others(mails: MailReceiver) -> None:
    mails.unknown = {"gone@example.com"}
    notify(a_notice())
    send_mail()

    assert mails.mails[0].to == ["ops@example.com"]
    assert "gone@example.com is refused (550)" in Delivery.objects.get().receipt


def test_mail_without_a_server_says_what_to_set(
    mails: MailReceiver, settings: Any
) -> None:
    settings.SMTP_HOST = ""
    notify(a_notice())
    send_mail()

    assert "SMTP_HOST" in Delivery.objects.get().problem


@pytest.fixture
def jira(settings: Any) -> Iterator[JiraReceiver]:
    settings.NOTIFY_NETWORKS = LOOPBACK
    side = JiraSide()
    with serving(side.receiver):
        channel = Channel(name="jira", kind="jira", options=dict(side.options))
        channel.keep_secrets(side.secrets)
        channel.save()
        Route.objects.create(name="all").channels.add(channel)
        assert isinstance(side.receiver, JiraReceiver)
        yield side.receiver


def test_an_incident_is_one_issue_from_its_beginning_to_its_end(
    jira: JiraReceiver,
) -> None:
    for state in (State.FIRING, State.ESCALATED, State.ACKNOWLEDGED, State.RESOLVED):
        notify(a_notice(state))
        send_mail()

    assert list(jira.issues) == ["OPS-1"]
    assert len(jira.comments["OPS-1"]) == 3
    assert jira.status["OPS-1"] == "Done"


def test_an_answer_that_was_lost_does_not_make_a_second_issue(
    jira: JiraReceiver,
) -> None:
    jira.loses_answers = 1
    notify(a_notice())
    send_mail()
    assert statuses() == ["waiting"]
    send_mail(timedelta(minutes=1))
    notify(a_notice(State.RESOLVED))
    send_mail(timedelta(minutes=1))

    assert list(jira.issues) == ["OPS-1"]
    assert jira.status["OPS-1"] == "Done"


def test_an_incident_that_comes_back_is_another_issue(jira: JiraReceiver) -> None:
    for revision in (1, 2):
        notify(a_notice(revision=revision))
        notify(a_notice(State.RESOLVED, revision=revision))
        send_mail()
        send_mail()

    assert jira.status == {"OPS-1": "Done", "OPS-2": "Done"}


@pytest.mark.parametrize(
    "url",
    [
        "json://169.254.169.254/", "xml://localhost", "mailto://a:b@c", "file:///etc",
        "exec://rm", "ntfy://inside.example.com/x", "slack://T/B/C", "discord://",
        f"discord://{'1' * 24}/{'x' * 64}?template=/etc/passwd", "dbus://", "",
        f"discord://{'1' * 24}/{'x' * 64}?avatar_url=http://169.254.169.254/",
    ],
)  # fmt: skip
def test_messengers_whose_address_a_url_decides_are_refused(url: str) -> None:
    channel = Messenger(Configuration({}, {"url": Secret(url)}))

    with pytest.raises(OptionInvalid):
        channel.check()


def test_a_receiver_that_does_what_the_documentation_says_believes_us(
    settings: Any, tmp_path: Path
) -> None:
    snippet = re.search(r"```python\n(.*?)```", _DOCS.read_text(), re.DOTALL)
    assert snippet is not None
    (tmp_path / "receiver.py").write_text(snippet[1])
    with a_world(settings) as world:
        world.routed()
        notify(a_notice())
        world.work()
    call = world.receiver.calls[0]
    body = call.body
    asked = {
        "secret": "0123456789abcdef",
        "headers": call.headers,
        "now": NOON.timestamp(),
    }
    good = verified(tmp_path, asked, body)
    late = verified(tmp_path, {**asked, "now": NOON.timestamp() + 3_600}, body)
    forged = verified(tmp_path, asked, body.replace(b"high", b"lows"))

    assert (good, late, forged) == ("True", "False", "False")


def verified(folder: Path, asked: dict[str, Any], body: bytes) -> str:
    program = (
        "import json, sys; from receiver import is_from_trailmap; "
        "asked = json.loads(sys.argv[1]); "
        "print(is_from_trailmap(asked['secret'], asked['headers'], "
        "sys.stdin.buffer.read(), asked['now']))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, json.dumps(asked)],
        input=body,
        capture_output=True,
        cwd=folder,
        check=True,
    )
    return ran.stdout.decode().strip()


def test_a_signature_is_what_openssl_makes_of_the_same() -> None:
    # printf '1782907200.id-1.{}' | openssl dgst -sha256 -hmac 0123456789abcdef
    assert signature("0123456789abcdef", "1782907200", "id-1", b"{}") == (
        "ba8dd9dfacfd54ac68da3eda56ef5c1a3e83c26c530783c8f90b3ef982334ae2"
    )
