"""How likely differences are by chance alone. Pure.

Shares are compared by Fisher's exact test where counts are small and by the two-
proportion z-test elsewhere; latencies by the test of Mann and Whitney over histograms,
with ties; rates by whether calls divide as the lengths of the windows do. All tests of
a comparison together are corrected after Benjamini and Hochberg, for among a thousand
edges ten look like one in a hundred.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from apps.tracing.maps.latencies import Histogram

_SMALL = 10
_EVEN = 0.5


@dataclass(frozen=True, slots=True)
class Ranks:
    """`p`: two-sided. `slower`: how likely a call of the second is slower than one of
    the first, ties half; 0.5 is no difference."""

    p: float
    slower: float


def of_shares(hits_a: int, all_a: int, hits_b: int, all_b: int) -> float:
    """Two-sided p of two shares being one; 1 where there is nothing to compare."""
    if not all_a or not all_b:
        return 1.0
    share = (hits_a + hits_b) / (all_a + all_b)
    least = min(all_a, all_b) * min(share, 1 - share)
    if least < _SMALL:
        return _fisher(hits_a, all_a, hits_b, all_b)
    error = math.sqrt(share * (1 - share) * (1 / all_a + 1 / all_b))
    return _two_sided((hits_b / all_b - hits_a / all_a) / error)


def _fisher(hits_a: int, all_a: int, hits_b: int, all_b: int) -> float:
    """The chance of all tables that are no more likely than this one."""
    hits, total = hits_a + hits_b, all_a + all_b
    whole = _choose(total, hits)

    def chance(some: int) -> float:
        return math.exp(_choose(all_a, some) + _choose(all_b, hits - some) - whole)

    limit = chance(hits_a) * (1 + 1e-9)
    lowest, highest = max(0, hits - all_b), min(hits, all_a)
    if highest - lowest > 2_000:  # noqa: PLR2004 # nearly all hits: count the misses
        return _fisher(all_a - hits_a, all_a, all_b - hits_b, all_b)
    found = (chance(some) for some in range(lowest, highest + 1))
    return min(1.0, sum(one for one in found if one <= limit))


def _choose(total: int, some: int) -> float:
    return (
        math.lgamma(total + 1) - math.lgamma(some + 1) - math.lgamma(total - some + 1)
    )


def of_rates(calls_a: int, seconds_a: float, calls_b: int, seconds_b: float) -> float:
    """Two-sided p of calls having come equally often in both windows."""
    total = calls_a + calls_b
    if not total:
        return 1.0
    share = seconds_a / (seconds_a + seconds_b)
    error = math.sqrt(total * share * (1 - share))
    # By half a call less: counts are whole.
    off = max(0.0, abs(calls_a - total * share) - _EVEN)
    return _two_sided(off / error)


def of_latencies(a: Histogram, b: Histogram) -> Ranks:
    """Whether calls of one are slower than those of the other, by ranks."""
    many_a, many_b = sum(a.values()), sum(b.values())
    if not many_a or not many_b:
        return Ranks(1.0, _EVEN)
    below, wins, ties = 0, 0.0, 0.0
    for bucket in sorted({*a, *b}):
        in_a, in_b = a.get(bucket, 0), b.get(bucket, 0)
        wins += in_b * (below + in_a / 2)
        ties += (in_a + in_b) ** 3 - (in_a + in_b)
        below += in_a
    total = many_a + many_b
    spread = total + 1 - ties / (total * (total - 1))
    slower = wins / (many_a * many_b)
    if spread <= 0:
        return Ranks(1.0, slower)
    error = math.sqrt(many_a * many_b * spread / 12)
    return Ranks(_two_sided((wins - many_a * many_b / 2) / error), slower)


def _two_sided(deviation: float) -> float:
    return math.erfc(abs(deviation) / math.sqrt(2))


def corrected(values: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg: at which rate of false discoveries each one counts."""
    many = len(values)
    found, least = [1.0] * many, 1.0
    by_size = sorted(range(many), key=values.__getitem__, reverse=True)
    for passed, at in enumerate(by_size):
        least = min(least, values[at] * many / (many - passed))
        found[at] = least
    return found


def in_words(p: float) -> str:
    """A corrected p as people say it."""
    for limit, words in (
        (0.001, "very unlikely by chance"),
        (0.01, "unlikely by chance"),
        (0.05, "hardly by chance"),
    ):
        if p < limit:
            return words
    return "may be chance"
