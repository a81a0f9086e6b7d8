"""Sends what a rule found to one target, through the target's own API."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.kernel import jsonpaths
from sandbox.kernel.cloud import Cloud

Target = Mapping[str, Any]
"""As PutTargets takes it; of EventBridge Scheduler's targets the same members."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be sent where, and on whose behalf."""

    target: Target
    body: str
    event: Mapping[str, Any]
    rule_arn: str

    @property
    def arn(self) -> list[str]:
        """The target's ARN in its parts: 2 the service, 3 the region, 4 the account."""
        return str(self.target["Arn"]).split(":", 5)


class UnknownTarget(Exception):
    """A target of a service the sandbox does not send to."""


Bus = Callable[[str, Mapping[str, Any]], None]
"""Takes the ARN of a bus and an event for it."""


class Targets:
    def __init__(self, cloud: Cloud, bus: Bus, by: str) -> None:
        self._cloud = cloud
        self._bus = bus
        self._by = by
        self._senders: Mapping[str, Callable[[Message], None]] = {
            "ecs": self._to_task,
            "events": self._to_bus,
            "firehose": self._to_firehose,
            "kinesis": self._to_stream,
            "lambda": self._to_function,
            "logs": self._to_logs,
            "sns": self._to_topic,
            "sqs": self._to_queue,
            "ssm": self._to_automation,
            "states": self._to_machine,
        }

    def send(self, message: Message) -> None:
        """Raises what the target's service refuses with."""
        service = message.arn[2]
        if service not in self._senders:
            raise UnknownTarget(f"The sandbox does not send events to {service}.")
        self._senders[service](message)

    def _client(self, service: str, message: Message) -> Any:
        _, _, _, region, account, _ = message.arn
        return self._cloud.client(service, account, region, self._by)

    def _to_queue(self, message: Message) -> None:
        sqs = self._client("sqs", message)
        group = (message.target.get("SqsParameters") or {}).get("MessageGroupId")
        more = {"MessageGroupId": group, "MessageDeduplicationId": message.event["id"]}
        url = sqs.get_queue_url(QueueName=message.arn[5])["QueueUrl"]
        sqs.send_message(
            QueueUrl=url, MessageBody=message.body, **(more if group else {})
        )

    def _to_topic(self, message: Message) -> None:
        sns = self._client("sns", message)
        sns.publish(TopicArn=message.target["Arn"], Message=message.body)

    def _to_function(self, message: Message) -> None:
        self._client("lambda", message).invoke(
            FunctionName=message.target["Arn"],
            InvocationType="Event",
            Payload=message.body.encode(),
        )

    def _to_stream(self, message: Message) -> None:
        settings = message.target.get("KinesisParameters") or {}
        key = settings.get("PartitionKey") or message.event["id"]
        if settings.get("PartitionKeyPath"):
            key = jsonpaths.find(settings["PartitionKeyPath"], message.event)
        self._client("kinesis", message).put_record(
            StreamName=message.arn[5].removeprefix("stream/"),
            Data=message.body.encode(),
            PartitionKey=str(key),
        )

    def _to_firehose(self, message: Message) -> None:
        self._client("firehose", message).put_record(
            DeliveryStreamName=message.arn[5].removeprefix("deliverystream/"),
            Record={"Data": message.body.encode()},
        )

    def _to_logs(self, message: Message) -> None:
        logs = self._client("logs", message)
        group = message.arn[5].removeprefix("log-group:").removesuffix(":*")
        stream = str(uuid.uuid4())
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        at = round(self._cloud.clock.now() * 1_000)
        logs.put_log_events(
            logGroupName=group,
            logStreamName=stream,
            logEvents=[{"timestamp": at, "message": message.body}],
        )

    def _to_machine(self, message: Message) -> None:
        self._client("stepfunctions", message).start_execution(
            stateMachineArn=message.target["Arn"], input=message.body
        )

    def _to_automation(self, message: Message) -> None:
        name, _, version = message.arn[5].partition("/")[2].partition(":")
        self._client("ssm", message).start_automation_execution(
            DocumentName=name,
            DocumentVersion=version or "$DEFAULT",
            Parameters=json.loads(message.body),
        )

    def _to_task(self, message: Message) -> None:
        settings = message.target["EcsParameters"]
        wanted: dict[str, Any] = {
            "cluster": message.target["Arn"],
            "taskDefinition": settings["TaskDefinitionArn"],
            "count": settings.get("TaskCount") or 1,
            "launchType": settings.get("LaunchType") or "FARGATE",
            "startedBy": f"events-rule/{message.rule_arn.rsplit('/', 1)[-1]}"[:36],
        }
        network = settings.get("NetworkConfiguration", {}).get("awsvpcConfiguration")
        if network:
            small = {k[0].lower() + k[1:]: v for k, v in network.items()}
            wanted["networkConfiguration"] = {"awsvpcConfiguration": small}
        if message.target.get("Input") or message.target.get("InputTransformer"):
            wanted["overrides"] = json.loads(message.body)
        self._client("ecs", message).run_task(**wanted)

    def _to_bus(self, message: Message) -> None:
        self._bus(message.target["Arn"], message.event)
