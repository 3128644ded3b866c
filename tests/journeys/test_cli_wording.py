"""How commands put it for people: one form of instants, whole ids, right plurals, hints that can be typed."""

import re
from pathlib import Path

import pytest

from rahdari.cli.session import program_word
from rahdari.cli.terminal import Listing, PlainConsole, count_of, pairs
from rahdari.credentials import Person
from tests.journeys.commands import CommandLine

OTHER_FORM = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")


@pytest.mark.parametrize("columns", ["70", "80", "200"])
@pytest.mark.parametrize(
    "command", ["holder list", "audit log", "pass history CARD", "officer list", "trust show", "status show"]
)
def test_ids_stay_whole_and_instants_have_one_form(
    rahdari: CommandLine, monkeypatch: pytest.MonkeyPatch, command: str, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    card = rahdari.card()
    ended = rahdari(*command.replace("CARD", card.number).split())
    assert ended.code == 0
    assert not OTHER_FORM.search(ended.out)
    with rahdari.house() as house:
        officer = house.officers.find_named("officer")
        kids = [key.public.kid.hex() for key in house.authority.list_keys()]
        holder = house.registry.list_holders(limit=1)[0].id
    assert officer
    expected: dict[str, list[str]] = {
        "holder list": [holder],
        "audit log": [f"officer {officer.id}"],
        "pass history CARD": [f"officer {officer.id}", card.number],
        "officer list": [officer.id],
        "trust show": kids,
        "status show": ["/s/", "Z"],
    }
    assert [one for one in expected[command] if one not in ended.out] == []


def test_a_listing_that_is_too_narrow_loses_its_spare_columns_and_then_its_rows_stand_apart(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys  # noqa: PLC0415 - the stream that pytest has put in place

    listing = Listing(("id", "note", "kind"), [("abcdefghij", "two words", "person")], spare=("kind",))
    said = {}
    for columns in (40, 22, 17, 12):
        monkeypatch.setenv("COLUMNS", str(columns))
        PlainConsole(sys.stdout).print(listing)
        said[columns] = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert said[40] == ["id          note       kind", "abcdefghij  two words  person"]
    assert said[22] == ["id          note", "abcdefghij  two words"]
    assert said[17] == ["id          note", "abcdefghij  two", "            words"]
    assert all("kind" not in line for line in said[17])


def test_the_verdict_tells_its_instant_once(rahdari: CommandLine) -> None:
    said = rahdari("pass", "verify", "--text", rahdari.text(rahdari.card())).out
    box = said[: said.index("what was checked")]
    assert box.count("as of") == 1
    assert re.search(r"valid as of \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", box)
    assert not OTHER_FORM.search(said)


def test_people_read_grouped_numbers_and_programs_digits(rahdari: CommandLine) -> None:
    card = rahdari.card()
    with rahdari.house() as house:
        party = house.registry.get_holder(card.holder).party
    assert isinstance(party, Person)
    digits = party.number
    grouped = f"{digits[:5]}-{digits[5:12]}-{digits[12:]}"
    for words in (
        ("holder", "list"),
        ("holder", "show", card.holder),
        ("pass", "verify", "--text", rahdari.text(card)),
    ):
        assert grouped in rahdari(*words).out, words
        assert digits in rahdari.json(*words).out, words


def test_yes_and_no_and_plurals() -> None:
    assert (count_of(0, "card"), count_of(1, "card"), count_of(2, "entry", "entries")) == (
        "0 cards",
        "1 card",
        "2 entries",
    )
    cells = [list(column.cells) for column in pairs({"lifetime": False, "held": True}).columns]
    assert [str(cell) for cell in cells[1]] == ["no", "yes"]


def test_where_nothing_is_to_be_done_there_is_no_bar(rahdari: CommandLine, tmp_path: Path) -> None:
    issued = rahdari("pass", "issue", "--all")
    assert "Issued 2 cards" in issued.out
    nothing = rahdari("pass", "issue", "--all")
    assert nothing.out == "No application waits; nothing was issued.\n"
    assert nothing.err == ""
    (tmp_path / "firms.csv").write_text("product,number,name.en,nationality\nnic,1,A,PAK\n", encoding="utf-8")
    assert "photographs" not in rahdari("holder", "import", tmp_path / "firms.csv").err


def test_hints_can_be_typed_as_they_stand(rahdari: CommandLine) -> None:
    hint = rahdari("pass", "suspend", rahdari.card().number).out
    assert f"rahdari status publish --home {rahdari.home}" in hint


def test_a_program_called_by_its_path_is_named_by_it() -> None:
    assert program_word("some/where/rahdari") == "some/where/rahdari"
    assert program_word("rahdari") == "rahdari"
    assert program_word("/usr/lib/python3/site-packages/rahdari/__main__.py") == "rahdari"


def test_trust_show_tells_the_roots_fingerprint(rahdari: CommandLine) -> None:
    made = rahdari.json("trust", "export").document["root_fingerprint"]
    assert rahdari.json("trust", "show").document["root_fingerprint"] == made
    assert str(made) in rahdari("trust", "show").out


def test_a_product_is_shown_with_its_words_in_every_language(rahdari: CommandLine) -> None:
    said = rahdari("product", "show", "nic").out
    assert "Senior Citizen" in said
    assert "بزرگ شہری" in said
    told = rahdari.json("product", "show", "nic").document["mark_texts"]
    assert isinstance(told, dict)
    assert set(told["senior"]) >= {"en", "ur"}


def test_a_good_product_file_is_told_how_it_comes_into_use(rahdari: CommandLine) -> None:
    firm = Path(__file__).parents[2] / "examples" / "products" / "firm.toml"
    assert f"cp {firm} {rahdari.home / 'products'}/" in rahdari("product", "check", firm).out
    (rahdari.home / "products").mkdir()
    kept = rahdari.home / "products" / "firm.toml"
    kept.write_bytes(firm.read_bytes())
    assert "in use already" in rahdari("product", "check", kept).out
    other = rahdari.home / "other.toml"
    other.write_text(firm.read_text(encoding="utf-8").replace("years = 1", "years = 2"), encoding="utf-8")
    assert "Raise the version" in rahdari("product", "check", other).out
