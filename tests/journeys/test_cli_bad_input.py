"""Each bad input gets a clear error that says what is wrong and what to do, and changes nothing."""

import io
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from rahdari.app.clock import SystemClock
from rahdari.app.house import House, found_house
from rahdari.app.settings import read_settings
from rahdari.cli import run
from rahdari.credentials import Party, Person, Stage
from rahdari.kernel import Clock
from rahdari.wire import qr
from tests.fakes.clock import WoundClock
from tests.journeys.commands import CommandLine, found, people

HEADING = (
    "product,number,name.en,name.ur,guardian.en,guardian.ur,gender,date_of_birth,nationality,family_number,"
    "address.en,address.ur,permanent_address.en,permanent_address.ur,permanent_region,captured,photo\n"
)
GOOD = (
    "nic,35202-0000{serial:03d}-2,Sample Amna,نمونہ آمنہ,Sample Father,نمونہ والد,F,1990-12-31,PAK,A1B2C3,"
    "House 1,مکان 1,House 1,مکان 1,PK-PB,photograph,{photo}\n"
)


def _picture(path: Path, *texts: str) -> Path:
    codes = [Image.open(io.BytesIO(qr.write_png(text, module_px=3))).convert("L") for text in texts]
    sheet = Image.new("L", (sum(code.width for code in codes) + 400, 800), "white")
    left = 100
    for code in codes:
        sheet.paste(code, (left, 100))
        left += code.width + 100
    sheet.save(path, "PNG")
    return path


@contextmanager
def _unchanged(home: Path) -> Iterator[None]:
    """Whatever happens inside, the register stays as it is."""

    def content() -> list[str]:
        with closing(sqlite3.connect(home / "rahdari.db")) as database:
            return list(database.iterdump())

    before = content()
    yield
    assert content() == before


def test_a_picture_without_a_qr_code_says_so(rahdari: CommandLine, tmp_path: Path) -> None:
    refused = rahdari.json("pass", "verify", _picture(tmp_path / "empty.png"))
    assert (refused.code, refused.problem) == (2, "app.no_code")
    assert "take it again" in refused.out


def test_a_picture_with_two_qr_codes_says_to_crop_it(rahdari: CommandLine, tmp_path: Path) -> None:
    text = rahdari.text(rahdari.card())
    refused = rahdari.json("pass", "verify", _picture(tmp_path / "two.png", text, "HELLO"))
    assert (refused.code, refused.problem) == (2, "app.several_codes")
    assert "crop it" in refused.out


def test_a_damaged_picture_says_so(rahdari: CommandLine, tmp_path: Path) -> None:
    whole = _picture(tmp_path / "whole.png", "HELLO").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    refused = rahdari.json("pass", "verify", tmp_path / "cut.png")
    assert (refused.code, refused.problem) == (2, "wire.malformed")


def test_a_truncated_pass_is_malformed_or_tampered_and_shows_no_claim(rahdari: CommandLine) -> None:
    text = rahdari.text(rahdari.card())
    for length in (0, 1, len(text) // 2, len(text) - 3):
        refused = rahdari.json("pass", "verify", "--text", text[:length])
        assert refused.code in (15, 17), length
        assert refused.document["pass"] is None


def test_a_flipped_letter_makes_a_pass_tampered_or_malformed(rahdari: CommandLine) -> None:
    text = rahdari.text(rahdari.card())
    for place in (0, 10, len(text) // 2, len(text) - 10):
        flipped = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        assert rahdari("pass", "verify", "--text", flipped).code in (14, 15, 17), place


def test_ten_megabytes_of_text_are_refused(rahdari: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_bytes(b"A" * 10_000_000)
    refused = rahdari.json("pass", "verify", tmp_path / "long.txt")
    assert (refused.code, refused.document["verdict"]) == (17, "malformed")
    assert "10000000 characters are no pass" in str(refused.document["reason"])
    assert len(refused.out) < 10_000


def test_a_larger_file_is_not_even_read(
    rahdari: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "large.txt").write_bytes(b"A" * (qr.PICTURE_BYTES_MAX + 1))
    refused = rahdari.json("pass", "verify", tmp_path / "large.txt")
    assert (refused.code, refused.problem) == (2, "cli.input_too_large")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"A" * (qr.PICTURE_BYTES_MAX + 1))))
    refused = rahdari.json("pass", "verify", "-")
    assert (refused.code, refused.problem) == (2, "cli.input_too_large")


