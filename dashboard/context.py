"""What every page's frame shows: navigation, accounts to choose from."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from apps.discovery.accounts import visible_to
from apps.discovery.models import Account
from apps.discovery.permissions import person
from apps.search import quarantine, store
from apps.search.kinds import Kind
from apps.search.pickers import carried


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of the navigation. `count` is shown where it is not zero."""

    label: str
    icon: str
    url: str
    is_current: bool
    count: int = 0
    count_title: str = ""


_PAGES = (
    ("Home", "house", "home", ()),
    ("Metrics", "chart-column", "metrics", ()),
    ("Alarms", "triangle-alert", "alarms", ()),
    ("Logs", "wrap-text", "explore", ("logs",)),
    ("Log queries", "table", "log-query", ()),
    ("CloudTrail", "search", "explore", ("trail",)),
    ("Dashboards", "chart-column", "dashboards", ()),
    ("Actors", "fingerprint", "actors", ()),
    ("Resources", "box", "resources", ()),
    ("Sources", "database", "sources", ()),
    ("Collection", "server", "collection", ()),
    ("Quarantine", "shield-alert", "quarantine", ()),
    ("Accounts", "cloud", "accounts", ()),
)


# Pages that look at a stretch of time: going between them keeps it.
_IN_TIME = ("explore", "metrics", "log-query", "actors", "resources")


class Shell:
    """Asked for only by pages that draw the frame."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def navigation(self) -> list[Item]:
        return [self._item(*page) for page in _PAGES]

    def _item(
        self, label: str, icon: str, name: str, arguments: tuple[str, ...]
    ) -> Item:
        url = reverse(name, args=arguments)
        here = self._request.path
        is_current = here == url if url == "/" else here.startswith(url)
        if name in _IN_TIME:
            url += self._time_and_scope
        waiting = (
            quarantine.open_count(person(self._request)) if name == "quarantine" else 0
        )
        return Item(label, icon, url, is_current, waiting, "could not be read")

    @cached_property
    def _time_and_scope(self) -> str:
        kept = carried(dict(self._request.GET.lists()))
        return "?" + urlencode(kept) if kept else ""

    @cached_property
    def accounts(self) -> list[Account]:
        return list(visible_to(person(self._request)))

    @property
    def is_sandbox(self) -> bool:
        return bool(settings.IS_SANDBOX)

    @property
    def origin(self) -> str:
        return self._request.build_absolute_uri("/").rstrip("/")

    @cached_property
    def _searched(self) -> Kind:
        """The kind that the palette searches: this page's own, or the trail."""
        match = self._request.resolver_match
        named = match.kwargs.get("kind_name") if match else None
        kinds = store.kinds()
        return kinds.get(str(named)) or kinds["trail"]

    @property
    def palette_explore(self) -> str:
        return reverse("explore", args=[self._searched.name])

    @property
    def palette_word(self) -> str:
        return self._searched.many

    @property
    def help_url(self) -> str:
        return reverse("query-help")

    @property
    def in_settings(self) -> bool:
        return self._request.path.startswith(reverse("settings"))


def shell(request: HttpRequest) -> dict[str, Any]:
    return {"shell": Shell(request)}
