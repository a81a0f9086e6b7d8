"""Config rules: managed ones, and custom ones that are Lambda functions."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from typing import Any

from sandbox.config import managed, messages
from sandbox.config.channels import Channels
from sandbox.config.evaluating import Evaluating
from sandbox.config.paging import page
from sandbox.config.state import Evaluation, Place, Rule, Store
from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError

_MOST_RULES = 1_000
_PAGE = 25
_STATUS_PAGE = 50
_SOON_SECONDS = 1
_LETTERS = string.ascii_lowercase + string.digits


class Rules:
    """The rules of every place."""

    def __init__(
        self, cloud: Cloud, store: Store, channels: Channels, evaluating: Evaluating
    ) -> None:
        self._cloud = cloud
        self._store = store
        self._channels = channels
        self._evaluating = evaluating
        self.operations: Mapping[str, Handler] = {
            "PutConfigRule": self._put,
            "DescribeConfigRules": self._describe,
            "DescribeConfigRuleEvaluationStatus": self._status,
            "DeleteConfigRule": self._delete,
            "StartConfigRulesEvaluation": self._start,
            "DeleteEvaluationResults": self._delete_results,
            "PutEvaluations": self._put_evaluations,
        }

    def _put(self, call: Call) -> Answer:
        place = self._store.at(call.place)
        place.the_recorder()
        wanted = call.parameters["ConfigRule"]
        present = _present(place, wanted)
        settings = _settings(wanted, present, call)
        parameters = _checked(wanted)
        with self._store.lock:
            if present is not None:
                present.settings, present.parameters = settings, parameters
                rule = present
            elif len(place.rules) >= _MOST_RULES:
                raise ApiError(
                    "MaxNumberOfConfigRulesExceededException",
                    "Failed to put the rule because the account already contains the "
                    f"maximum number of {_MOST_RULES} rules.",
                )
            else:
                rule = Rule(settings, parameters, call.now)
                place.rules[rule.name] = rule
        self._evaluate_soon(place, [rule])
        return {}

    def _evaluate_soon(self, place: Place, rules: list[Rule]) -> None:
        def evaluate(now: float) -> None:
            for rule in rules:
                if place.rules.get(rule.name) is rule:
                    self._evaluating.evaluate(place, rule, now)

        self._cloud.timers.after(_SOON_SECONDS, evaluate)

    def _named(self, call: Call) -> list[Rule]:
        place = self._store.at(call.place)
        names = call.parameters.get("ConfigRuleNames")
        if names:
            return [place.the_rule(name) for name in names]
        return [place.rules[name] for name in sorted(place.rules)]

    def _describe(self, call: Call) -> Answer:
        mode = (call.parameters.get("Filters") or {}).get("EvaluationMode")
        found = [] if mode == "PROACTIVE" else [r.settings for r in self._named(call)]
        shown, more = page(found, call.parameters.get("NextToken"), _PAGE, "NextToken")
        return {"ConfigRules": shown, **more}

    def _status(self, call: Call) -> Answer:
        found = [_status(rule) for rule in self._named(call)]
        limit = call.parameters.get("Limit") or _STATUS_PAGE
        token = call.parameters.get("NextToken")
        shown, more = page(found, token, limit, "NextToken")
        return {"ConfigRulesEvaluationStatus": shown, **more}

    def _delete(self, call: Call) -> Answer:
        place = self._store.at(call.place)
        rule = place.the_rule(call.parameters["ConfigRuleName"])
        if rule.name in place.remediations:
            raise ApiError(
                "ResourceInUseException",
                "Rule has a remediation action associated with it. Delete the "
                "remediation action before deleting the rule.",
            )
        with self._store.lock:
            del place.rules[rule.name]
        self._forget(place, rule)
        return {}

    def _delete_results(self, call: Call) -> Answer:
        place = self._store.at(call.place)
        self._forget(place, place.the_rule(call.parameters["ConfigRuleName"]))
        return {}

    def _forget(self, place: Place, rule: Rule) -> None:
        now = self._cloud.clock.now()
        for key in list(rule.evaluations):
            self._evaluating.forget(place, rule, key, now)

    def _start(self, call: Call) -> Answer:
        place, rules = self._store.at(call.place), self._named(call)
        names = [rule.name for rule in rules]

        def tell(now: float) -> None:
            told = messages.evaluation_started(place, names, now)
            self._channels.tell(place, told, now)

        self._cloud.timers.after(0, tell)
        self._evaluate_soon(place, rules)
        return {}

    def _put_evaluations(self, call: Call) -> Answer:
        asked = call.parameters
        if asked.get("TestMode"):
            return {"FailedEvaluations": []}
        invocation = self._evaluating.invocation(asked["ResultToken"], call.now)
        if invocation is None or invocation.place.account != call.account:
            raise ApiError(
                "InvalidResultTokenException",
                "The resultToken provided is invalid",
            )
        place = invocation.place
        rule = place.the_rule(invocation.rule)
        for one in asked.get("Evaluations") or ():
            key = (one["ComplianceResourceType"], one["ComplianceResourceId"])
            said = Evaluation(
                rule.name,
                key,
                one["ComplianceType"],
                one["OrderingTimestamp"],
                call.now,
                invocation.invoked,
                one.get("Annotation", ""),
            )
            self._evaluating.keep(place, rule, said, call.now)
        return {"FailedEvaluations": []}


def _present(place: Place, wanted: Mapping[str, Any]) -> Rule | None:
    """The rule that is meant, by any of its three names."""
    for rule in place.rules.values():
        for name in ("ConfigRuleName", "ConfigRuleArn", "ConfigRuleId"):
            if wanted.get(name) and wanted[name] == rule.settings[name]:
                return rule
    if not wanted.get("ConfigRuleName"):
        raise _invalid("One or more identifiers needs to be provided.")
    return None


def _settings(
    wanted: Mapping[str, Any], present: Rule | None, call: Call
) -> dict[str, Any]:
    rule_id = "config-rule-" + "".join(secrets.choice(_LETTERS) for _ in range(6))
    kept = {
        "ConfigRuleArn": call.arn(f"config-rule/{rule_id}"),
        "ConfigRuleId": rule_id,
    }
    if present is not None:
        names = ("ConfigRuleName", "ConfigRuleArn", "ConfigRuleId")
        kept = {name: present.settings[name] for name in names}
    defaults = {"EvaluationModes": [{"Mode": "DETECTIVE"}]}
    return {**defaults, **wanted, **kept, "ConfigRuleState": "ACTIVE"}


def _checked(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The rule's parameters. Raises for a rule AWS would not take."""
    if wanted.get("CreatedBy"):
        raise _invalid(
            "AWS Config populates the CreatedBy field for ServiceLinkedConfigRule. Try "
            "again without populating the CreatedBy field"
        )
    source = wanted["Source"]
    identifier = source.get("SourceIdentifier") or ""
    given = wanted.get("InputParameters") or "{}"
    if source["Owner"] == "AWS":
        _check_managed(source, identifier)
        return dict(managed.parameters(identifier, given))
    if source["Owner"] == "CUSTOM_POLICY":
        raise _invalid("The sandbox evaluates no custom policy rules (Guard).")
    if not source.get("SourceDetails"):
        raise _invalid(
            "SourceDetails should not be null/empty if the owner is CUSTOM_LAMBDA."
        )
    return dict(managed.read(given))