def _elsewhere(tmp_path: Path) -> CommandLine:
    """Another authority, with a root, keys and cards of its own."""
    home = tmp_path / "elsewhere"
    house, _ = found_house(replace(read_settings(home, {}), issuer="urn:rahdari:elsewhere"), scrypt_n=2)
    officer = house.officers.authenticate_named("officer")
    house.registry.add_holders(people(3, seed=9), actor=officer)
    house.registry.issue_waiting(actor=officer)
    house.authority.publish()
    house.close()
    return CommandLine(home)


def test_a_pass_of_an_authority_that_nobody_listed_has_an_unknown_issuer(
    rahdari: CommandLine, tmp_path: Path
) -> None:
    elsewhere = _elsewhere(tmp_path)
    refused = rahdari.json("pass", "verify", "--text", elsewhere.text(elsewhere.card()))
    assert (refused.code, refused.document["verdict"]) == (14, "unknown_issuer")


def test_a_status_list_of_another_authority_is_refused_and_the_one_held_is_kept(
    rahdari: CommandLine, tmp_path: Path
) -> None:
    elsewhere = _elsewhere(tmp_path)
    synced = rahdari.json("status", "sync", "--from", elsewhere.home / "public")
    assert synced.code == 1
    failed = synced.document["failed"]
    assert isinstance(failed, list)
    assert [one["code"] for one in failed] == ["credentials.status_stream_refused"]
    assert rahdari("pass", "verify", "--text", rahdari.text(rahdari.card())).code == 0


def test_a_trust_list_that_is_rolled_back_or_unsigned_is_refused(
    rahdari: CommandLine, tmp_path: Path
) -> None:
    old = tmp_path / "old.jwt"
    shutil.copy(rahdari.home / "public" / "trust.jwt", old)
    assert rahdari("trust", "export").code == 0
    rolled = rahdari.json("trust", "import", old)
    assert (rolled.code, rolled.problem) == (3, "credentials.trust_rolled_back")

    header, payload, _ = old.read_text().split(".")
    forged = tmp_path / "forged.jwt"
    forged.write_text(f"{header}.{payload}.{'A' * 86}")
    unsigned = rahdari.json("trust", "import", forged)
    assert (unsigned.code, unsigned.problem) == (3, "credentials.trust_unsigned")

    for signature in (f"{header}.{payload}.", f"eyJhbGciOiJub25lIn0.{payload}."):
        forged.write_text(signature)
        unsigned = rahdari.json("trust", "import", forged)
        assert (unsigned.code, unsigned.problem) == (3, "credentials.trust_unsigned")
        assert "get the signed one" in unsigned.out

    stranger = _elsewhere(tmp_path).home / "public"
    another = rahdari.json("trust", "import", stranger / "trust.jwt", "--root", stranger / "root.jwk")
    assert (another.code, another.problem) == (4, "credentials.no_trust")
    assert rahdari("pass", "verify", "--text", rahdari.text(rahdari.card())).code == 0


def test_a_pass_whose_validity_has_ended_is_expired(tmp_path: Path) -> None:
    # A juvenile card ends on the day of age 18, which was two days ago.
    last_week = WoundClock(SystemClock().now() - timedelta(days=5))
    with _founded(tmp_path, last_week) as house:
        party = next(one for one, _, product in people(40) if product == "juvenile")
        assert isinstance(party, Person)
        birthday = (SystemClock().now() - timedelta(days=2)).date()
        child = replace(party, date_of_birth=birthday.replace(year=birthday.year - 18))
        text = _issue(house, child, "juvenile")
    refused = CommandLine(tmp_path).json("pass", "verify", "--text", text)
    assert (refused.code, refused.document["verdict"]) == (12, "expired")


def test_a_pass_from_tomorrow_is_not_yet_valid(tmp_path: Path) -> None:
    with _founded(tmp_path, WoundClock(SystemClock().now() + timedelta(days=1))) as house:
        text = _issue(house, people(1)[0][0], "nic")
    refused = CommandLine(tmp_path).json("pass", "verify", "--text", text)
    assert (refused.code, refused.document["verdict"]) == (13, "not_yet_valid")


