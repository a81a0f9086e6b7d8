"""Brings services to what they want, a step at a time.

What a step tells and asks of other services is put in an outbox, for whoever called
it to carry out without the lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sandbox.ecs import announcements
from sandbox.ecs.clusters import Cluster, Start
from sandbox.ecs.deployments import Deployment, EcsService
from sandbox.ecs.tasks import Task
from sandbox.kernel.cloud import Event


@dataclass(slots=True)
class Outbox:
    """Events, and tasks that came to or went from their load balancers."""

    events: list[Event] = field(default_factory=list)
    came: list[tuple[EcsService, Task]] = field(default_factory=list)
    went: list[tuple[EcsService, Task]] = field(default_factory=list)


def advance(cluster: Cluster, now: float, outbox: Outbox) -> None:
    """Move tasks along, then start and stop what services want."""
    for task in list(cluster.tasks.values()):
        _advance(cluster, task, now, outbox)
    for service in cluster.services.values():
        if service.status != "INACTIVE":
            _converge(cluster, service, now, outbox)
    cluster.forget(now)


def _advance(cluster: Cluster, task: Task, now: float, outbox: Outbox) -> None:
    for at in task.advance(now):
        outbox.events.append(announcements.of_task(task, at))
        service = _owner(cluster, task)
        if task.status == "RUNNING" and service:
            outbox.came.append((service, task))


def stopping(cluster: Cluster, task: Task, now: float, outbox: Outbox) -> None:
    """A task that just began to stop leaves its load balancers."""
    outbox.events.append(announcements.of_task(task, now))
    service = _owner(cluster, task)
    if service and "startedAt" in task.moments:
        outbox.went.append((service, task))


def failed(cluster: Cluster, task: Task) -> None:
    """A task ended by itself: it counts against its deployment while that rolls out."""
    service = _owner(cluster, task)
    if service is None:
        return
    service.is_steady = False
    for deployment in service.deployments:
        if deployment.id == task.started_by and deployment.rollout == "IN_PROGRESS":
            deployment.failed_tasks += 1


def _owner(cluster: Cluster, task: Task) -> EcsService | None:
    kind, _, name = task.group.partition(":")
    return cluster.services.get(name) if kind == "service" else None


def _converge(
    cluster: Cluster, service: EcsService, now: float, outbox: Outbox
) -> None:
    tasks = [task for task in cluster.tasks_of(service) if task.is_wanted]
    if _is_broken(service):
        _break(service, now, outbox)
    _stop_surplus(cluster, service, tasks, now, outbox)
    _start_missing(cluster, service, tasks, now, outbox)
    _settle(cluster, service, now, outbox)
    service.drop_deployments(cluster.tasks_of(service))


def _is_broken(service: EcsService) -> bool:
    breaker = service.configuration["deploymentCircuitBreaker"]
    primary = service.primary
    return bool(
        breaker["enable"]
        and primary.rollout == "IN_PROGRESS"
        and primary.failed_tasks >= service.failures_until_broken
    )


def _break(service: EcsService, now: float, outbox: Outbox) -> None:
    broken = service.primary
    broken.end("FAILED", "ECS deployment circuit breaker: tasks failed to start.", now)
    said = f"(deployment {broken.id}) deployment failed: tasks failed to start."
    service.say(said, now)
    outbox.events.append(
        announcements.of_deployment(service, broken, "SERVICE_DEPLOYMENT_FAILED", now)
    )
    breaker = service.configuration["deploymentCircuitBreaker"]
    is_to_return = breaker.get("rollback") and not broken.is_rollback
    if is_to_return and service.completed is not None:
        good = service.completed
        back = Deployment(good.definition, now, good.network, is_rollback=True)
        service.deploy(back)
        to = f"rolling back to deploymentId {good.id}."
        back.reason = f"ECS deployment circuit breaker: {to}"
        service.say(f"rolling back to deployment {good.id}.", now)


def _stop_surplus(
    cluster: Cluster,
    service: EcsService,
    tasks: list[Task],
    now: float,
    outbox: Outbox,
) -> None:
    chosen = _surplus(service, tasks)
    reason = f"Scaling activity initiated by (deployment {service.primary.id})"
    for task in chosen:
        task.stop("ServiceSchedulerInitiated", reason, now)
        stopping(cluster, task, now, outbox)
        tasks.remove(task)
    if chosen:
        service.is_steady = False
        service.say(f"has stopped {len(chosen)} running tasks: {_named(chosen)}.", now)


def _surplus(service: EcsService, tasks: Sequence[Task]) -> list[Task]:
    """Old deployments' tasks as far as enough others run, and what is too much."""
    current = [task for task in tasks if task.started_by == service.primary.id]
    old = [task for task in tasks if task.started_by != service.primary.id]
    spare = max(sum(task.runs for task in tasks) - service.least, 0)
    surplus = current[service.desired :]
    surplus += [task for task in old if not task.runs]
    surplus += [task for task in old if task.runs][:spare]
    return surplus


def _start_missing(
    cluster: Cluster,
    service: EcsService,
    tasks: Sequence[Task],
    now: float,
    outbox: Outbox,
) -> None:
    deployment = service.primary
    if service.status != "ACTIVE" or deployment.rollout == "FAILED":
        return
    there = sum(task.started_by == deployment.id for task in tasks)
    missing = min(service.desired - there, service.most - len(tasks))
    propagates = service.given.get("propagateTags") == "SERVICE"
    how = Start(
        deployment.definition,
        f"service:{service.name}",
        deployment.id,
        service.launch_type,
        deployment.network,
        tags=tuple(service.tags if propagates else ()),
    )
    started = [cluster.start(how, now) for _ in range(missing)]
    for task in started:
        outbox.events.append(announcements.of_task(task, now))
    if started:
        service.is_steady = False
        service.say(f"has started {len(started)} tasks: {_named(started)}.", now)


def _named(tasks: Sequence[Task]) -> str:
    return " ".join(f"(task {task.id})" for task in tasks)


def _settle(cluster: Cluster, service: EcsService, now: float, outbox: Outbox) -> None:
    """Say once that everything is as it is wanted."""
    own = cluster.tasks_of(service)
    wanted = [task for task in own if task.is_wanted]
    if service.status == "DRAINING" and all(task.status == "STOPPED" for task in own):
        service.status, service.inactive_since = "INACTIVE", now
        return
    is_there = len(wanted) == service.desired and all(
        task.runs and task.started_by == service.primary.id for task in wanted
    )
    if service.is_steady or not is_there or service.status != "ACTIVE":
        return
    service.is_steady = True
    _complete(service, now, outbox)
    service.say("has reached a steady state.", now)
    outbox.events.append(announcements.of_action(service, "SERVICE_STEADY_STATE", now))


def _complete(service: EcsService, now: float, outbox: Outbox) -> None:
    primary = service.primary
    service.deployments = [primary]
    if primary.rollout != "IN_PROGRESS":
        return
    primary.end("COMPLETED", f"ECS deployment {primary.id} completed.", now)
    service.completed = primary
    service.say(f"(deployment {primary.id}) deployment completed.", now)
    outbox.events.append(
        announcements.of_deployment(
            service, primary, "SERVICE_DEPLOYMENT_COMPLETED", now
        )
    )
