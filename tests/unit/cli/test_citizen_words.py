"""What a person is told of her log at the command line: all of it, and in her language."""

import io
import tomllib

import pytest
from rich.console import Console

from rahdari.cli.exchange.citizen_words import WORDS, Language, log_words
from rahdari.exchange import Told
from tests.conftest import REPOSITORY

TOLD = Told(
    at=1_795_358_239_132,
    client="PK/COM/2002/loans",
    client_name="Sample Bank",
    service="PK/GOV/1001/registry/persons",
    service_name="Persons",
    operation="GET /v1/persons/{id}",
    purpose="lending",
    purpose_title="Lending",
    basis="Banking law",
    consent_id=None,
    outcome="refused",
    request_id="01a40051",
    leaf=7,
)


def said(language: Language, *told: Told) -> str:
    out = Console(file=io.StringIO(), width=200, highlight=False)
    for line in log_words(told, now={"court_order": 1}, ever={"court_order": 3}, language=language):
        out.print(line)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_a_question_is_told_whole() -> None:
    text = said("en", TOLD)
    for part in (
        "2026-11-22T14:37:19Z",
        "Sample Bank (PK/COM/2002/loans)",
        "Persons (PK/GOV/1001/registry/persons) GET /v1/persons/{id}",
        "Lending (lending)",
        "Banking law",
        "Without a consent of yours.",
        "It was refused: nothing was told.",
        "7, 01a40051",
        "in force now: order of a court 1",
        "Ever made: order of a court 3",
    ):
        assert part in text, part


@pytest.mark.parametrize("language", ["ur", "zh"])
def test_no_english_heading_is_left_in_another_language(language: Language) -> None:
    ours, english = said(language, TOLD), WORDS["en"]
    for word in (
        english.when,
        english.who,
        english.what,
        english.why,
        english.basis,
        english.outcome,
        english.record,
    ):
        assert word not in ours
    assert WORDS[language].came["refused"] in ours
    assert WORDS[language].kinds["court_order"] in ours
    assert WORDS[language].nobody in said(language)


@pytest.mark.parametrize("language", WORDS)
def test_the_command_says_it_as_the_page_does(language: Language) -> None:
    file = REPOSITORY / "src" / "rahdari" / "web" / "messages" / f"{language}.toml"
    page, words = tomllib.loads(file.read_text(encoding="utf-8"))["citizen"], WORDS[language]
    assert (words.came, words.kinds) == (page["came"], page["kind"])
    assert (words.when, words.who, words.what, words.why, words.basis) == tuple(
        page[name] for name in ("when", "who", "what", "why", "basis")
    )
    assert (words.consent, words.without, words.outcome, words.was_withheld, words.nobody) == tuple(
        page[name] for name in ("with_consent", "without_consent", "outcome", "was_withheld", "none")
    )
