"""The services the sandbox answers itself; moto answers the others."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.apigateway import ApiGateway
from sandbox.cloudtrail import CloudTrail
from sandbox.cloudwatch import CloudWatch
from sandbox.config import Config
from sandbox.ecs import Ecs
from sandbox.events import Events, Scheduler
from sandbox.functions import Lambda
from sandbox.kernel.calls import Service
from sandbox.kernel.cloud import Cloud
from sandbox.logs import Logs
from sandbox.ssm import Ssm
from sandbox.stepfunctions import StepFunctions
from sandbox.sts import Sts
from sandbox.xray import XRay

SERVICES: tuple[Callable[[Cloud], Service], ...] = (
    ApiGateway,
    CloudTrail,
    CloudWatch,
    Config,
    Ecs,
    Events,
    Lambda,
    Logs,
    Scheduler,
    Ssm,
    StepFunctions,
    Sts,
    XRay,
)
