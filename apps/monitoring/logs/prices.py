"""What CloudWatch Logs charges for a log group. Pure.

Ingestion is billed once for every byte that comes in, storage every month for what is
kept, at its compressed size: `stored_bytes` of a group may be more than that, so the
cost of storage is what it is at most. $0.50 a GB ingested, half of that in the class
Infrequent Access, and $0.03 a GB and month stored are what others quoted of AWS's
prices for US East (N. Virginia) in June 2026; AWS's own page was not read. Other
regions differ, up to twice as much; LOG_PRICE_INGESTED_GB and LOG_PRICE_STORED_GB say
what is paid.
"""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = "AWS's prices"
SOURCE_URL = "https://aws.amazon.com/cloudwatch/pricing/"
LIST_INGESTED_GB, LIST_STORED_GB = 0.50, 0.03
INFREQUENT = "INFREQUENT_ACCESS"
_INFREQUENT_SHARE = 0.5
_GB = 1 << 30
_DAYS_A_MONTH = 30


@dataclass(frozen=True, slots=True)
class Prices:
    """Dollars for a GB (2**30 bytes) that comes in, and for a GB kept for a month."""

    ingested_gb: float
    stored_gb: float

    @property
    def are_listed(self) -> bool:
        """Whether these are the prices that SOURCE tells."""
        return (self.ingested_gb, self.stored_gb) == (LIST_INGESTED_GB, LIST_STORED_GB)

    @property
    def said(self) -> tuple[str, str]:
        """Both as people write prices: cents, and parts of a cent where there are."""
        return _price(self.ingested_gb), _price(self.stored_gb)

    def storage(self, stored_bytes: float) -> float:
        """Dollars a month for what is stored, at most."""
        return stored_bytes / _GB * self.stored_gb

    def ingestion(self, daily_bytes: float, group_class: str = "") -> float:
        """Dollars for 30 days of so many bytes a day."""
        share = _INFREQUENT_SHARE if group_class == INFREQUENT else 1.0
        return daily_bytes * _DAYS_A_MONTH / _GB * self.ingested_gb * share


def _price(dollars: float) -> str:
    return f"${dollars:.2f}" if round(dollars, 2) == dollars else f"${dollars:.4f}"
