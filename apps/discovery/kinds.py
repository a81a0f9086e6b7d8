"""Configuration items as a kind of document."""

from apps.search.kinds import Field, FieldType, Kind

_FIELDS = (
    Field("configurationItemCaptureTime", "Captured", FieldType.TIME),
    Field("resourceType", "Type", help="As AWS Config names it: AWS::S3::Bucket"),
    Field("resourceId", "Resource id"),
    Field("resourceName", "Name"),
    Field("ARN", "ARN"),
    Field("configurationItemStatus", "Status"),
    Field("awsAccountId", "Account"),
    Field("awsRegion", "Region"),
    Field("availabilityZone", "Zone"),
    Field("resourceCreationTime", "Created", FieldType.TIME),
    Field("configurationStateId", "State id"),
    Field("relatedEvents", "CloudTrail events"),
    Field("relationships.resourceId", "Related resource"),
    Field("@source", "Seen by", help="config, aggregator (a copy that lags), scanner"),
)

CONFIG = Kind(
    name="config",
    title="Configurations",
    one="item",
    many="items",
    fields=_FIELDS,
    columns=(
        "resourceType",
        "resourceName",
        "resourceId",
        "configurationItemStatus",
        "awsRegion",
    ),
    facets=("resourceType", "configurationItemStatus", "@source"),
    lookups=("resourceId", "resourceType", "ARN", "relatedEvents"),
    not_words=frozenset(
        (
            "awsAccountId",
            "awsRegion",
            "configurationItemCaptureTime",
            "configurationStateId",
            "resourceCreationTime",
        )
    ),
    split_by="resourceType",
    id_field="resourceId",
    time_field="configurationItemCaptureTime",
    examples=(
        ("Buckets as they changed", 'resourceType:"AWS::S3::Bucket"'),
        ("What was deleted", "configurationItemStatus:ResourceDeleted"),
        ("Open to the world", '"0.0.0.0/0"'),
        ("Volumes without encryption", "configuration.encrypted:false"),
    ),
    placeholder='words, resourceType:"AWS::EC2::Volume", *production*',
    import_command="script/trailmap import config FOLDER",
    collect_page="config-sources",
    pages=(("Inventory", "inventory"),),
)
