"""Samples as services of AWS publish them, in eight equal parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from apps.monitoring.metrics.columns import Samples
from apps.monitoring.metrics.lines import Seconds, Values

Dice: TypeAlias = np.random.Generator
DAY = 86_400
_FAILING = 0.03


def _load(times: Seconds) -> Values:
    """How busy the hour is: by day four times as much as by night."""
    return np.asarray(1 + 0.6 * np.sin(2 * np.pi * times / DAY))


def _requests(times: Seconds, dice: Dice) -> Samples:
    """RequestCount: every measurement is a one."""
    count = dice.poisson(120 * _load(times)).astype(np.float64)
    ones = np.ones(len(times))
    return Samples(times, count, count, ones, ones)


def _microseconds(times: Seconds, dice: Dice) -> Samples:
    """TargetResponseTime: seconds with six digits, added up in floating point."""
    return _latencies(times, dice, (0.05, 6))


def _hundredths(times: Seconds, dice: Dice) -> Samples:
    """Lambda's Duration: milliseconds with two digits, added up."""
    return _latencies(times, dice, (40, 2))


def _latencies(times: Seconds, dice: Dice, scale: tuple[float, int]) -> Samples:
    middle, digits = scale
    count = dice.poisson(60 * _load(times)).astype(np.float64) + 1
    least = np.round(middle * dice.lognormal(-1.5, 0.3, len(times)), digits)
    most = least + np.round(middle * dice.lognormal(1, 0.6, len(times)), digits)
    most = np.round(most, digits)
    inner = np.round(middle * dice.lognormal(0, 0.1, len(times)) * count, digits)
    # Two additions, each rounded: the last bits are those of a sum.
    total = np.where(count == 1, least, (least + inner) + most)
    return Samples(times, count, total, least, np.where(count == 1, least, most))


def _gauge(times: Seconds, dice: Dice) -> Samples:
    """CPUUtilization of one instance: one measurement, all digits of it noise."""
    value = np.clip(25 * _load(times) + dice.normal(0, 4, len(times)), 0.1, 100)
    return Samples(times, np.ones(len(times)), value, value, value)


def _octets(times: Seconds, dice: Dice) -> Samples:
    """NetworkIn: whole bytes, five measurements in a period."""
    each = dice.lognormal(11, 0.7, (5, len(times))) * _load(times)
    each = np.floor(each)
    five = np.full(len(times), 5.0)
    return Samples(times, five, each.sum(axis=0), each.min(axis=0), each.max(axis=0))


def _errors(times: Seconds, dice: Dice) -> Samples:
    """Errors of Lambda: zero for every call, now and then a few."""
    count = dice.poisson(60 * _load(times)).astype(np.float64) + 1
    failed = np.where(dice.random(len(times)) < _FAILING, dice.integers(1, 4), 0.0)
    most = np.minimum(failed, 1)
    return Samples(times, count, failed, np.zeros(len(times)), most)


def _noise(times: Seconds, dice: Dice) -> Samples:
    """MemoryUtilization of five tasks: every digit of all three numbers is noise."""
    each = 40 + dice.normal(0, 5, (5, len(times)))
    five = np.full(len(times), 5.0)
    return Samples(times, five, each.sum(axis=0), each.min(axis=0), each.max(axis=0))


def _queue(times: Seconds, dice: Dice) -> Samples:
    """ApproximateNumberOfMessagesVisible: one whole number, which wanders."""
    depth = np.abs(np.cumsum(dice.integers(-9, 10, len(times)))).astype(np.float64)
    return Samples(times, np.ones(len(times)), depth, depth, depth)


KINDS: tuple[tuple[str, Callable[[Seconds, Dice], Samples]], ...] = (
    ("requests, counted", _requests),
    ("latencies in microseconds", _microseconds),
    ("durations in hundredths of milliseconds", _hundredths),
    ("a gauge of one noisy measurement", _gauge),
    ("bytes, five measurements", _octets),
    ("errors, mostly none", _errors),
    ("five noisy measurements", _noise),
    ("depth of a queue", _queue),
)


def samples_of(series: int, times: Seconds) -> Samples:
    """What a series published at these times: always the same."""
    dice = np.random.default_rng([series, int(times[0])])
    return KINDS[series % len(KINDS)][1](times, dice)
