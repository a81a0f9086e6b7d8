"""X-Ray of every account and region: puts its parts together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sandbox.kernel.calls import Handler
from sandbox.kernel.cloud import Cloud
from sandbox.xray.graphing import Graphing
from sandbox.xray.groups import Groups
from sandbox.xray.ingestion import Ingestion
from sandbox.xray.matching import Matching
from sandbox.xray.places import Place, Places
from sandbox.xray.reading import Reading
from sandbox.xray.sampling import Sampling
from sandbox.xray.segments import Document
from sandbox.xray.settings import Settings
from sandbox.xray.store import Store
from sandbox.xray.tags import Tags


class XRay:
    """The service; `put_documents` writes history without HTTP."""

    name = "xray"
    from_moto: frozenset[str] = frozenset()

    def __init__(self, cloud: Cloud) -> None:
        def new_store(place: Place) -> Store:
            account, region = place
            return Store(account, cloud.home / f"xray-{account}-{region}.sqlite")

        stores: Places[Store] = Places(new_store)
        tags = Tags()
        groups = Groups(tags)
        matching = Matching(stores, groups)
        settings = Settings()
        self._ingestion = Ingestion(cloud, stores)
        self.operations: Mapping[str, Handler] = {
            **self._ingestion.operations,
            **Reading(cloud, stores, matching, settings).operations,
            **Graphing(stores, groups, matching).operations,
            **groups.operations,
            **Sampling(tags).operations,
            **settings.operations,
            **tags.operations,
        }

    def put_documents(
        self, place: Place, documents: Iterable[Document], now: float | None = None
    ) -> None:
        """Take history: valid documents, those of a trace one after the other. Without
        a time, each came when it ended."""
        self._ingestion.put_documents(place, documents, now)
