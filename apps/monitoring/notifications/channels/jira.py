"""Jira Cloud: an issue for each incident, once."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

import orjson

from apps.monitoring.notifications import http
from apps.monitoring.notifications.channels.answers import call
from apps.monitoring.notifications.channels.base import (
    Configured,
    Delivered,
    Option,
    OptionInvalid,
    Receipt,
    Refused,
    Retry,
)
from apps.monitoring.notifications.channels.webhook import check_url
from apps.monitoring.notifications.notices import Notice, State
from apps.monitoring.notifications.wording import (
    facts,
    headline,
    lines,
    link,
    one_line,
)

# Jira's limits: of a summary, and of a text field in characters.
_SUMMARY, MOST_TEXT = 255, 32_767
_TEXT = 15_000
_PROJECT = re.compile(r"[A-Z][A-Z0-9_]{1,30}")
_EMAIL = re.compile(r"[^\s:@]{1,100}@[^\s:@]{1,150}")
_ISSUE = re.compile(r"[A-Z][A-Z0-9_]{1,30}-\d{1,12}")


class Jira(Configured):
    kind: ClassVar[str] = "jira"
    title: ClassVar[str] = "Jira"
    about: ClassVar[str] = (
        "A project of Jira Cloud: an issue for each incident, a comment when somebody "
        "acknowledges or it is over, and a transition then. A test makes an issue."
    )
    per_minute: ClassVar[int] = 20
    options: ClassVar[tuple[Option, ...]] = (
        Option("site", "Site", "Such as https://example.atlassian.net", "url"),
        Option("email", "E-mail of the account", "Whose API token it is."),
        Option("token", "API token", is_secret=True),
        Option("project", "Project", "Its key, such as OPS."),
        Option("issue_type", "Issue type", default="Task"),
        Option(
            "transition",
            "Transition when it is over",
            "By its name, such as Done. Empty: only a comment.",
            is_required=False,
        ),
    )

    def check(self) -> None:
        check_url("site", self.option("site"))
        if not _PROJECT.fullmatch(self.option("project")):
            raise OptionInvalid("project", "That is not the key of a project.")
        if not _EMAIL.fullmatch(self.option("email")):
            raise OptionInvalid("email", "That is not an e-mail address.")

    def render(self, notice: Notice, delivered: Delivered) -> bytes:
        """The issue. Its description is a tree of text: none of it is markup."""
        fields = {
            "project": {"key": self.option("project")},
            "issuetype": {"name": self.option("issue_type")},
            "summary": headline(notice, _SUMMARY) or "Notice",
            "description": _description(notice, delivered),
            "labels": ["trailmap", _label(delivered)],
        }
        return orjson.dumps({"fields": fields})

    def send(self, notice: Notice, delivered: Delivered) -> Receipt:
        site = _Site(self.option("site"), self._headers(), delivered)
        if notice.state in (State.FIRING, State.TOLD) and not delivered.reference:
            return self._told(notice, delivered, site)
        if not _ISSUE.fullmatch(delivered.reference):
            if notice.state is State.ESCALATED:
                return self._told(notice, delivered, site)
            return Receipt("It has no issue of its own: nothing to say there.")
        return self._followed(notice, delivered, site)

    def _told(self, notice: Notice, delivered: Delivered, site: _Site) -> Receipt:
        """The issue of this notice, made once: an attempt may have died after it."""
        found = site.labelled(_label(delivered)) if delivered.attempt > 1 else ""
        if found:
            return Receipt(f"{found} was there already.", found)
        made = site.post("issue", self.render(notice, delivered))
        key = made.get("key") if isinstance(made, Mapping) else None
        if not isinstance(key, str) or not _ISSUE.fullmatch(key):
            raise Retry(f"{site.host} made an issue and did not say its key.")
        return Receipt(f"Issue {key}", key)

    def _followed(self, notice: Notice, delivered: Delivered, site: _Site) -> Receipt:
        key = delivered.reference
        marker = _label(delivered)
        if delivered.attempt == 1 or not site.has_comment(key, marker):
            text = f"{headline(notice, 300)}\n{lines(notice.text, _TEXT)}\n({marker})"
            site.post(f"issue/{key}/comment", orjson.dumps({"body": _document([text])}))
        if notice.state is State.RESOLVED and self.option("transition"):
            return site.moved(key, self.option("transition"))
        return Receipt(f"Comment on {key}", key)

    def _headers(self) -> dict[str, str]:
        pair = f"{self.option('email')}:{self.secret('token')}".encode()
        return {
            "Authorization": f"Basic {base64.b64encode(pair).decode()}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }


@dataclass(frozen=True, slots=True, repr=False)
class _Site:
    """Calls of Jira's REST API, version 3."""

    address: str
    headers: Mapping[str, str]
    delivered: Delivered

    @property
    def host(self) -> str:
        return http.host_of(self.address)

    def get(self, path: str) -> Any:
        return self._call("GET", path, None)

    def post(self, path: str, body: bytes) -> Any:
        return self._call("POST", path, body)

    def _call(self, method: str, path: str, body: bytes | None) -> Any:
        url = f"{self.address.rstrip('/')}/rest/api/3/{path}"
        request = http.Request(method, url, self.headers, body)
        return call(request, self.delivered.now).json()

    def labelled(self, label: str) -> str:
        """The issue with this label; "" where Jira knows none (yet)."""
        asked = urlencode(
            {"jql": f'labels = "{label}"', "fields": "key", "maxResults": 1}
        )
        found = self.get(f"search/jql?{asked}")
        issues = found.get("issues") if isinstance(found, Mapping) else None
        key = issues[0].get("key", "") if isinstance(issues, list) and issues else ""
        return key if isinstance(key, str) and _ISSUE.fullmatch(key) else ""

    def has_comment(self, key: str, marker: str) -> bool:
        found = self.get(f"issue/{quote(key)}/comment?maxResults=20&orderBy=-created")
        return marker.encode() in orjson.dumps(found)

    def moved(self, key: str, name: str) -> Receipt:
        """The issue in its new status. Raises Refused where it cannot get there."""
        found = self.get(f"issue/{quote(key)}/transitions")
        there = found.get("transitions") if isinstance(found, Mapping) else None
        for one in there if isinstance(there, list) else []:
            if str(one.get("name", "")).casefold() == name.casefold():
                body = orjson.dumps({"transition": {"id": str(one.get("id"))}})
                self.post(f"issue/{quote(key)}/transitions", body)
                return Receipt(f"{key}: {one_line(name, 60)}", key)
        if self.delivered.attempt > 1:
            return Receipt(f"{key} has no transition {one_line(name, 60)} now.", key)
        raise Refused(f"{key} has no transition {one_line(name, 60)}.")


def _label(delivered: Delivered) -> str:
    return f"trailmap-{delivered.uid}"


def _description(notice: Notice, delivered: Delivered) -> dict[str, Any]:
    told = "\n".join(f"{name}: {value}" for name, value in facts(notice))
    page = link(notice, delivered.site)
    document = _document([lines(notice.text, _TEXT), told])
    anchor = {
        "type": "text",
        "text": "Open in Trailmap",
        "marks": [{"type": "link", "attrs": {"href": page}}],
    }
    document["content"].append({"type": "paragraph", "content": [anchor]})
    return document


def _document(paragraphs: list[str]) -> dict[str, Any]:
    """Text in Atlassian's document format."""
    content = []
    for paragraph in filter(str.strip, paragraphs):
        parts: list[dict[str, Any]] = []
        for line in paragraph.splitlines()[:500]:
            parts += [{"type": "hardBreak"}] if parts else []
            parts += [{"type": "text", "text": line}] if line else []
        content.append({"type": "paragraph", "content": parts})
    return {"type": "doc", "version": 1, "content": content}
