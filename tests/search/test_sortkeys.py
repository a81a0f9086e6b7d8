"""Keys sort as their values do; patterns match exactly what lies in a range."""

import ipaddress
import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from apps.search.sortkeys import (
    Bounds,
    address_key,
    key_range_pattern,
    network_keys,
    number_key,
    text_range_pattern,
    time_key,
    version_key,
)

NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False)
)
VERSIONS = st.lists(st.integers(0, 999_999_999), min_size=1, max_size=4)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=0, max_size=6)


@given(st.integers(-(2**53), 2**53), st.integers(-(2**53), 2**53))
def test_whole_numbers_sort_by_their_keys(one: int, other: int) -> None:
    assert (number_key(one) < number_key(other)) == (one < other)


@given(st.integers(2**53, 2**64), st.integers(2**53, 2**64))
def test_numbers_beyond_a_double_stay_exact(one: int, other: int) -> None:
    assert (number_key(one) < number_key(other)) == (one < other)


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
)
def test_fractions_sort_by_their_keys(one: float, other: float) -> None:
    assert (number_key(one) < number_key(other)) == (one < other)


def test_a_whole_number_and_its_double_are_one() -> None:
    assert number_key(5) == number_key(5.0)
    assert number_key(0.0) == number_key(-0.0)


@given(VERSIONS, VERSIONS)
def test_versions_sort_by_their_parts(one: list[int], other: list[int]) -> None:
    first, second = (version_key(".".join(map(str, parts))) for parts in (one, other))
    filled = [parts + [0] * (4 - len(parts)) for parts in (one, other)]
    assert first is not None
    assert second is not None
    assert (first < second) == (filled[0] < filled[1])


@given(st.ip_addresses(), st.ip_addresses())
def test_addresses_sort_within_their_family(
    one: ipaddress.IPv4Address, other: ipaddress.IPv4Address
) -> None:
    if one.version != other.version:
        return
    first, second = address_key(str(one)), address_key(str(other))
    assert first is not None
    assert second is not None
    assert (first < second) == (one < other)


@given(
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)),  # noqa: DTZ001
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)),  # noqa: DTZ001
)
def test_times_sort_by_their_keys(one: datetime, other: datetime) -> None:
    first, second = (
        time_key(at.replace(tzinfo=UTC).isoformat()) for at in (one, other)
    )
    assert first is not None
    assert second is not None
    assert (first < second) == (one < other)


def test_what_is_no_value_of_its_type_has_no_key() -> None:
    assert address_key("s3.amazonaws.com") is None
    assert version_key("1.x") is None
    assert time_key("yesterday") is None
    assert network_keys("everywhere") is None


@given(TEXTS, TEXTS, TEXTS, st.booleans(), st.booleans())
def test_a_pattern_matches_exactly_the_texts_in_its_range(
    text: str,
    lower: str,
    upper: str,
    include_lower: bool,
    include_upper: bool,
) -> None:
    bounds = Bounds(lower, upper, include_lower, include_upper)
    if bounds.is_empty():
        return
    # Automata write a code point \x{41}; Python's expressions have another way.
    pattern = re.sub(
        r"\\x\{([0-9A-F]+)\}",
        lambda found: re.escape(chr(int(found[1], 16))),
        text_range_pattern(bounds),
    )
    above = lower < text or (include_lower and text == lower)
    below = text < upper or (include_upper and text == upper)
    assert bool(re.fullmatch(pattern, text)) == (above and below)


@given(NUMBERS, NUMBERS)
def test_an_open_range_of_keys_holds_all_above(value: float, lower: float) -> None:
    pattern = key_range_pattern(Bounds(number_key(lower), None))
    pattern = re.sub(r"\\x\{([0-9A-F]+)\}", lambda at: chr(int(at[1], 16)), pattern)
    pattern = pattern.replace("[\0-", "[\\x00-")
    assert bool(re.fullmatch(pattern, number_key(value))) == (
        number_key(value) >= number_key(lower)
    )
