"""What CloudTrail calls things, and what it does not record."""

from __future__ import annotations

from collections.abc import Mapping

# Calls on data: recorded only by trails that ask for data events.
# Source: AWS CloudTrail User Guide, "Logging data events".
DATA_EVENTS: Mapping[str, tuple[str, ...]] = {
    "cloudwatch": ("PutMetricData", "GetMetric", "ListMetrics"),
    "dynamodb": (
        "BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query",
        "Scan", "Transact", "UpdateItem", "ExecuteStatement",
    ),
    "dynamodbstreams": ("GetRecords", "GetShardIterator"),
    "events": ("PutEvents",),
    "firehose": ("PutRecord",),
    "kinesis": ("PutRecord", "GetRecords", "GetShardIterator"),
    "lambda": ("Invoke",),
    "logs": ("PutLogEvents", "FilterLogEvents", "GetLogEvents", "StartLiveTail"),
    "s3": (
        "GetObject", "HeadObject", "PutObject", "DeleteObject", "CopyObject",
        "ListObjects", "CreateMultipartUpload", "UploadPart", "CompleteMultipart",
        "AbortMultipart", "ListParts", "RestoreObject", "SelectObject",
    ),
    "servicediscovery": ("DiscoverInstances",),
    "sns": ("Publish",),
    "sqs": ("SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVis"),
    "xray": (
        "PutTraceSegments", "PutTelemetryRecords", "GetSamplingTargets",
        "GetTraceSummaries", "BatchGetTraces", "GetServiceGraph", "GetTraceGraph",
        "GetTimeSeriesServiceStatistics", "GetSamplingRules", "GetSamplingStatistic",
    ),
}  # fmt: skip

# Kinds of data that trails can ask for.
OBJECT, FUNCTION, TABLE = (
    "AWS::S3::Object",
    "AWS::Lambda::Function",
    "AWS::DynamoDB::Table",
)
CLOUDTRAIL = "cloudtrail.amazonaws.com"

# Services that record in one region, whatever region was called.
# Source: AWS CloudTrail User Guide, "Global service events".
GLOBAL_REGION = "us-east-1"
GLOBAL_SERVICES = frozenset({"iam", "route53", "organizations"})

# Events whose name is not the operation's.
# Sources: Amazon S3 User Guide, "CloudTrail events"; AWS Lambda Developer Guide.
EVENT_NAMES: Mapping[tuple[str, str], str] = {
    ("s3", "PutPublicAccessBlock"): "PutBucketPublicAccessBlock",
    ("s3", "GetPublicAccessBlock"): "GetBucketPublicAccessBlock",
    ("s3", "DeletePublicAccessBlock"): "DeleteBucketPublicAccessBlock",
    ("s3", "GetBucketLifecycleConfiguration"): "GetBucketLifecycle",
    ("s3", "PutBucketLifecycleConfiguration"): "PutBucketLifecycle",
    ("s3", "PutBucketNotificationConfiguration"): "PutBucketNotification",
    ("lambda", "CreateFunction"): "CreateFunction20150331",
    ("lambda", "DeleteFunction"): "DeleteFunction20150331",
    ("lambda", "UpdateFunctionCode"): "UpdateFunctionCode20150331v2",
    ("lambda", "UpdateFunctionConfiguration"): "UpdateFunctionConfiguration20150331v2",
    ("lambda", "AddPermission"): "AddPermission20150331v2",
    ("lambda", "RemovePermission"): "RemovePermission20150331v2",
    ("lambda", "CreateEventSourceMapping"): "CreateEventSourceMapping20150331",
    ("lambda", "GetFunction"): "GetFunction20150331v2",
    ("lambda", "ListFunctions"): "ListFunctions20150331",
}

READS = ("Get", "List", "Describe", "Head", "Lookup", "BatchGet", "Select", "Search")
# Reads by what they do, whatever their name says.
ALSO_READS = frozenset({"AssumeRole", "StartQuery", "TestEventPattern", "Decrypt"})

# Members that name a resource, with the type LookupEvents gives it.
RESOURCE_MEMBERS: Mapping[str, str] = {
    "accessKeyId": "AWS::IAM::AccessKey",
    "alarmName": "AWS::CloudWatch::Alarm",
    "bucketName": "AWS::S3::Bucket",
    "cluster": "AWS::ECS::Cluster",
    "clusterName": "AWS::ECS::Cluster",
    "configRuleName": "AWS::Config::ConfigRule",
    "dBInstanceIdentifier": "AWS::RDS::DBInstance",
    "functionName": "AWS::Lambda::Function",
    "groupId": "AWS::EC2::SecurityGroup",
    "instanceId": "AWS::EC2::Instance",
    "keyId": "AWS::KMS::Key",
    "logGroupName": "AWS::Logs::LogGroup",
    "policyArn": "AWS::IAM::Policy",
    "queueUrl": "AWS::SQS::Queue",
    "restApiId": "AWS::ApiGateway::RestApi",
    "roleArn": "AWS::IAM::Role",
    "roleName": "AWS::IAM::Role",
    "service": "AWS::ECS::Service",
    "serviceName": "AWS::ECS::Service",
    "tableName": "AWS::DynamoDB::Table",
    "taskDefinition": "AWS::ECS::TaskDefinition",
    "topicArn": "AWS::SNS::Topic",
    "trailName": "AWS::CloudTrail::Trail",
    "userName": "AWS::IAM::User",
    "vpcId": "AWS::EC2::VPC",
}

# Members nobody may read in a record.
SECRETS = frozenset(
    {
        "password", "masterUserPassword", "secretAccessKey", "secretString",
        "secretBinary", "plaintext", "authToken", "sessionToken", "newPassword",
    }
)  # fmt: skip
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
