"""The scenarios of every action."""

from __future__ import annotations

from tests.contracts.actions import (
    accounts,
    apis,
    balancers,
    data,
    dns,
    network,
    storage,
    work,
)

SCENARIOS = (
    *accounts.SCENARIOS,
    *apis.SCENARIOS,
    *balancers.SCENARIOS,
    *data.SCENARIOS,
    *dns.SCENARIOS,
    *network.SCENARIOS,
    *storage.SCENARIOS,
    *work.SCENARIOS,
)
