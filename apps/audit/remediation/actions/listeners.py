"""Load balancers: listeners for HTTP send everybody to HTTPS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from apps.audit.remediation.actions.base import (
    Action,
    Call,
    Change,
    Draft,
    Image,
    Parameter,
    Permissions,
    Reads,
    Refused,
    Step,
    Subject,
    Values,
)
from apps.audit.remediation.actions.ownership import owners, tags_of
from apps.discovery.aws import AwsGone

_LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
# What a redirect keeps of a request where it says nothing.
# Source: Elastic Load Balancing API reference, RedirectActionConfig.
_KEPT = {"Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}


class RedirectToHttps(Action):
    """Only what a listener does by default is changed: rules of its own stay."""

    identifier = "redirect-to-https"
    title = "Redirect HTTP to HTTPS at a load balancer"
    says = "Lets listeners for HTTP answer with a redirect to HTTPS."
    family = "network"
    resource_types = (_BALANCER, _LISTENER)
    repairs = ("ALB_HTTP_TO_HTTPS_REDIRECTION_CHECK",)
    parameters = (
        Parameter(
            "port",
            "Port of HTTPS",
            kind="integer",
            default=443,
            least=1,
            most=65_535,
        ),
    )
    permissions = Permissions(
        read=(
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:DescribeTags",
        ),
        write=("elasticloadbalancing:ModifyListener",),
    )

    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        balancer, wanted = _named(subject)
        pages = reads.pages("elbv2", "describe_listeners", LoadBalancerArn=balancer)
        listeners = [one for page in pages for one in page["Listeners"]]
        http = {
            one["ListenerArn"]: {
                "port": one["Port"],
                "actions": _plain(one["DefaultActions"]),
            }
            for one in listeners
            if one["Protocol"] == "HTTP" and wanted in ("", one["ListenerArn"])
        }
        if wanted and wanted not in {one["ListenerArn"] for one in listeners}:
            raise AwsGone(f"There is no listener {wanted}.")
        ports = sorted(one["Port"] for one in listeners if one["Protocol"] == "HTTPS")
        return Image(
            {"http": http, "https": ports},
            {
                "tags": _tags(reads, balancer),
                "rules": sum(_rules(reads, arn) for arn in sorted(http)),
            },
        )

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        port = self.given(parameters)["port"]
        images = _images(now, port)
        if len(images) == 1:
            return Draft.nothing(now)
        if port not in now.values["https"]:
            raise Refused(
                f"Nothing listens for HTTPS on port {port}: make a listener with a "
                "certificate first."
            )
        return Draft(
            before=now,
            expected=images[-1],
            steps=_steps(images),
            changes=tuple(_changes(now.values["http"], images[-1].values["http"])),
            warnings=(*_kept_rules(now), *owners(now.beside.get("tags", {}))),
        )

    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        return _steps(tuple(reversed(self._images_of(draft))))

    def state_after(self, draft: Draft, done: int) -> Image:
        return self._images_of(draft)[done]

    def _images_of(self, draft: Draft) -> tuple[Image, ...]:
        """As it is, and after each step."""
        before, after = draft.before.values, draft.expected.values
        images, http = [draft.before], dict(before["http"])
        for arn in sorted(http):
            if http[arn] != after["http"][arn]:
                http = {**http, arn: after["http"][arn]}
                images.append(Image({**before, "http": http}))
        return tuple(images)


def _named(subject: Subject) -> tuple[str, str]:
    """The load balancer's ARN, and the listener's where it is one. Raises Refused."""
    arn = subject.arn or subject.key.id
    if subject.key.type == _BALANCER:
        return arn, ""
    head, found, rest = arn.partition(":listener/")
    if not found or rest.count("/") != 3:  # noqa: PLR2004 - app/NAME/ID/ID
        raise Refused(f"{arn} does not name a listener of a load balancer.")
    return f"{head}:loadbalancer/{rest.rpartition('/')[0]}", arn


def _plain(actions: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Actions as they are asked for: with what AWS fills in, without its numbers."""
    return [_plain_action(one, is_only=len(actions) == 1) for one in actions]


def _plain_action(action: Mapping[str, Any], *, is_only: bool) -> dict[str, Any]:
    found = dict(action)
    if is_only:
        found.pop("Order", None)
    if found["Type"] == "redirect":
        found["RedirectConfig"] = {**_KEPT, **found["RedirectConfig"]}
    return found


def _redirect(port: int) -> list[dict[str, Any]]:
    said = {**_KEPT, "Protocol": "HTTPS", "Port": str(port), "StatusCode": "HTTP_301"}
    return [{"Type": "redirect", "RedirectConfig": said}]


def _redirects(actions: Sequence[Values]) -> bool:
    return any(
        one["Type"] == "redirect" and one["RedirectConfig"].get("Protocol") == "HTTPS"
        for one in actions
    )


def _images(now: Image, port: int) -> tuple[Image, ...]:
    images, http = [now], dict(now.values["http"])
    for arn in sorted(http):
        if not _redirects(http[arn]["actions"]):
            http = {**http, arn: {**http[arn], "actions": _redirect(port)}}
            images.append(Image({**now.values, "http": http}))
    return tuple(images)


def _steps(images: tuple[Image, ...]) -> tuple[Step, ...]:
    return tuple(
        _step(old.values["http"], new.values["http"]) for old, new in pairwise(images)
    )


def _step(old: Values, new: Values) -> Step:
    arn = next(arn for arn in sorted(old) if old[arn] != new[arn])
    actions = new[arn]["actions"]
    verb = "redirect to HTTPS" if _redirects(actions) else "do as before"
    call = Call(
        "elbv2", "modify_listener", {"ListenerArn": arn, "DefaultActions": actions}
    )
    return Step(f"Let the listener on port {new[arn]['port']} {verb}", call)


def _changes(old: Values, new: Values) -> Iterator[Change]:
    for arn in sorted(old):
        if old[arn] != new[arn]:
            path = f"listener {old[arn]['port']}.actions"
            yield Change(path, old[arn]["actions"], new[arn]["actions"])


def _rules(reads: Reads, listener: str) -> int:
    """Rules of its own that do not redirect."""
    pages = reads.pages("elbv2", "describe_rules", ListenerArn=listener)
    return sum(
        not rule["IsDefault"] and not _redirects(_plain(rule["Actions"]))
        for page in pages
        for rule in page["Rules"]
    )


def _tags(reads: Reads, balancer: str) -> dict[str, str]:
    answer = reads.call("elbv2", "describe_tags", ResourceArns=[balancer])
    found = answer["TagDescriptions"]
    return tags_of(found[0]["Tags"]) if found else {}


def _kept_rules(now: Image) -> tuple[str, ...]:
    count = now.beside.get("rules", 0)
    if not count:
        return ()
    return (f"{count} rules of the listeners do not redirect, and stay as they are.",)
