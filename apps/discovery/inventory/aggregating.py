"""Copies of what Config knows in other accounts and regions, as an aggregator has them.

They lag behind by minutes to hours, and say so as their source. An aggregator tells no
deletions: what it does not list any more is not taken to be gone.
"""

from __future__ import annotations

from apps.discovery.inventory.config import Config
from apps.discovery.inventory.items import ItemSource
from apps.discovery.inventory.runs import Run
from apps.search.shutdown import stopping


def aggregate(run: Run) -> None:
    """Raises AwsError, LeaseLost."""
    config, name = Config(run.here), run.source.aggregator
    origin = f"aggregator://{run.source.account_id}/{run.source.region}/{name}"
    place = run.place(ItemSource.AGGREGATOR)
    for type_ in config.aggregate_types(name):
        for identifiers in config.aggregated(name, type_):
            if stopping.is_set():
                return
            run.take(origin, config.aggregate_items(name, identifiers), place)
    run.intake.commit()
    run.lease.write(reconciled_at=run.now)
