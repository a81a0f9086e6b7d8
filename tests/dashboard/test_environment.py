"""Settings from the environment fail loudly and say how to mend them."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from dashboard import environment

NAME = "SOME_SETTING"


@pytest.mark.parametrize(
    ("text", "problem"),
    [("x", "not a number"), ("-1", "at least"), ("nan", "at least")],
)
def test_a_number_has_to_make_sense(
    monkeypatch: pytest.MonkeyPatch, text: str, problem: str
) -> None:
    monkeypatch.setenv(NAME, text)

    with pytest.raises(ImproperlyConfigured, match=problem):
        environment.number(NAME, 1, least=0)


def test_a_url_names_the_schemes_it_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "mysql://x")

    with pytest.raises(ImproperlyConfigured, match="sqlite://, postgres://"):
        environment.url(NAME, "", ("sqlite", "postgres"))


def test_lists_leave_out_what_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, " a, ,b ")

    assert environment.names(NAME) == ["a", "b"]


def test_a_secret_comes_from_the_environment_a_named_file_or_the_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    named, ours = tmp_path / "named", tmp_path / "ours"
    named.write_text("named\n")

    made = environment.secret(NAME, ours)
    assert len(made) >= 50
    ours.write_text("ours\n")
    assert environment.secret(NAME, ours) == "ours"
    monkeypatch.setenv(f"{NAME}_FILE", str(named))
    assert environment.secret(NAME, ours) == "named"
    monkeypatch.setenv(NAME, "direct")
    assert environment.secret(NAME, ours) == "direct"


def test_a_secret_file_that_is_not_there_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "lost"))

    with pytest.raises(ImproperlyConfigured, match=f"{NAME}_FILE"):
        environment.secret(NAME, tmp_path / "ours")


def test_a_misspelt_name_is_told_with_those_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OURS_HOEM", "x")

    with pytest.raises(ImproperlyConfigured, match="OURS_HOEM.*there are OURS_HOME"):
        environment.refuse_unknown("OURS_", frozenset(("OURS_HOME",)))