@contextmanager
def _founded(home: Path, clock: Clock) -> Iterator[House]:
    house, _ = found_house(read_settings(home, {}), clock=clock, scrypt_n=2)
    yield house
    house.close()


def _issue(house: House, party: Party, product: str) -> str:
    officer = house.officers.authenticate_named("officer")
    _, card = house.registry.add_holder(party, product, actor=officer)
    house.registry.issue(card.number, actor=officer)
    return house.registry.get_pass(card.number).text


def test_a_csv_with_bad_rows_lists_each_by_line_and_column_and_imports_nothing(
    rahdari: CommandLine, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.png"
    Image.linear_gradient("L").save(secret)
    folder = tmp_path / "csv"
    folder.mkdir()
    (folder / "people.csv").write_text(
        HEADING
        + GOOD.format(serial=1, photo="")
        + GOOD.format(serial=2, photo="").replace("1990-12-31", "31.12.1990")
        + GOOD.format(serial=3, photo="").replace("35202-", "x-")
        + GOOD.format(serial=4, photo="../secret.png")
        + GOOD.format(serial=5, photo="absent.png")
        + GOOD.format(serial=1, photo="")
        + GOOD.format(serial=6, photo="").replace("nic,", "nix,"),
        encoding="utf-8",
    )
    with _unchanged(rahdari.home):
        refused = rahdari.json("holder", "import", folder / "people.csv")
    assert (refused.code, refused.problem) == (2, "credentials.bad_rows")
    problem = refused.document["problem"]
    assert isinstance(problem, dict)
    places = [(row["line"], row["column"]) for row in problem["details"]]
    assert places == [
        (3, "date_of_birth"),
        (4, "number"),
        (5, "photo"),
        (6, "photo"),
        (7, "number"),
        (8, "product"),
    ]
    told = rahdari("holder", "import", folder / "people.csv")
    assert "date_of_birth" in told.err
    assert "outside" in told.err


def test_a_csv_without_bad_rows_is_imported_with_its_photographs(
    rahdari: CommandLine, tmp_path: Path
) -> None:
    Image.linear_gradient("L").resize((300, 400)).save(tmp_path / "face.png")
    (tmp_path / "people.csv").write_text(HEADING + GOOD.format(serial=1, photo="face.png"), encoding="utf-8")
    assert rahdari.json("holder", "import", tmp_path / "people.csv").document == {"imported": 1}
    with rahdari.house() as house:
        holder = house.registry.find_holder_by_number("35202-0000001-2")
        assert house.registry.get_portrait(holder.id) is not None


def test_a_photograph_behind_a_link_out_of_the_folder_is_refused(
    rahdari: CommandLine, tmp_path: Path
) -> None:
    Image.linear_gradient("L").resize((300, 400)).save(tmp_path / "outside.png")
    folder = tmp_path / "csv"
    folder.mkdir()
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    (folder / "people.csv").write_text(HEADING + GOOD.format(serial=1, photo="link.png"), encoding="utf-8")
    with _unchanged(rahdari.home):
        assert rahdari("holder", "import", folder / "people.csv").code == 2


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"product,number\n", b"a,b\n1,2\n"])
def test_what_is_no_csv_of_holders_is_refused(rahdari: CommandLine, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "no.csv").write_bytes(content)
    refused = rahdari.json("holder", "import", tmp_path / "no.csv")
    assert (refused.code, refused.problem) == (2, "app.bad_file")


