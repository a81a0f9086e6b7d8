"""What the help says of Logs Insights is what is so."""

import pytest
from django.test import Client

from apps.monitoring.languages import insights
from apps.monitoring.languages.asking import EXAMPLES
from apps.monitoring.languages.filterpatterns import compile as compiled_pattern
from apps.monitoring.languages.helppages import COMMANDS, FUNCTIONS
from apps.monitoring.languages.insights import QueryError
from apps.monitoring.languages.insights.functions import AGGREGATES, ARITIES
from apps.monitoring.languages.running import Language
from apps.search.language import parse

# CloudWatch Logs User Guide, "CloudWatch Logs Insights language query syntax" and its
# pages of functions: every command, and every function with arguments that it takes.
_HERE = "fields a|display a|filter a = 1|stats count(*)|sort a|limit 1|dedup a"
_HERE += "|parse 'a*' as x|unnest a into b"
_AWS = "pattern @message|diff|anomaly|lookup t id|join x|unmask @message|addtotals"
_AWS += "|filterIndex a = 1|SOURCE '/a'|filter a in (fields a)"
_FUNCTIONS = (
    "abs(a) ceil(a) floor(a) greatest(a,1) least(a,1) log(a) sqrt(a) ispresent(a) "
    "coalesce(a,b) isempty(a) isblank(a) concat(a,b) ltrim(a) ltrim(a,'x') rtrim(a) "
    "rtrim(a,'x') trim(a) trim(a,'x') strlen(a) toupper(a) tolower(a) substr(a,1) "
    "substr(a,1,2) replace(a,'x','y') strcontains(a,'x') bin(5m) datefloor(a,1h) "
    "dateceil(a,1h) fromMillis(a) toMillis(@timestamp) now() isValidIp(a) "
    "isValidIpV4(a) isValidIpV6(a) isIpInSubnet(a,'x') isIpv4InSubnet(a,'x') "
    "isIpv6InSubnet(a,'x') jsonParse(a) jsonStringify(a)"
)
_AGGREGATES = (
    "avg(a) count() count(*) count(a) count_distinct(a) max(a) min(a) pct(a,99) "
    "stddev(a) sum(a) earliest(a) latest(a) sortsFirst(a) sortsLast(a)"
)


@pytest.mark.parametrize("command", _HERE.split("|"))
def test_documented_command_is_answered_here(command: str) -> None:
    insights.compile(command)


@pytest.mark.parametrize("command", _AWS.split("|"))
def test_every_other_documented_command_is_named(command: str) -> None:
    with pytest.raises(QueryError) as caught:
        insights.compile(command)
    assert caught.value.is_foreign


@pytest.mark.parametrize("call", _FUNCTIONS.split())
def test_documented_function_is_answered_here(call: str) -> None:
    insights.compile(f"fields {call} as x")


@pytest.mark.parametrize("call", _AGGREGATES.split())
def test_documented_aggregation_is_answered_here(call: str) -> None:
    insights.compile(f"stats {call} by b")


def test_help_names_every_function() -> None:
    named = {name.lower() for _, names in FUNCTIONS for name in names.split()}
    assert named == {*ARITIES, *AGGREGATES}


@pytest.mark.parametrize("example", [example for _, example, _ in COMMANDS])
def test_examples_of_the_help_can_be_asked(example: str) -> None:
    insights.compile(example)


def test_samples_can_be_asked() -> None:
    for _, query in EXAMPLES[Language.INSIGHTS]:
        insights.compile(query)
    for _, query in EXAMPLES[Language.PATTERN]:
        compiled_pattern(query)
    for _, query in EXAMPLES[Language.TRAILMAP]:
        parse(query)


@pytest.mark.django_db
def test_help_says_who_answers_what(viewer_client: Client) -> None:
    text = viewer_client.get("/logs/query/help").content.decode()
    here, aws = text.split('id="aws"')
    assert "<code>unnest</code>" in here
    assert "<code>isIpInSubnet</code>" in here
    assert "<code>filterIndex</code>" in aws
    assert "<code>subqueries</code>" in aws
