"""How the languages of log queries are written, and who answers what."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.monitoring.languages.asking import EXAMPLES
from apps.monitoring.languages.insights.parser import FOREIGN
from apps.monitoring.languages.running import Language

# Command, an example of it, and what it does.
COMMANDS = (
    ("fields", "fields @timestamp, ms / 1000 as seconds", "shows and computes columns"),
    ("display", "fields ms | display ms", "shows these columns only"),
    ("filter", "filter status >= 500 and not path like /health/", "keeps lines"),
    ("stats", "stats count(*), pct(ms, 99) by bin(5m)", "aggregates, by groups"),
    ("sort", "sort @timestamp desc, ms", "orders rows"),
    ("limit", "limit 100", "keeps the first rows, up to 100,000"),
    ("parse", "parse @message 'user=* took *ms' as user, took", "cuts pieces out"),
    ("dedup", "dedup requestId", "keeps one row of each value"),
    ("unnest", "unnest items into item", "makes a row of each element of a list"),
)
FUNCTIONS = (
    ("Aggregate, in stats", "avg count count_distinct earliest latest max median min "
     "pct percentile sortsFirst sortsLast stddev sum"),
    ("Numbers", "abs ceil floor greatest least log sqrt"),
    ("Texts", "concat isblank isempty ltrim replace rtrim strcontains strlen substr "
     "tolower toupper trim"),
    ("Times", "bin datefloor dateceil fromMillis now toMillis"),
    ("Addresses", "isIpInSubnet isIpv4InSubnet isIpv6InSubnet isValidIp isValidIpV4 "
     "isValidIpV6"),
    ("Values and JSON", "coalesce ispresent jsonParse jsonStringify"),
)  # fmt: skip
# As the user guide spells them.
_SPELLED = {"filterindex": "filterIndex", "source": "SOURCE"}


def help_page(request: HttpRequest) -> HttpResponse:
    foreign = [(_SPELLED.get(name, name), what) for name, what in FOREIGN.items()]
    context = {
        "commands": COMMANDS,
        "functions": [(title, names.split()) for title, names in FUNCTIONS],
        "foreign": [*foreign, ("subqueries", "ask one query for values of another")],
        "patterns": EXAMPLES[Language.PATTERN],
        "trailmap": EXAMPLES[Language.TRAILMAP],
    }
    return render(request, "monitoring/log_query_help.html", context)
