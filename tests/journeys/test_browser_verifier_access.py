"""The carried verifier for everybody: keyboard alone, screen readers, small screens, three languages."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from rahdari.credentials import Act
from tests.conftest import REPOSITORY
from tests.journeys.carrying import Server, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.loopback, pytest.mark.slow]

AXE = REPOSITORY / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
LANGUAGES = ("en", "ur", "zh")


def find_serious(page: Page) -> list[str]:
    """Run axe-core; list what it finds serious or critical."""
    if not AXE.is_file():
        pytest.skip(f"axe-core is absent: no {Path(*AXE.parts[-4:])}; run npm ci in frontend/")
    # By the protocol, not by a script element: the page's policy admits none.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    assert found["passes"], "axe looked at nothing"
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
    ]


def find_serious_by_day_and_night(page: Page) -> list[str]:
    """Do so in the light colours and in the dark ones."""
    found = []
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += [f"{scheme}: {one}" for one in find_serious(page)]
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_serious_before_and_after_a_verdict(
    visitor: Visitor, gate: Server, language: str
) -> None:
    visitor.page.emulate_media(reduced_motion="reduce")
    visitor.open(f"?lang={language}")
    visitor.page.locator("#held > summary").click()
    assert find_serious_by_day_and_night(visitor.page) == []
    visitor.check_text(gate.text(gate.cards[0]))
    expect(visitor.page.locator("#stamp")).to_have_class("stamp tone--good")
    visitor.page.locator("#details > summary").click()
    assert find_serious_by_day_and_night(visitor.page) == []
    gate.act(gate.cards[0], Act.SUSPEND)
    try:
        expect(visitor.page.locator("#stamp")).to_have_class("stamp tone--hold is-changed")
        assert find_serious_by_day_and_night(visitor.page) == []
    finally:
        gate.act(gate.cards[0], Act.REINSTATE)
    visitor.page.locator("#next").click()
    visitor.check_text("no pass")
    expect(visitor.page.locator("#stamp")).to_have_class("stamp tone--unsure")
    assert find_serious_by_day_and_night(visitor.page) == []


def test_a_pass_is_checked_by_the_keyboard_alone(visitor: Visitor, gate: Server) -> None:
    visitor.open()
    keys = visitor.page.keyboard
    _tab_to(visitor.page, "paste")
    keys.press("Enter")
    _tab_to(visitor.page, "text")
    keys.insert_text(gate.text(gate.cards[0]))
    keys.press("Tab")
    keys.press("Enter")
    visitor.expect_verdict("Valid")
    expect(visitor.page.locator("#next")).to_be_focused()
    _tab_to(visitor.page, "details")
    keys.press("Enter")
    expect(visitor.page.locator("#details-body")).to_be_visible()
    keys.press("Shift+Tab")
    expect(visitor.page.locator("#next")).to_be_focused()
    keys.press("Enter")
    expect(visitor.page.locator("#answer")).not_to_be_visible()
    expect(visitor.page.locator("#text")).to_be_focused()


def test_a_chosen_language_outlives_the_address_and_nothing_is_said_in_the_old_one(
    visitor: Visitor, gate: Server
) -> None:
    visitor.page.goto(f"{gate.address}verify?lang=ur")
    visitor.check_text(gate.text(gate.cards[0]))
    expect(visitor.page.locator("#announcement")).to_contain_text("درست")
    visitor.page.get_by_role("button", name="中文").click()
    visitor.expect_verdict("有效")
    expect(visitor.page.locator("#announcement")).to_be_empty()
    visitor.page.reload()
    expect(visitor.page.locator("html")).to_have_attribute("lang", "zh")


def _tab_to(page: Page, name: str, *, most: int = 20) -> None:
    """Press Tab until the element, or the summary of it, has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        at = page.evaluate(
            "(() => { const a = document.activeElement; return a.id || a.parentElement.id; })()"
        )
        if at == name:
            return
    raise AssertionError(f"the keyboard does not reach #{name}")


def test_everything_that_can_be_pressed_shows_where_the_focus_is(visitor: Visitor) -> None:
    visitor.open()
    for _ in range(8):
        visitor.page.keyboard.press("Tab")
        shown = visitor.page.evaluate(
            """(() => { const a = document.activeElement;
              const one = a.matches('.hidden-look') ? a.nextElementSibling : a;
              return getComputedStyle(one).outlineStyle; })()"""
        )
        assert shown != "none"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_no_wider_than_a_telephone(visitor: Visitor, gate: Server, language: str) -> None:
    visitor.page.set_viewport_size({"width": 320, "height": 740})
    visitor.open(f"?lang={language}")
    visitor.page.locator("#held > summary").click()
    expect_to_fit(visitor.page)
    visitor.check_text(gate.text(gate.cards[0]))
    expect(visitor.page.locator("#stamp")).to_have_class("stamp tone--good")
    visitor.page.locator("#details > summary").click()
    expect_to_fit(visitor.page)


def expect_to_fit(page: Page) -> None:
    for width in (320, 390):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_verdict_needs_no_colour(visitor: Visitor, gate: Server) -> None:
    """Word, sign and border differ between the tones: whoever sees grey alone sees the verdict."""
    visitor.open()
    seen: set[tuple[str, str, str]] = set()
    header, payload, rest = gate.text(gate.cards[0], "sd-jwt-vc").split(".", 2)
    swapped = ("A" if rest[10] != "A" else "B").join((rest[:10], rest[11:]))
    gate.act(gate.cards[1], Act.SUSPEND)
    try:
        texts = (gate.text(gate.cards[0]), f"{header}.{payload}.{swapped}", gate.text(gate.cards[1]), "x")
        for text in texts:
            visitor.check_text(text)
            expect(visitor.page.locator("#answer")).to_be_visible()
            seen.add(
                (
                    visitor.page.locator("#word").inner_text(),
                    str(visitor.page.locator("#sign").get_attribute("href")),
                    visitor.page.locator(".answer").evaluate("one => getComputedStyle(one).borderTopStyle"),
                )
            )
            visitor.page.locator("#next").click()
    finally:
        gate.act(gate.cards[1], Act.REINSTATE)
    assert [len({one[at] for one in seen}) for at in range(3)] == [4, 4, 4]
