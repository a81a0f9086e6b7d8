"""Builds one account of the shop, step by step."""

from __future__ import annotations

from sandbox.kernel.cloud import SHOP, Cloud
from sandbox.shop.estate import (
    audit,
    compute,
    data,
    network,
    registries,
    symptoms,
    tls,
    watching,
)
from sandbox.shop.estate.sites import Site, open_site


def build(cloud: Cloud, account: str) -> Site:
    """The trail comes first: it is to see all that follows. Registries come before the
    services that are registered there."""
    site = open_site(cloud, account)
    audit.set_up_trail(site)
    network.set_up(site)
    registries.set_up(site)
    compute.set_up(site)
    data.set_up(site)
    watching.set_up(site)
    symptoms.set_up(site)
    audit.set_up_config(site)
    if account == SHOP:
        tls.set_up(site)
    return site
