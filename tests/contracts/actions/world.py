"""An AWS for actions: the sandbox over HTTP, and people who may do what they say."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from moto.moto_api._internal.models import moto_api_backend

from apps.audit.remediation.actions.base import (
    Action,
    Draft,
    Image,
    Step,
    Subject,
    Values,
)
from apps.discovery.aws import explained
from apps.discovery.inventory.items import ResourceKey
from sandbox.assembly import Sandbox, assemble
from sandbox.kernel import identities
from sandbox.kernel.calls import Finished
from sandbox.kernel.clock import SetClock
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from sandbox.kernel.faults import Fault, FaultKind
from sandbox.kernel.server import Server
from tests.sandbox.conftest import NOW, allowing

_CONFIG = Config(retries={"total_max_attempts": 1}, inject_host_prefix=False)


class World:
    """One sandbox for many tests: each makes resources of its own."""

    def __init__(self, home: Path) -> None:
        moto_api_backend.reset()
        self.sandbox: Sandbox = assemble(SetClock(NOW), home)
        self.cloud: Cloud = self.sandbox.cloud
        self._server = Server(self.sandbox.application)
        self._server.start()
        self._numbers = itertools.count(1)
        self._runners: dict[str, Runner] = {}
        self._keys: dict[str, Values] = {}

    def end(self) -> None:
        self._server.stop()
        moto_api_backend.reset()

    def admin(self, service: str) -> Any:
        """A client of somebody who may do everything."""
        return self.cloud.client(service, SHOP, HOME_REGION, "tests.amazonaws.com")

    def fresh(self, word: str) -> str:
        return f"{word}-{next(self._numbers)}"

    def subject(self, kind: str, name: str, arn: str = "", own_id: str = "") -> Subject:
        key = ResourceKey(SHOP, HOME_REGION, kind, own_id or arn or name)
        return Subject(key, arn, name)

    def runner(self, action: Action) -> Runner:
        """Somebody with the permissions that the action declares, and no others."""
        if action.identifier not in self._runners:
            declared = (*action.permissions.read, *action.permissions.write)
            key = self._key(f"runner-{action.identifier}", allowing(declared))
            self._runners[action.identifier] = Runner(self._client_of(key))
            self._keys[action.identifier] = key
        return self._runners[action.identifier]

    def somebody(self, policy: str) -> Runner:
        """Somebody who may do what a policy says."""
        return Runner(self._client_of(self._key(self.fresh("somebody"), policy)))

    def _key(self, name: str, policy: str) -> Values:
        iam = self.admin("iam")
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy)
        key: Values = iam.create_access_key(UserName=name)["AccessKey"]
        return key

    def _client_of(self, key: Values) -> Callable[[str], Any]:
        made: dict[str, Any] = {}
        session = boto3.Session(
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
            region_name=HOME_REGION,
        )

        def client(service: str) -> Any:
            if service not in made:
                make: Callable[..., Any] = session.client
                made[service] = make(
                    service, endpoint_url=self._server.url, config=_CONFIG
                )
            return made[service]

        return client

    @contextmanager
    def heard(self, action: Action) -> Iterator[set[str]]:
        """The permissions that the action's runner really needs meanwhile."""
        used: set[str] = set()
        key = self._keys[action.identifier]["AccessKeyId"]

        def listen(finished: Finished) -> None:
            call = finished.call
            if call.principal.access_key_id == key:
                used.add(identities.action_of(call.service, call.operation))
                used.update(identities.also_needed(call))

        self.cloud.on_call(listen)
        yield used
        key = ""

    @contextmanager
    def failing(self, kind: FaultKind, where: str) -> Iterator[None]:
        self.cloud.faults.add(Fault(kind, where))
        try:
            yield
        finally:
            self.cloud.faults.clear()


class Runner:
    """Reads as an action may, and makes the calls of a plan, with no gate."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self.client = client

    def call(self, service: str, operation: str, /, **parameters: Any) -> Values:
        with explained(f"{service}.{operation}"):
            answer: Values = getattr(self.client(service), operation)(**parameters)
            return answer

    def pages(self, service: str, operation: str, /, **parameters: Any) -> list[Values]:
        with explained(f"{service}.{operation}"):
            pager = self.client(service).get_paginator(operation)
            return list(pager.paginate(**parameters))

    def make(self, step: Step, token: str = "") -> Values:
        call = step.call
        filled = {call.token: token} if call.token else {}
        return self.call(call.service, call.operation, **call.parameters, **filled)

    def name_of(self, step: Step) -> str:
        """The operation as faults of the sandbox name it."""
        names = self.client(step.call.service).meta.method_to_api_mapping
        return f"{step.call.service}.{names[step.call.operation]}"


class Attempt:
    """An action on one subject, as its runner goes through it."""

    def __init__(self, world: World, scenario: Any) -> None:
        self.scenario = scenario
        self.action: Action = scenario.action
        self.runner = world.runner(self.action)
        self.subject: Subject = scenario.bad(world)
        self.parameters: Values = scenario.parameters_for(world, self.subject)

    def read(self) -> Image:
        return self.action.read(self.runner, self.subject, self.parameters)

    def draft(self) -> Draft:
        return self.action.draft(self.subject, self.parameters, self.read())

    def plan(self) -> Draft:
        """A draft that has something to do."""
        found = self.draft()
        assert found.steps
        return found

    def undo(self, draft: Draft) -> tuple[Step, ...]:
        return self.action.undo(self.subject, self.parameters, draft)

    def apply(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            self.runner.make(step)
