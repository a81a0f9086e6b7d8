"""Log lines as a kind of document.

Names are those of Logs Insights where it has one. What a line holds as JSON, and what
is parsed from formats of AWS, stands beside them under its own names.
"""

from apps.search.kinds import Field, FieldType, Kind

_FIELDS = (
    Field("@timestamp", "Time", FieldType.TIME),
    Field("@message", "Message", FieldType.TEXT),
    Field("@level", "Level", help="TRACE, DEBUG, INFO, WARN, ERROR or FATAL"),
    Field("@logGroup", "Log group"),
    Field("@logStream", "Log stream"),
    Field("@account", "Account"),
    Field("@region", "Region"),
    Field("@ingestionTime", "Ingestion time", FieldType.TIME),
    Field("@eventId", "Event id", help="CloudWatch's own, where it told one"),
    Field("@format", "Format", help="What the line was recognised as"),
    Field("@traceId", "Trace", help="An X-Ray trace id, 1-8 digits-24 digits"),
    Field("@requestId", "Request id"),
    Field("@type", "Type", help="START, END or REPORT of a Lambda function"),
    Field("@duration", "Duration, ms", FieldType.NUMBER),
    Field("@billedDuration", "Billed duration, ms", FieldType.NUMBER),
    Field("@initDuration", "Init duration, ms", FieldType.NUMBER),
    Field("@memorySize", "Memory size, bytes", FieldType.NUMBER),
    Field("@maxMemoryUsed", "Memory used, bytes", FieldType.NUMBER),
)

LOGS = Kind(
    name="logs",
    title="Logs",
    one="line",
    many="lines",
    fields=_FIELDS,
    columns=("@level", "@logGroup", "@message"),
    facets=("@level", "@logGroup", "@format"),
    lookups=("@eventId", "@traceId", "@requestId"),
    not_words=frozenset(
        (
            "@timestamp",
            "@logGroup",
            "@logStream",
            "@account",
            "@region",
            "@ingestionTime",
            "@eventId",
            "@format",
            "@traceId",
            "@requestId",
            "@type",
        )
    ),
    split_by="@level",
    id_field="@eventId",
    text_field="@message",
    time_field="@timestamp",
    examples=(
        ("Errors", "@level:ERROR"),
        ("A phrase in the message", '@message:"connection refused"'),
        ("One log group", '@logGroup:"/ecs/checkout"'),
        ("Slow Lambda invocations", "@type:REPORT @duration:>=1000"),
    ),
    placeholder='words, @level:ERROR, "connection refused", @duration:>=1000',
    import_command="script/trailmap import logs FILE --group NAME",
    collect_page="log-groups",
    level_field="@level",
    colours={
        "TRACE": "level-trace",
        "DEBUG": "level-debug",
        "INFO": "level-info",
        "WARN": "level-warn",
        "ERROR": "level-error",
        "FATAL": "level-fatal",
    },
    stream_fields=("@account", "@region", "@logGroup", "@logStream"),
    failure_field="@level",
    failure_values=frozenset(("ERROR", "FATAL")),
    path_pages={"@traceId": ("trace", "log-trace")},
    pages=(("Patterns", "log-patterns"),),
)