def _check_managed(source: Mapping[str, Any], identifier: str) -> None:
    if not managed.is_managed(identifier):
        raise _invalid(
            f"The sourceIdentifier {identifier} is invalid.  Please refer to the "
            "documentation for a list of valid sourceIdentifiers that can be used when "
            "AWS is the Owner"
        )
    if source.get("SourceDetails"):
        raise _invalid(
            "SourceDetails should be null/empty if the owner is AWS. SourceDetails "
            "should be provided if the owner is CUSTOM_LAMBDA"
        )


def _status(rule: Rule) -> dict[str, Any]:
    code, message = rule.failure or (None, None)
    status = {
        "ConfigRuleName": rule.name,
        "ConfigRuleArn": rule.arn,
        "ConfigRuleId": rule.settings["ConfigRuleId"],
        "LastSuccessfulInvocationTime": rule.succeeded,
        "LastFailedInvocationTime": rule.failed,
        "LastSuccessfulEvaluationTime": rule.succeeded,
        "LastFailedEvaluationTime": rule.failed,
        "FirstActivatedTime": rule.first_activated,
        "LastErrorCode": code,
        "LastErrorMessage": message,
        "FirstEvaluationStarted": rule.has_started,
    }
    return {name: value for name, value in status.items() if value is not None}


def _invalid(message: str) -> ApiError:
    return ApiError("InvalidParameterValueException", message)
