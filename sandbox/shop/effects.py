"""What an incident does to traffic. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Effects:
    """Changes to how services and stores behave, by their names.

    `slower` multiplies their own time; `faults` is the share of their requests that
    fail; `repeats` is how often a caller makes a call, by (caller, target);
    `misses` is the share of reads a cache misses; `chatter` is log lines a second;
    `leaks` is percent of memory gained a minute; `silent` services get no traffic.
    """

    slower: dict[str, float] = field(default_factory=dict)
    faults: dict[str, float] = field(default_factory=dict)
    repeats: dict[tuple[str, str], int] = field(default_factory=dict)
    misses: dict[str, float] = field(default_factory=dict)
    chatter: dict[str, float] = field(default_factory=dict)
    leaks: dict[str, float] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()


NONE = Effects()


def together(all_effects: Iterable[Effects]) -> Effects:
    """Several incidents at once."""
    merged = Effects()
    silent: frozenset[str] = frozenset()
    for effects in all_effects:
        for name, factor in effects.slower.items():
            merged.slower[name] = merged.slower.get(name, 1.0) * factor
        for name, share in effects.faults.items():
            merged.faults[name] = max(merged.faults.get(name, 0.0), share)
        merged.repeats.update(effects.repeats)
        merged.misses.update(effects.misses)
        merged.chatter.update(effects.chatter)
        merged.leaks.update(effects.leaks)
        silent |= effects.silent
    return Effects(
        merged.slower, merged.faults, merged.repeats, merged.misses, merged.chatter,
        merged.leaks, silent,
    )  # fmt: skip
