"""What every channel is and does, whatever it speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, Protocol

from apps.monitoring.notifications.notices import Notice
from apps.monitoring.notifications.sealing import Secret

# Of what went wrong, so much is kept.
MOST_DETAIL = 500


class OptionInvalid(ValueError):
    """A setting of a channel cannot be used; `name` says which, the message why."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class Retry(Exception):
    """Not taken now; perhaps after `after_seconds`, where the other side said so."""

    def __init__(self, message: str, after_seconds: float | None = None) -> None:
        super().__init__(message[:MOST_DETAIL])
        self.after_seconds = after_seconds


class Refused(Exception):
    """Not taken, and trying again changes nothing; the message says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message[:MOST_DETAIL])


@dataclass(frozen=True, slots=True)
class Option:
    """Something to fill in. What is secret is written and never shown."""

    name: str
    label: str
    help: str = ""
    shape: Literal["text", "long", "url", "account"] = "text"
    is_secret: bool = False
    is_required: bool = True
    default: str = ""
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a notice is handed over with. `uid` stays the same however often it is
    tried. `reference` is what the channel called the matter when it was told of it
    before, `site` how people reach this site."""

    uid: str
    attempt: int
    now: datetime
    site: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """`detail` is what the other side said, as far as it may be shown."""

    detail: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What an admin filled in, checked by the channel's own `check`."""

    options: Mapping[str, str]
    secrets: Mapping[str, Secret]

    def __repr__(self) -> str:
        return f"Configuration({sorted(self.options)}, {len(self.secrets)} secrets)"


class Channel(Protocol):
    """One kind of channel, set up in one way."""

    kind: ClassVar[str]
    title: ClassVar[str]
    about: ClassVar[str]
    options: ClassVar[tuple[Option, ...]]
    # More notices a minute become one digest; 0 where the other side groups itself.
    per_minute: ClassVar[int]

    def __init__(self, configuration: Configuration) -> None: ...

    def check(self) -> None:
        """Whether it can be used as it is filled in, without calling anybody.

        Raises OptionInvalid.
        """

    def render(self, notice: Notice, delivered: Delivered) -> bytes:
        """What is sent, within the limits that the other side documents."""

    def send(self, notice: Notice, delivered: Delivered) -> Receipt:
        """Hand a notice over. Raises Retry, Refused."""


class Configured:
    """What channels share: they hold what an admin filled in, and do not show it."""

    # Templates show a class by its title: they would call it.
    do_not_call_in_templates: ClassVar[bool] = True

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"

    def option(self, name: str) -> str:
        return self._configuration.options.get(name, "")

    def secret(self, name: str) -> str:
        return self._configuration.secrets.get(name, Secret())
