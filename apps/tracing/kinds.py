"""Spans as a kind of document.

Names are those of X-Ray's segment documents, whatever format a span came in; what
Trailmap knows besides begins with @. A span that came in another format holds what its
sender wrote under the sender's own names, as `tags` or `attributes`.
"""

from apps.search.kinds import Field, FieldType, Kind

_FIELDS = (
    Field("@timestamp", "Start", FieldType.TIME),
    Field("@duration", "Duration, ms", FieldType.NUMBER, "Missing while in progress"),
    Field("@outcome", "Outcome", help="ok, error (4xx), throttle (429) or fault (5xx)"),
    Field("@service", "Service", help="The service that did the work"),
    Field("@type", "Type", help="What the service runs on, such as AWS::Lambda"),
    Field("@peer", "Called", help="Whom a client span called"),
    Field("@kind", "Kind", help="server, client, producer, consumer; or none"),
    Field("@operation", "Operation", help="What was called, such as UpdateItem"),
    Field("@resource", "Resource", help="What it was called on, such as a table"),
    Field("@account", "Account"),
    Field("@region", "Region"),
    Field("@source", "Format", help="xray, zipkin or otlp"),
    Field("trace_id", "Trace", help="A trace id, 1-8 digits-24 digits"),
    Field("id", "Span id"),
    Field("parent_id", "Parent span"),
    Field("name", "Name"),
    Field("origin", "Origin"),
    Field("user", "User"),
    Field("http.request.method", "HTTP method"),
    Field("http.request.url", "URL"),
    Field("http.request.client_ip", "Client address", FieldType.ADDRESS),
    Field("http.response.status", "HTTP status", FieldType.NUMBER),
    Field("aws.operation", "AWS operation"),
    Field("aws.table_name", "Table"),
    Field("sql.sanitized_query", "SQL", FieldType.TEXT),
    Field("cause.exceptions.type", "Exception"),
    Field("cause.exceptions.message", "Exception message", FieldType.TEXT),
)

SPANS = Kind(
    name="spans",
    title="Spans",
    one="span",
    many="spans",
    fields=_FIELDS,
    columns=("@outcome", "@service", "name", "@operation", "@duration"),
    facets=("@outcome", "@service", "@peer", "@operation"),
    lookups=("trace_id", "id"),
    not_words=frozenset(
        (
            "@timestamp",
            "@account",
            "@region",
            "@source",
            "trace_id",
            "id",
            "parent_id",
            "start_time",
            "end_time",
        )
    ),
    split_by="@outcome",
    id_field="id",
    time_field="@timestamp",
    examples=(
        ("Faults", "@outcome:fault"),
        ("Slow calls of a service", '@service:"checkout" @duration:>=500'),
        ("An exception", "cause.exceptions.type:TimeoutError"),
        ("Statements on a table", 'sql.sanitized_query:"from orders"'),
    ),
    placeholder="words, @service:checkout, @outcome:fault, @duration:>=500",
    import_command="script/trailmap import xray FILE",
    collect_page="trace-scopes",
    level_field="@outcome",
    colours={
        "ok": "level-info",
        "error": "level-warn",
        "throttle": "level-warn",
        "fault": "level-error",
    },
    failure_field="@outcome",
    failure_values=frozenset(("error", "throttle", "fault")),
    path_pages={"trace_id": ("trace", "trace")},
    pages=(("Service map", "service-map"), ("Traces", "traces")),
)