def test_a_locked_database_is_told_and_nothing_changes(rahdari: CommandLine) -> None:
    card = rahdari.card()
    rahdari.environment["RAHDARI_LOCK_WAIT_SECONDS"] = "0"
    with closing(sqlite3.connect(rahdari.home / "rahdari.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = rahdari.json("pass", "suspend", card.number)
        other.execute("ROLLBACK")
    assert (refused.code, refused.problem) == (6, "database.locked")
    assert rahdari.card().stage is Stage.ACTIVE
    assert rahdari("pass", "suspend", card.number).code == 0


def test_a_command_in_an_empty_folder_says_how_to_begin(tmp_path: Path) -> None:
    refused = CommandLine(tmp_path).json("holder", "list")
    assert (refused.code, refused.problem) == (4, "app.not_initialised")
    assert "rahdari init" in refused.out


def test_a_second_init_changes_nothing(rahdari: CommandLine) -> None:
    with _unchanged(rahdari.home):
        refused = rahdari.json("init")
    assert (refused.code, refused.problem) == (5, "app.already_initialised")


def test_init_with_the_database_of_another_folder_changes_nothing(
    rahdari: CommandLine, tmp_path: Path
) -> None:
    rahdari.environment["RAHDARI_DATABASE"] = f"sqlite:///{rahdari.home / 'rahdari.db'}"
    with _unchanged(rahdari.home):
        refused = rahdari.json("init", home=tmp_path / "other")
    assert (refused.code, refused.problem) == (5, "app.already_initialised")
    assert "already initialised" in refused.out
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("act", "admitted", "other"), [("suspend", "stolen", "found"), ("reinstate", "found", "stolen")]
)
def test_a_wrong_reason_is_answered_with_those_that_the_act_admits(
    rahdari: CommandLine, act: str, admitted: str, other: str
) -> None:
    refused = rahdari("pass", act, "7K3F-9QX2-M4TD", "--reason", "nonsense")
    assert refused.code == 2
    listed = refused.err.partition("admitted:")[2]
    assert admitted in listed
    assert other not in listed


def test_a_mistyped_command_is_answered_in_one_plain_sentence(rahdari: CommandLine) -> None:
    assert "requires an argument; see rahdari --help" in rahdari("pass", "render", "--side").err


def test_a_product_file_with_faults_lists_every_one(rahdari: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(
        'id = "bad"\nversion = "1"\nholder = "robot"\nlanguages = ["en"]\ncolour = 3\n[title]\nen = "Bad"\n'
        '[number]\ncountry = "pk"\nkind = "cnic"\n[validity]\nyears = 1\n'
        "[[marks]]\nid = 1\n[[marks]]\nid = 2\n"
    )
    refused = rahdari.json("product", "check", tmp_path / "bad.toml")
    assert (refused.code, refused.problem) == (2, "cli.bad_product_file")
    problem = refused.document["problem"]
    assert isinstance(problem, dict)
    faults = [one["fault"] for one in problem["details"]]
    places = [fault.partition(":")[0] for fault in faults]
    assert places == ["colour", "version", "holder", "features", "marks[0].id", "marks[1].id"]


def test_a_product_file_with_words_that_the_house_does_not_know_is_refused(
    rahdari: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "odd.toml").write_text(
        'id = "odd"\nversion = 1\nholder = "organisation"\nlanguages = ["en"]\nrequired = ["guardian"]\n'
        '[title]\nen = "Odd"\n[number]\ncountry = "xx"\nkind = "none"\n[validity]\nyears = 1\n[features.nfc]\n'
    )
    told = rahdari("product", "check", tmp_path / "odd.toml").err
    for place in ("xx.none", "features.nfc", "guardian", "3 faults"):
        assert place in told


def test_an_officer_without_the_role_or_with_a_wrong_token_is_refused(rahdari: CommandLine) -> None:
    card = rahdari.card()
    refused = rahdari.json("holder", "add", *_person(), "--as", "supervisor")
    assert (refused.code, refused.problem) == (3, "access.not_allowed")
    rahdari.environment["RAHDARI_TOKEN"] = "rah_wrong"
    refused = rahdari.json("pass", "suspend", card.number)
    assert (refused.code, refused.problem) == (3, "access.not_authenticated")
    assert rahdari("pass", "suspend", card.number, "--as", "officer").code == 0


def _person() -> list[str]:
    cells = dict(
        zip(HEADING.strip().split(","), GOOD.format(serial=7, photo="").strip().split(","), strict=True)
    )
    cells["born"] = cells.pop("date_of_birth")
    words: list[str] = []
    for name, value in cells.items():
        if value:
            words += [f"--{name.replace('.', '-').replace('_', '-')}", value]
    return words


def test_the_log_tells_of_an_alteration(rahdari: CommandLine) -> None:
    assert rahdari("audit", "verify").code == 0
    checkpoint = json.loads((rahdari.home / "public" / "audit-checkpoint.json").read_text())
    assert checkpoint["sequence"] > 0
    with closing(sqlite3.connect(rahdari.home / "rahdari.db")) as database, database:
        [table] = database.execute(
            "select name from sqlite_master where name like '%audit%' and type='table'"
        ).fetchone()
        database.execute(f"update {table} set actor = 'nobody' where sequence = 3")  # noqa: S608
    found_out = rahdari.json("audit", "verify")
    assert found_out.code == 1
    assert found_out.document["intact"] is False


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("pass", "nonsense"),
        ("pass", "verify"),
        ("pass", "verify", "--onlin"),
        ("pass", "verify", "a.png", "--text", "b"),
        ("pass", "issue"),
        ("pass", "suspend", "7K3F-9QX2-M4TD", "--reason", "boredom"),
        ("trust", "withdraw", "zz"),
        ("status", "sync", "--from", "http://127.0.0.1:1/"),
        ("holder", "add", "--product", "nic", "--number", "1", "--name-en", "A"),
        ("holder", "list", "--limit", "0"),
        ("audit", "log", "--limit", "0"),
        ("trust", "export", "--days", "0"),
    ],
)
def test_a_mistyped_command_is_a_usage_error_in_words_and_in_json(
    rahdari: CommandLine, words: tuple[str, ...]
) -> None:
    told = rahdari(*words)
    assert told.code == 2
    assert told.out == ""
    assert told.err.startswith("Not done: ")
    document = rahdari.json(*words)
    assert document.code == 2
    assert document.err == ""
    assert document.problem == "cli.bad_usage"


