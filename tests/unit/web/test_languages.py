"""Three languages: the same sentences in each, none left over, none untranslated."""

import re
import string
from pathlib import Path

import pytest

from rahdari.access import Role
from rahdari.credentials import (
    FEATURES,
    MOVES,
    Act,
    Biometric,
    Gender,
    HolderKind,
    Outcome,
    Reason,
    Stage,
    VerdictKind,
    step_table,
)
from rahdari.oversight import Purpose
from rahdari.web.languages import LANGUAGES, catalogue, choose
from rahdari.web.pages.verify import TONES
from rahdari.web.problems import STATUSES
from tests.unit.web.conftest import Stage as Setting

WEB = Path(__file__).parents[3] / "src" / "rahdari" / "web"
# Written alike everywhere.
SAME = {"feature.sd-jwt-vc", "gender.X"}
# Families whose keys are made from values of the house.
FAMILIES: dict[str, set[str]] = {
    "act": {one.value for one in Act},
    "biometric": {one.value for one in Biometric},
    "feature": set(FEATURES),
    "gender": {one.value for one in Gender},
    "holder": {one.value for one in HolderKind},
    "language": set(LANGUAGES),
    "outcome": {one.value for one in Outcome},
    "problem": set(STATUSES),
    "purpose": {one.value for one in Purpose},
    "reason": {one.value for one in Reason},
    "role": {one.value for one in Role} | {"holder", "system"},
    "stage": {one.value for one in Stage},
    "step": {str(number) for number, _, _ in step_table()},
    "use": {"pass", "status", "answer", "audit"},
    "verdict": {f"{one.value}.{part}" for one in VerdictKind for part in ("word", "advice")},
}


def test_every_language_has_the_same_keys() -> None:
    keys = [set(catalogue(language).messages) for language in LANGUAGES]
    assert keys[0] == keys[1] == keys[2]


@pytest.mark.parametrize("language", ["ur", "zh"])
def test_no_sentence_is_left_untranslated(language: str) -> None:
    english, other = catalogue("en").messages, catalogue(language).messages
    script = r"[\u0600-\u06ff]" if language == "ur" else r"[\u4e00-\u9fff]"
    left = [
        key
        for key in english
        if key not in SAME and (english[key] == other[key] or not re.search(script, other[key]))
    ]
    assert not left


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_fills_the_same_gaps(language: str) -> None:
    def gaps(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    english, other = catalogue("en").messages, catalogue(language).messages
    assert {key: gaps(english[key]) for key in english} == {key: gaps(other[key]) for key in english}


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_value_of_the_house_has_its_word(family: str) -> None:
    keys = {
        key.removeprefix(f"{family}.") for key in catalogue("en").messages if key.startswith(f"{family}.")
    }
    if family == "verdict":
        keys = {key for key in keys if "." in key}
    assert keys == FAMILIES[family]


def test_every_field_that_a_product_requires_has_its_word(stage: Setting) -> None:
    required = {name for product in stage.house.products for name in product.required}
    assert {f"field.{name}" for name in required} <= set(catalogue("en").messages)


def test_no_sentence_is_unused() -> None:
    pages = WEB.parents[2] / "frontend" / "src" / "page"
    sources = [*WEB.glob("templates/*.html"), *WEB.rglob("*.py"), *pages.rglob("*.ts")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    spoken = set(re.findall(r"'([a-z]+\.[a-z_]+)'", text)) | set(re.findall(r'"([a-z]+\.[a-z_]+)"', text))
    spoken |= {f"field.{name}" for name in re.findall(r"(?:line|texts)\('(\w+)'", text)}
    spoken |= {f"verify.fact_{name}{end}" for name in ("register", "signed", "kept") for end in ("", "_text")}
    families = tuple(f"{family}." for family in FAMILIES if family != "verdict")
    fields = {"field.permanent_region", "field.permanent_address"}  # what products require
    # The form for one, chosen by the language's plural rules.
    spoken.add("verifier.ago_seconds_one")
    # One word and one sentence a state of the connection.
    spoken |= {key for key in catalogue("en").messages if key.startswith("verifier.link_")}
    left = {
        key
        for key in catalogue("en").messages
        if key not in spoken | fields and not key.startswith(families) and key.count(".") == 1
    }
    assert not left


def test_the_acts_of_the_table_are_all_named() -> None:
    assert {act for _, act in MOVES} <= set(Act)
    assert set(TONES) == set(VerdictKind)


@pytest.mark.parametrize(
    ("asked", "cookie", "accepted", "chosen"),
    [
        ("zh", "ur", "en", "zh"),
        ("", "ur", "en", "ur"),
        ("xx", "xx", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "", "fr, ur-PK;q=0.4, en;q=0.3", "ur"),
        ("", "", "en;q=0, zh;q=0.1", "zh"),
        ("", "", "fr", "en"),
        ("", "", ",,;q=,;q=x;q=1,\x00", "en"),
        ("", "", "", "en"),
    ],
)
def test_the_language_is_the_one_that_was_asked_for(
    asked: str, cookie: str, accepted: str, chosen: str
) -> None:
    assert choose(asked=asked, cookie=cookie, accepted=accepted, otherwise="en") == chosen
