"""More messengers, spoken to through Apprise: those whose address is fixed.

Apprise makes its own connections, so only services are allowed whose host no URL can
change, and of a URL nothing but who is meant: its options could name files, addresses
and headers.
"""

from __future__ import annotations

import logging
from typing import ClassVar

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat, NotifyType
from apprise.common import PersistentStoreMode

from apps.monitoring.notifications.channels.base import (
    Configured,
    Delivered,
    Option,
    OptionInvalid,
    Receipt,
    Refused,
    Retry,
)
from apps.monitoring.notifications.notices import Notice, Severity, State
from apps.monitoring.notifications.wording import cut, headline, plain_text

# What Apprise logs of its calls may hold what was answered, and URLs.
logging.getLogger("apprise").setLevel(logging.CRITICAL)

SERVICES = {
    "discord": "Discord",
    "gchat": "Google Chat",
    "opsgenie": "Opsgenie",
    "pagertree": "PagerTree",
    "pover": "Pushover",
    "signl4": "SIGNL4",
    "spike": "Spike.sh",
    "tgram": "Telegram",
    "twilio": "Twilio",
    "wxteams": "Webex",
}
_OURS = "redirect=no&store=no&overflow=truncate&verify=yes"
_LEAST_BODY, _MOST_BODY = 160, 15_000
_TYPES = {
    Severity.CRITICAL: NotifyType.FAILURE,
    Severity.HIGH: NotifyType.FAILURE,
    Severity.MEDIUM: NotifyType.WARNING,
    Severity.LOW: NotifyType.INFO,
}
_JOINER = "\u2060"


class Messenger(Configured):
    kind: ClassVar[str] = "apprise"
    title: ClassVar[str] = "Other messengers"
    about: ClassVar[str] = f"{', '.join(sorted(SERVICES.values()))}, through Apprise."
    per_minute: ClassVar[int] = 20
    options: ClassVar[tuple[Option, ...]] = (
        Option(
            "url",
            "Apprise URL",
            "Such as discord://webhook_id/webhook_token or tgram://bot_token/chat_id: "
            f"it begins with {', '.join(SERVICES)}. Options after ? are not taken.",
            is_secret=True,
        ),
    )

    def check(self) -> None:
        scheme = self._scheme()
        if scheme not in SERVICES:
            raise OptionInvalid("url", f"There are {', '.join(SERVICES)}.")
        if "?" in self.secret("url") or "#" in self.secret("url"):
            raise OptionInvalid("url", "Options after ? are not taken.")
        if self._service() is None:
            raise OptionInvalid("url", f"That is not a URL of {SERVICES[scheme]}.")

    def render(self, notice: Notice, delivered: Delivered) -> bytes:
        service = self._service()
        most = service.body_maxlen if service else _LEAST_BODY
        return self._body(notice, delivered, most).encode()

    def send(self, notice: Notice, delivered: Delivered) -> Receipt:
        try:
            self.check()
        except OptionInvalid as error:
            raise Refused(str(error)) from error
        service = self._service()
        name = SERVICES[self._scheme()]
        if service is None:
            raise Refused(f"That is not a URL of {name}.")
        is_over = notice.state is State.RESOLVED
        is_taken = service.notify(
            body=self._body(notice, delivered, service.body_maxlen),
            title=_calm(headline(notice, max(service.title_maxlen, 0)))
            if service.title_maxlen
            else "",
            notify_type=NotifyType.SUCCESS if is_over else _TYPES[notice.severity],
            body_format=NotifyFormat.TEXT,
        )
        if not is_taken:
            raise Retry(f"{name} did not take it. Apprise does not say why.")
        return Receipt(f"{name} took it.")

    def _scheme(self) -> str:
        return self.secret("url").partition("://")[0].lower()

    def _service(self) -> NotifyBase | None:
        asset = AppriseAsset(
            storage_mode=PersistentStoreMode.MEMORY, allow_templates=False
        )
        return Apprise.instantiate(f"{self.secret('url')}?{_OURS}", asset=asset)

    def _body(self, notice: Notice, delivered: Delivered, most: int) -> str:
        """Half of what is taken: joiners and Apprise's own escapes come on top."""
        room = max(_LEAST_BODY, min(most // 2, _MOST_BODY))
        text = _calm(plain_text(notice, delivered.site, room))
        return cut(text, max(_LEAST_BODY, min(most, _MOST_BODY)))


def _calm(text: str) -> str:
    """Text that mentions nobody and draws nothing."""
    for sign in ("@", "<", "]("):
        text = text.replace(sign, sign + _JOINER)
    return text
