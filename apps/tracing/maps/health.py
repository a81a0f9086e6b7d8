"""How well calls went: what colours, dashes and signs of the map tell. Pure."""

from __future__ import annotations

from enum import StrEnum

from apps.tracing.maps.servicemap import Figures

FAILING_FAULTS = 0.05
TROUBLED_FAULTS = 0.01
TROUBLED_ERRORS = 0.05


class Health(StrEnum):
    GOOD = "good"
    TROUBLED = "troubled"
    FAILING = "failing"
    IDLE = "idle"

    @property
    def text(self) -> str:
        return _TEXTS[self]


_TEXTS = {
    Health.GOOD: "healthy",
    Health.TROUBLED: "some calls fail",
    Health.FAILING: "failing",
    Health.IDLE: "no calls",
}
MEANINGS = {
    Health.GOOD: "fewer than 1 % faults and 5 % errors",
    Health.TROUBLED: "1 % faults or 5 % errors and more",
    Health.FAILING: "5 % faults and more",
    Health.IDLE: "no calls in this time",
}


def health_of(figures: Figures) -> Health:
    """By the shares of calls that ended as fault (5xx) or error (4xx)."""
    if not figures.calls:
        return Health.IDLE
    faults, errors = figures.fault_rate or 0.0, figures.error_rate or 0.0
    if faults >= FAILING_FAULTS:
        return Health.FAILING
    if faults >= TROUBLED_FAULTS or errors >= TROUBLED_ERRORS:
        return Health.TROUBLED
    return Health.GOOD