def test_a_defect_is_one_line_without_a_traceback(
    rahdari: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bytes:
        raise RuntimeError("a name and a number")

    monkeypatch.setattr("rahdari.cli.verifying.read_source", broken)
    told = rahdari("pass", "verify", "x.png")
    assert told.code == 70
    assert "RuntimeError" in told.err
    assert "a name and a number" not in told.err
    assert "Traceback" not in told.err


def test_ctrl_c_ends_a_command_cleanly(rahdari: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr("rahdari.cli.verifying.read_source", interrupted)
    assert rahdari("pass", "verify", "x.png").code == 130


def test_help_and_version_need_no_home() -> None:
    assert run(["--version"], environment={}) == 0
    assert run(["pass", "--help"], environment={}) == 0
    assert run([], environment={}) == 0


def test_a_founded_house_is_what_init_makes(tmp_path: Path) -> None:
    made = CommandLine(tmp_path / "made").json("init", "--name", "Sample Office", "--issuer", "urn:sample")
    assert made.code == 0
    found(tmp_path / "founded").close()
    names = [
        {one.relative_to(tmp_path / name).parts[0] for one in (tmp_path / name).rglob("*")}
        for name in ("made", "founded")
    ]
    assert names[0] == names[1]
    assert CommandLine(tmp_path / "made").json("trust", "show").document["sequence"] == 1


@pytest.mark.loopback
@pytest.mark.usefixtures("socket_enabled")
def test_another_address_than_the_passes_carry_is_refused_but_holds_up_no_suspension(
    rahdari: CommandLine,
) -> None:
    card = rahdari.card()
    rahdari.environment["RAHDARI_PUBLIC_URL"] = "https://elsewhere.example"
    for words in (
        ["serve", "--port", 0],
        ["pass", "issue", "--all"],
        ["status", "publish"],
        ["trust", "export"],
    ):
        refused = rahdari.json(*words)
        assert (refused.code, refused.problem) == (2, "app.bad_settings"), words
        assert "init --public-url" in refused.err + refused.out
    assert rahdari("pass", "suspend", card.number, "--reason", "lost").code == 0
    assert rahdari("pass", "show", card.number).code == 0


def test_a_number_is_taken_as_it_is_said_on_the_telephone(rahdari: CommandLine) -> None:
    card = rahdari.card()
    assert rahdari("pass", "suspend", card.number.replace("-", "").lower(), "--reason", "lost").code == 0
    assert rahdari.json("pass", "show", card.number).document["stage"] == "suspended"


def test_a_print_sheet_is_not_written_into_a_folder_that_nobody_made(
    rahdari: CommandLine, tmp_path: Path
) -> None:
    refused = rahdari.json("card", "sheet", rahdari.card().number, "--out", tmp_path / "nope" / "s.pdf")
    assert (refused.code, refused.problem) == (2, "cli.bad_usage")
    assert not (tmp_path / "nope").exists()
