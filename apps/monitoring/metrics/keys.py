"""What a metric is known by. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MetricKey:
    """A metric of one account and region; dimensions in the order of their names."""

    account: str
    region: str
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(
        cls,
        place: tuple[str, str],
        namespace: str,
        name: str,
        dimensions: Mapping[str, str],
    ) -> MetricKey:
        """From an account and region, and dimensions in any order."""
        return cls(*place, namespace, name, tuple(sorted(dimensions.items())))

    @property
    def dimensions_json(self) -> str:
        return json.dumps([list(pair) for pair in self.dimensions])

    @property
    def digest(self) -> str:
        """40 hexadecimal letters: the same for the same metric, for ever."""
        whole = [self.account, self.region, self.namespace, self.name]
        text = json.dumps([*whole, self.dimensions_json])
        return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def __str__(self) -> str:
        said = ", ".join(f"{name}={value}" for name, value in self.dimensions)
        return f"{self.namespace} {self.name}" + (f" {{{said}}}" if said else "")
