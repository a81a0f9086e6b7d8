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
from apps.monitoring.alarms.views import in_alarm as alarms_in_alarm
from apps.monitoring.incidents.lists import open_count as open_incidents
from apps.search import quarantine, store
from apps.search.kinds import Kind
from apps.search.pickers import carried


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of the navigation. `count` is shown where it is not zero; `begins_part`
    where a line stands above it."""

    label: str
    icon: str
    url: str
    is_current: bool
    count: int = 0
    count_title: str = ""
    begins_part: bool = False


# In the order of a bad night: what is wrong, how it looks, what was said, who did it;
# then what one sets up in daylight.
_PAGES = (
    ("Home", "house", "home", ()),
    ("Incidents", "circle-alert", "incidents", ()),
    ("Alarms", "triangle-alert", "alarms", ()),
    ("Compliance", "circle-check", "compliance", ()),
    ("Silences", "bell-off", "silences", ()),
    ("Dashboards", "layout-dashboard", "dashboards", ()),
    ("Service map", "waypoints", "service-map", ()),
    ("Traces", "route", "traces", ()),
    ("Metrics", "chart-column", "metrics", ()),
    ("Logs", "wrap-text", "explore", ("logs",)),
    ("Log queries", "table", "log-query", ()),
    ("CloudTrail", "search", "explore", ("trail",)),
    ("Actors", "fingerprint", "actors", ()),
    ("Inventory", "box", "inventory", ()),
    ("Resources", "box", "resources", ()),
    ("Repairs", "wrench", "repairs", ()),
    ("Ledger", "book", "ledger", ()),
    ("Accounts", "cloud", "accounts", ()),
    ("Log groups", "folder-input", "log-groups", ()),
    ("Trail sources", "database", "sources", ()),
    ("Config sources", "box", "config-sources", ()),
    ("Trace sources", "radio", "trace-scopes", ()),
    ("Records and requests", "share-2", "relay", ()),
    ("Metric collection", "server", "collection", ()),
    ("Quarantine", "shield-alert", "quarantine", ()),
)
# Where the second part of the list begins.
_SETTING_UP = "accounts"
# What else belongs to an entry: other looks at its documents.
_ALSO = {
    "/explore/logs/": "/logs/",
    "/explore/config/": "/inventory/",
    "/resources/": "/inventory/",
    "/incidents/": "/rules/",
}
# Pages that look at a stretch of time: going between them keeps it.
_IN_TIME = (
    "explore",
    "service-map",
    "traces",
    "metrics",
    "log-query",
    "actors",
)


class Shell:
    """Asked for only by pages that draw the frame."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def navigation(self) -> list[Item]:
        pages = [(*page, reverse(page[2], args=page[3])) for page in _PAGES]
        # The page of a page belongs to the nearest entry, not to every one above it.
        places = {url: url for *_, url in pages}
        places |= {more: url for url, more in _ALSO.items()}
        found = max(filter(self._is_in, places), key=len, default="")
        here = places.get(found, "")
        return [
            self._item(label, icon, name, url, is_current=url == here)
            for label, icon, name, _, url in pages
        ]

    def _is_in(self, url: str) -> bool:
        here = self._request.path
        return here == url if url == "/" else here.startswith(url)

    def _item(
        self, label: str, icon: str, name: str, url: str, *, is_current: bool
    ) -> Item:
        count, title = self._waiting(name)
        return Item(
            label,
            icon,
            url + self._time_and_scope if name in _IN_TIME else url,
            is_current,
            count,
            title,
            name == _SETTING_UP,
        )

    def _waiting(self, name: str) -> tuple[int, str]:
        """What calls for attention behind an entry, and what it is called."""
        viewer = person(self._request)
        if name == "incidents":
            return open_incidents(viewer), "open"
        if name == "alarms":
            return alarms_in_alarm(viewer), "in alarm"
        if name == "quarantine":
            return quarantine.open_count(viewer), "could not be read"
        return 0, ""

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
