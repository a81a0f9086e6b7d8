"""E-mail, through the SMTP server that settings name."""

from __future__ import annotations

import hashlib
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string

from apps.monitoring.notifications.channels.base import (
    Configured,
    Delivered,
    Option,
    OptionInvalid,
    Receipt,
    Refused,
    Retry,
)
from apps.monitoring.notifications.notices import Notice
from apps.monitoring.notifications.wording import (
    facts,
    headline,
    lines,
    link,
    one_line,
    plain_text,
)

_SECONDS = 15
_MOST_SUBJECT = 200
_MOST_TEXT = 50_000
_MOST_TO = 20
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9.-]{1,250}", re.ASCII)
# Replies of SMTP: 4xx may succeed later, 5xx will not.
_OK, _PERMANENT = 250, 500


class Mail(Configured):
    kind: ClassVar[str] = "email"
    title: ClassVar[str] = "E-mail"
    about: ClassVar[str] = (
        "To one or more addresses, by the SMTP server that the settings name. What is "
        "told of one incident stays one conversation."
    )
    per_minute: ClassVar[int] = 20
    options: ClassVar[tuple[Option, ...]] = (
        Option("to", "To", f"Addresses, by commas; {_MOST_TO} at most."),
    )

    def check(self) -> None:
        try:
            found = recipients(self.option("to"))
        except ValueError as error:
            raise OptionInvalid("to", str(error)) from error
        if not found:
            raise OptionInvalid("to", "Enter an address.")

    def render(self, notice: Notice, delivered: Delivered) -> bytes:
        return self._message(notice, delivered).as_bytes()

    def send(self, notice: Notice, delivered: Delivered) -> Receipt:
        if not settings.SMTP_HOST:
            raise Refused("No mail server is set: see SMTP_HOST in the settings.")
        message = self.render(notice, delivered)
        with _explained(), _connection() as smtp:
            return _hand_over(smtp, recipients(self.option("to")), message)

    def _message(self, notice: Notice, delivered: Delivered) -> EmailMessage:
        host = urlsplit(delivered.site).hostname or "localhost"
        message = EmailMessage(policy=SMTP)
        message["Subject"] = headline(notice, _MOST_SUBJECT)
        message["From"] = sender()
        message["To"] = ", ".join(recipients(self.option("to")))
        message["Date"] = delivered.now
        message["Message-ID"] = f"<{delivered.uid}@{host}>"
        root = f"<{hashlib.sha256(notice.key.encode()).hexdigest()[:32]}@{host}>"
        message["In-Reply-To"] = message["References"] = root
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message.set_content(plain_text(notice, delivered.site, _MOST_TEXT))
        message.add_alternative(_html(notice, delivered), subtype="html")
        return message


def sender() -> str:
    """Whom mail comes from, as a header says it."""
    name, _, address = settings.MAIL_FROM.rpartition("<")
    user, _, domain = address.rstrip("> ").rpartition("@")
    return str(Address(name.strip().strip('"'), user, domain))


def _address_of_sender() -> str:
    return str(settings.MAIL_FROM.rpartition("<")[2].rstrip("> "))


def recipients(text: str) -> list[str]:
    """Raises ValueError where something is no address."""
    found = [one.strip() for one in re.split(r"[,;\n]", text) if one.strip()]
    for one in found:
        if not _ADDRESS.fullmatch(one):
            raise ValueError(f"{one_line(one, 80)} is no e-mail address.")
    if len(found) > _MOST_TO:
        raise ValueError(f"{_MOST_TO} addresses at most.")
    return list(dict.fromkeys(found))


def _html(notice: Notice, delivered: Delivered) -> str:
    told = {
        "headline": headline(notice, _MOST_SUBJECT),
        "state": notice.state.value,
        "severity": notice.severity.value,
        "paragraphs": lines(notice.text, _MOST_TEXT).split("\n\n"),
        "facts": facts(notice),
        "url": link(notice, delivered.site),
    }
    return render_to_string("monitoring/notice_mail.html", told)


@contextmanager
def _connection() -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context(cafile=settings.NOTIFY_CA_FILE)
    host, port = settings.SMTP_HOST, settings.SMTP_PORT
    smtp: smtplib.SMTP
    if settings.SMTP_SECURITY == "tls":
        smtp = smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=context)
    else:
        smtp = smtplib.SMTP(host, port, timeout=_SECONDS)
    with smtp:
        if settings.SMTP_SECURITY == "starttls":
            smtp.starttls(context=context)
        if settings.SMTP_USER:
            smtp.login(settings.SMTP_USER, settings.SMTP_PASSWORD)
        smtp.ehlo_or_helo_if_needed()
        yield smtp


def _hand_over(smtp: smtplib.SMTP, to: list[str], message: bytes) -> Receipt:
    """Nobody gets it while somebody may get it later; who never will is named.

    Raises Retry, Refused.
    """
    _expect(smtp.mail(_address_of_sender()), "the sender")
    refused = []
    for one in to:
        code, said = smtp.rcpt(one)
        if code >= _PERMANENT:
            refused.append(f"{one} is refused ({code})")
        elif not _OK <= code < 300:  # noqa: PLR2004 - SMTP's replies
            smtp.rset()
            raise Retry(f"The mail server does not take {one} now: {_said(code, said)}")
    if len(refused) == len(to):
        raise Refused("; ".join(refused))
    reply = smtp.data(message)
    _expect(reply, "the message")
    return Receipt("; ".join([_said(*reply), *refused])[:300])


def _expect(reply: tuple[int, bytes], what: str) -> None:
    code, said = reply
    if code >= _PERMANENT:
        raise Refused(f"The mail server refuses {what}: {_said(code, said)}")
    if code != _OK:
        raise Retry(f"The mail server does not take {what} now: {_said(code, said)}")


def _said(code: int, said: bytes) -> str:
    return f"{code} {one_line(said.decode(errors='replace'), 150)}"


@contextmanager
def _explained() -> Iterator[None]:
    """What smtplib raises, as what it means."""
    where = f"{settings.SMTP_HOST}:{settings.SMTP_PORT}"
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        raise Refused(f"{where} refuses SMTP_USER ({error.smtp_code}).") from None
    except smtplib.SMTPNotSupportedError as error:
        raise Refused(f"{where}: {error} See SMTP_SECURITY.") from None
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error
        text = said if isinstance(said, bytes) else said.encode()
        _expect((error.smtp_code, text), "us")
        raise Retry(f"{where}: {_said(error.smtp_code, text)}") from None
    except ssl.SSLError as error:
        raise Retry(f"{where}: no trusted connection, {error.reason}.") from None
    except (smtplib.SMTPException, OSError) as error:
        raise Retry(f"No answer from {where}: {type(error).__name__}.") from None
