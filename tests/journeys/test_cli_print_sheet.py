"""Story: twelve cards are printed on two sheets, from the command line; one that was revoked is not."""

import io
import re
import sys
from pathlib import Path

import pytest

from rahdari.credentials import Stage
from tests.journeys.commands import CommandLine


def all_cards(rahdari: CommandLine, stage: Stage = Stage.ACTIVE) -> list[str]:
    with rahdari.house() as house:
        holders = house.registry.list_holders(limit=100)
        cards = [card for one in holders for card in house.registry.find_cards_of(one.id)]
    return [card.number for card in cards if card.stage is stage]


def test_cards_of_all_products_are_printed_on_one_sheet(rahdari: CommandLine, tmp_path: Path) -> None:
    numbers = all_cards(rahdari)
    told = rahdari.json("card", "sheet", *numbers, "--out", tmp_path / "cards.pdf")
    assert told.code == 0, told.out
    assert told.document == {
        "file": str(tmp_path / "cards.pdf"),
        "cards": len(numbers),
        "sheets": 1,
        "paper": "a4",
    }
    pdf = (tmp_path / "cards.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-")
    assert re.search(rb"/Count 2\b", pdf)


def test_the_numbers_may_stand_in_a_file_or_come_by_the_standard_input(
    rahdari: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = all_cards(rahdari)[:9]
    (tmp_path / "numbers.txt").write_text("\n".join(numbers).lower() + "\n\n", encoding="utf-8")
    words = ("--paper", "letter", "--out", tmp_path / "cards.pdf")
    told = rahdari("card", "sheet", "--cards-from", tmp_path / "numbers.txt", *words)
    assert told.code == 0, told.err
    assert "9 cards on 2 sheets, both sides" in told.out
    assert "Print at 100 %" in told.out + told.err
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\n".join(numbers[:2]).encode())))
    told = rahdari.json("card", "sheet", "--cards-from", "-", "--out", tmp_path / "two.pdf")
    assert told.document["cards"] == 2, told.out


def test_a_suspended_card_keeps_the_whole_sheet_from_being_written(
    rahdari: CommandLine, tmp_path: Path
) -> None:
    numbers = all_cards(rahdari)
    assert rahdari("pass", "suspend", numbers[1], "--reason", "lost").code == 0
    told = rahdari.json("card", "sheet", *numbers, "--out", tmp_path / "cards.pdf")
    assert (told.code, told.problem) == (5, "app.card_not_printable")
    assert not (tmp_path / "cards.pdf").exists()


def test_what_is_no_sheet_is_refused_by_name(rahdari: CommandLine, tmp_path: Path) -> None:
    number, waiting = all_cards(rahdari)[0], all_cards(rahdari, Stage.APPLIED)[0]
    out = ("--out", tmp_path / "cards.pdf")
    assert rahdari.json("card", "sheet", *out).code == 2
    assert rahdari.json("card", "sheet", number, number, *out).problem == "app.bad_sheet"
    assert rahdari.json("card", "sheet", *[number] * 201, *out).problem == "app.bad_sheet"
    assert rahdari.json("card", "sheet", waiting, *out).problem == "app.card_not_printable"
    assert rahdari.json("card", "sheet", "0000-0000-0000", *out).problem == "credentials.unknown_card"
    (tmp_path / "long.txt").write_text("X " * 201, encoding="utf-8")
    assert rahdari.json("card", "sheet", "--cards-from", tmp_path / "long.txt", *out).code == 2
    assert not (tmp_path / "cards.pdf").exists()
