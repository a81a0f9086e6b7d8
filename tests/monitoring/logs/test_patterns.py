"""Lines fall into the patterns a person would see, whatever their order, and a click
finds every line of one."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.monitoring.kinds import LOGS
from apps.monitoring.logs.findpatterns import Against, find
from apps.monitoring.logs.masking import Masker
from apps.monitoring.logs.patternquery import clause
from apps.monitoring.logs.patterns import Line, Pattern, Tallies, patterns
from apps.search.engines.base import DocumentEngine, SearchRequest
from apps.search.language import parse
from apps.search.syntax import Equals, Exists, Mark, Wildcard
from apps.search.timerange import parse_range
from tests.factories import NOON
from tests.monitoring.logs.explored import a_line, keep

HOUR = parse_range("2026-07-01T12:00:00Z", "2026-07-01T13:00:00Z", NOON)


def tallied(*messages: str) -> Tallies:
    masker, found = Masker(), Tallies()
    for at, message in enumerate(messages):
        found.add(Line(masker.tokens(message), at, 0, "INFO", message, str(at)))
    return found


def texts(*messages: str) -> list[str]:
    return [one.text for one in patterns(tallied(*messages), Tallies())]


@pytest.mark.parametrize(
    ("message", "masked"),
    [
        ("took 12ms", "took <*>ms"),
        ("took 12.5 s, -3", "took <*> s, <*>"),
        ("id=0f8fad5b-d9cb-469f-a165-70867728950e", "id=<*>"),
        ("trace 1-5759e988-bd862e3fe1be46a994272793", "trace <*>"),
        ("from 10.0.0.1:443", "from <*>"),
        ("from 2001:db8::ff00:42:8329", "from <*>"),
        ("at 2026-07-01T12:00:00.123Z:", "at <*>:"),
        ("at 2026-07-01 12:00:00,123", "at <*> <*>"),
        ("0xdeadbeef and cafebabe01", "<*> and <*>"),
        ("key AKIAIOSFODNN7EXAMPLE", "key <*>"),
        ("ec2 s3 and sha256", "ec<*> s<*> and sha<*>"),
        ("no digits here", "no digits here"),
        ('{"a":1,"b":"x"}', '{ "a": <*>, "b": "x"}'),
        ("first\nsecond", "first …"),
        ("\x1b[31mred\x1b[0m", "<*>red<*>"),
    ],
)
def test_what_varies_is_masked(message: str, masked: str) -> None:
    assert " ".join(Masker().tokens(message)) == masked


def test_a_word_with_four_values_is_a_variable() -> None:
    found = texts(*[f"user {name} signed in" for name in ("al", "bo", "cy", "di")])

    assert found == ["user <*> signed in"]


def test_three_values_stay_apart() -> None:
    assert len(texts("cache hit", "cache miss", "cache full")) == 3


def test_lines_alike_in_most_words_are_one_pattern() -> None:
    messages = [
        f"moved {thing} from {place} to the archive"
        for thing, place in zip("abcd", "wxyz", strict=True)
    ]

    assert texts(*messages) == ["moved <*> from <*> to the archive"]


def test_lines_without_a_common_word_stay_what_they_are() -> None:
    assert len(texts("alpha", "beta", "gamma", "delta", "epsilon")) == 5


@given(st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_nothing(order: random.Random) -> None:
    messages = [f"order {n} by {name} paid" for n, name in enumerate("abcdefg")]
    messages += ["cart empty", "cart full", "disk 9 of 10 used"] * 3
    expected = {"order <*> by <*> paid": 7, "cart empty": 3, "cart full": 3}
    order.shuffle(messages)

    found = {
        one.text: one.now.weight for one in patterns(tallied(*messages), Tallies())
    }

    assert found == {**expected, "disk <*> of <*> used": 3}


def one_of(found: list[Pattern], text: str) -> Pattern:
    return next(one for one in found if one.text == text)


def test_what_is_new_gone_and_grown_is_told() -> None:
    before = tallied("steady 1", "steady 2", "leaving")
    found = patterns(tallied(*["steady 3"] * 6, "arrived"), before)

    assert one_of(found, "arrived").is_new
    assert one_of(found, "leaving").is_gone
    assert one_of(found, "steady <*>").growth == 3.0


def ask() -> SearchRequest:
    return SearchRequest(LOGS, NOON, range=HOUR)


def test_periods_are_compared_as_asked(engine: DocumentEngine) -> None:
    week = 7 * 86_400
    keep(engine, a_line("now 1", 60), a_line("earlier", -60), a_line("old", 60 - week))

    def gone(against: Against) -> list[str]:
        found = find(engine.reader, ask(), against).patterns
        return [one.text for one in found if one.is_gone]

    assert gone(Against.BEFORE) == ["earlier"]
    assert gone(Against.WEEK) == ["old"]
    assert gone(Against.NONE) == []


def test_a_sample_is_even_over_time_and_says_so(engine: DocumentEngine) -> None:
    keep(engine, *[a_line("early 1", n) for n in range(300)])
    keep(engine, *[a_line("late 1", 1_800 + n) for n in range(300)])

    found = find(engine.reader, ask(), Against.NONE, most=60)

    assert found.now.is_sample
    assert found.now.total == 600
    assert 50 <= found.now.read <= 70
    counts = {one.text: one.now.weight for one in found.patterns}
    assert counts["early <*>"] == pytest.approx(300)
    assert counts["late <*>"] == pytest.approx(300)


def test_the_first_line_the_newest_example_and_the_level_are_kept(
    engine: DocumentEngine,
) -> None:
    keep(engine, a_line("boom 1", 10, level="ERROR"), a_line("boom 2", 20))
    keep(engine, a_line("boom 3", 15, level="ERROR"))

    found = find(engine.reader, ask(), Against.NONE).patterns[0].now

    assert (found.first_ms, found.example) == (HOUR.since_ms + 10_000, "boom 2")
    assert found.levels.most_common(1) == [("ERROR", 2)]


HARD = st.text(
    st.sampled_from('ab1 2\t":{}[](),*?\\/-+!&|~^<>=é.…\n\x1b\x00'), min_size=1
)


@given(messages=st.lists(HARD, min_size=1, max_size=8))
def test_the_query_of_a_pattern_finds_each_of_its_lines(messages: list[str]) -> None:
    masker = Masker()
    for message in messages:
        assert finds(clause(LOGS, masker.tokens(message)), message)


def finds(query: str, message: str) -> bool:
    """Whether a clause on the message fits it as a whole, as the language means it."""
    match parse(query):
        case Wildcard(_, pattern):
            regex = "".join(
                _REGEX[part] if isinstance(part, Mark) else re.escape(part)
                for part in pattern
            )
            return bool(re.fullmatch(regex, message, re.DOTALL | re.IGNORECASE))
        case Equals("@message.keyword", value):
            return value == message
        case Exists("@message"):
            return True
    return False


_REGEX = {Mark.ANY_TEXT: ".*", Mark.ONE_CHARACTER: "."}


@pytest.mark.parametrize(
    "message",
    [
        "GET /cart/17?x=1 200 13ms",
        '{"level":"info","msg":"order placed: \\"x\\"","n":1}',
        "a (very) [odd] line: *really* AND OR NOT",
        "two\nlines",
        "ends with a break\n",
        "x" * 1_500 + " 1",
        "words " * 150,
        "\x1b[31mred\x1b[0m tab\there",
    ],
)
def test_an_engine_finds_the_lines_of_a_pattern(
    engine: DocumentEngine, message: str
) -> None:
    keep(engine, a_line(message), a_line("something else"))
    query = clause(LOGS, Masker().tokens(message))

    asked = SearchRequest(LOGS, NOON, query=parse(query), range=HOUR)

    assert engine.reader.count(asked).value == 1
