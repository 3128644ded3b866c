"""How far a pull stands is shown with the whole, where somebody knows it."""

import pytest

from rahdari.cli.terminal import Terminal


def test_bytes_are_shown_with_their_whole_and_each_file_begins_anew(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Terminal(is_json=False, is_quiet=False).standing(are_bytes=True) as told:
        told("release.zip", 1 << 20, 4 << 20)
        told("release.zip", 4 << 20, 4 << 20)
        told("BACI_2020.csv", 2 << 20, 8 << 20)
    shown = capsys.readouterr().err
    assert "BACI_2020.csv" in shown
    assert "2.0/8.0 MiB" in shown
    assert "?" not in shown


def test_what_nobody_knows_is_no_number(capsys: pytest.CaptureFixture[str]) -> None:
    with Terminal(is_json=False, is_quiet=False).standing(are_bytes=False) as told:
        told("answer\x1b[31m.json", 3, 0)
    shown = capsys.readouterr().err
    assert "3/?" in shown
    assert "\x1b[31m.json" not in shown


@pytest.mark.parametrize("kind", ["json", "quiet"])
def test_programs_and_quiet_people_see_nothing(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Terminal(is_json=kind == "json", is_quiet=kind == "quiet").standing(are_bytes=True) as told:
        told("x", 1, 2)
    assert capsys.readouterr() == ("", "")


def test_a_bar_that_never_began_leaves_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    with Terminal(is_json=False, is_quiet=False).standing(are_bytes=True):
        pass
    assert capsys.readouterr() == ("", "")
