"""From the application to the end, by the command line alone."""

import io
from pathlib import Path

import pytest
from PIL import Image

from rahdari.credentials import Stage
from tests.journeys.commands import CommandLine

AMNA = (
    *(
        "--product",
        "nic",
        "--number",
        "35202-0000123-2",
        "--name-en",
        "Sample Amna",
        "--name-ur",
        "نمونہ آمنہ",
    ),
    *(
        "--guardian-en",
        "Sample Father",
        "--guardian-ur",
        "نمونہ والد",
        "--gender",
        "F",
        "--date-of-birth",
        "1990-12-31",
    ),
    *("--family-number", "A1B2C3", "--address-en", "House 1", "--address-ur", "مکان 1"),
    *("--permanent-address-en", "House 1", "--permanent-address-ur", "مکان 1", "--permanent-region", "PK-JK"),
)


def _photograph(path: Path) -> Path:
    Image.linear_gradient("L").resize((300, 400)).save(path, "PNG")
    return path


def test_a_holder_is_added_issued_drawn_and_verified_from_the_picture(
    rahdari: CommandLine, tmp_path: Path
) -> None:
    added = rahdari.json(
        "holder", "add", *AMNA, "--captured", "photograph", "--photo", _photograph(tmp_path / "a.png")
    )
    assert added.code == 0, added.out
    assert rahdari("pass", "issue", "35202-0000123-2").code == 0
    card = str(added.document["card"])
    drawn = rahdari.json("pass", "render", card, "--png", "--out", tmp_path)
    assert drawn.document["files"] == [str(tmp_path / f"{card}.png")]
    named = rahdari.json("pass", "render", card, "--out", tmp_path, "--png", "card.png", "--qr")
    assert named.document["files"] == [str(tmp_path / "card.png"), str(tmp_path / f"{card}-qr.png")]
    assert (tmp_path / "card.png").read_bytes() == (tmp_path / f"{card}.png").read_bytes()
    both = rahdari.json("pass", "render", card, "--out", tmp_path)
    assert both.document["files"] == [str(tmp_path / f"{card}{ending}") for ending in (".png", ".pdf")]
    rahdari("status", "publish")
    rahdari("status", "sync", "--from", rahdari.home / "public")

    verified = rahdari.json("pass", "verify", tmp_path / f"{card}.png")

    assert verified.code == 0
    told = verified.document
    assert told["verdict"] == "valid"
    assert told["mode"] == "offline"
    assert isinstance(told["pass"], dict)
    assert told["pass"]["claims"]["name"] == {"en": "Sample Amna"} or "en" in told["pass"]["claims"]["name"]
    assert "photo_bytes" in told["pass"]["claims"]


FIRM = Path(__file__).parents[2] / "examples" / "products" / "firm.toml"


def _with_firms(rahdari: CommandLine) -> None:
    (rahdari.home / "products").mkdir(exist_ok=True)
    (rahdari.home / "products" / "firm.toml").write_bytes(FIRM.read_bytes())


def test_a_firm_is_registered_and_issued_by_options_and_verified(rahdari: CommandLine) -> None:
    _with_firms(rahdari)
    # Verifiers believe the authority for the products that its trust list names.
    assert rahdari("trust", "export").code == 0
    words = ("--number", "91110000MA00TEAM0E", "--name-en", "Sample Firm", "--name-zh", "样本公司")
    places = ("--address-en", "1 Sample Road", "--address-zh", "样本路1号", "--nationality", "CHN")
    added = rahdari.json("holder", "add", "--product", "firm", "--organisation", *words, *places)
    assert added.code == 0, added.out
    assert rahdari("pass", "issue", "91110000MA00TEAM0E").code == 0
    text = rahdari("pass", "show", added.document["card"], "--text").out.strip()
    verified = rahdari.json("pass", "verify", "--text", text, "--online").document["pass"]
    assert isinstance(verified, dict)
    assert verified["claims"]["name"] == {"en": "Sample Firm", "zh": "样本公司"}
    assert verified["claims"]["address"]["zh"] == "样本路1号"


def test_firms_are_imported_from_a_csv_file(rahdari: CommandLine, tmp_path: Path) -> None:
    _with_firms(rahdari)
    (tmp_path / "firms.csv").write_text(
        "product,kind,number,name.en,name.zh,address.en,address.zh,nationality\n"
        "firm,organisation,91110000MA00TEAM0E,Sample Firm,样本公司,1 Sample Road,样本路1号,CHN\n",
        encoding="utf-8",
    )
    imported = rahdari.json("holder", "import", tmp_path / "firms.csv")
    assert imported.document == {"imported": 1}, imported.out
    assert rahdari("pass", "issue", "91110000MA00TEAM0E").code == 0


def test_the_older_word_for_the_date_of_birth_is_still_understood(rahdari: CommandLine) -> None:
    words = ["--born" if word == "--date-of-birth" else word for word in AMNA]
    assert rahdari("holder", "add", *words).code == 0


def test_a_suspended_card_is_refused_at_once_online_and_after_a_sync_offline(rahdari: CommandLine) -> None:
    card = rahdari.card()
    text = rahdari.text(card)
    assert rahdari("pass", "suspend", card.number, "--reason", "lost").code == 0

    assert rahdari("pass", "verify", "--text", text, "--online").code == 10
    assert rahdari("pass", "verify", "--text", text).code == 0
    rahdari("status", "publish")
    assert rahdari("status", "sync", "--from", rahdari.home / "public").code == 0
    refused = rahdari("pass", "verify", "--text", text)
    assert refused.code == 10
    assert "S U S P E N D E D" in refused.out

    assert rahdari("pass", "reinstate", card.number, "--reason", "found").code == 0
    assert rahdari("pass", "verify", "--text", text, "--online").code == 0


def test_revoking_takes_two_officers_and_says_who_is_needed_next(rahdari: CommandLine) -> None:
    card = rahdari.card()
    text = rahdari.text(card)
    proposed = rahdari("pass", "revoke", card.number, "--reason", "fraud-proven")
    assert proposed.code == 0
    assert "--as supervisor" in proposed.out
    assert rahdari("pass", "verify", "--text", text, "--online").code == 0

    alone = rahdari.json("pass", "revoke", card.number)
    assert (alone.code, alone.problem) == (3, "credentials.same_officer")
    assert rahdari.card().stage is Stage.ACTIVE

    otherwise = rahdari("pass", "revoke", card.number, "--as", "supervisor", "--reason", "deceased")
    assert otherwise.code == 2
    assert "proposed for fraud_proven" in otherwise.err

    assert rahdari("pass", "revoke", card.number, "--as", "supervisor").code == 0
    assert rahdari("pass", "verify", "--text", text, "--online").code == 11


def test_a_replaced_card_is_dead_and_its_successor_is_good(rahdari: CommandLine) -> None:
    card = rahdari.card()
    text = rahdari.text(card)
    replaced = rahdari.json("pass", "replace", card.number, "--reason", "damaged")
    assert replaced.code == 0
    new = replaced.document["new"]
    assert isinstance(new, dict)
    assert new["replaces"] == card.number
    assert rahdari("pass", "verify", "--text", text, "--online").code == 11
    shown = rahdari("pass", "show", new["card"], "--text").out.strip()
    assert rahdari("pass", "verify", "--text", shown, "--online").code == 0


def test_a_card_that_was_not_handed_over_is_dead_until_it_is_activated(rahdari: CommandLine) -> None:
    waiting = rahdari.card(stage=Stage.APPLIED)
    assert rahdari("pass", "issue", waiting.holder, "--not-yet-handed-over").code == 0
    text = rahdari.text(waiting)
    assert rahdari("pass", "verify", "--text", text, "--online").code == 10
    assert rahdari("pass", "activate", waiting.number).code == 0
    assert rahdari("pass", "verify", "--text", text, "--online").code == 0


def test_the_history_tells_every_act_of_a_card(rahdari: CommandLine) -> None:
    card = rahdari.card()
    rahdari("pass", "suspend", card.number)
    rahdari("pass", "reinstate", card.number)
    told = rahdari.json("pass", "history", card.number).document["history"]
    assert isinstance(told, list)
    assert [one["act"] for one in told] == ["apply", "issue", "activate", "suspend", "reinstate"]


def test_a_key_is_rotated_and_withdrawn_by_command(rahdari: CommandLine) -> None:
    card = rahdari.card()
    text = rahdari.text(card)
    with rahdari.house() as house:
        old = next(key for key in house.authority.list_keys() if key.use == "pass").public.kid.hex()
    assert rahdari("trust", "rotate", "--use", "pass").code == 0
    assert rahdari("pass", "verify", "--text", text).code == 0

    assert rahdari("trust", "withdraw", old).code == 0
    dead = rahdari.json("pass", "verify", "--text", text)
    assert (dead.code, dead.document["verdict"]) == (14, "unknown_issuer")


def test_a_verifier_needs_a_folder_and_no_authority(rahdari: CommandLine, tmp_path: Path) -> None:
    text, public, gate = rahdari.text(rahdari.card()), rahdari.home / "public", tmp_path / "gate"
    nowhere = tmp_path / "nowhere"
    words = ("--verifier", gate)
    assert rahdari("pass", "verify", "--text", text, *words, home=nowhere).code == 4
    imported = rahdari(
        "trust", "import", public / "trust.jwt", "--root", public / "root.jwk", *words, home=nowhere
    )
    assert imported.code == 0
    assert "compare it" in imported.err
    assert rahdari("pass", "verify", "--text", text, *words, home=nowhere).code == 16
    assert rahdari("status", "sync", "--from", public, *words, home=nowhere).code == 0
    assert rahdari("pass", "verify", "--text", text, *words, home=nowhere).code == 0
    assert not nowhere.exists()


def test_the_qr_code_in_the_terminal_reads_back(
    rahdari: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    card = rahdari.card()
    shown = rahdari("pass", "show", card.number, "--qr").out
    drawing = [line for line in shown.splitlines() if "█" in line]
    assert len(drawing[0]) > 60
    assert rahdari("pass", "show", card.number, "--text").out.strip() == rahdari.text(card)


def test_a_pass_comes_from_standard_input_too(rahdari: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    text = rahdari.text(rahdari.card())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode() + b"\n")))
    assert rahdari("pass", "verify", "-").code == 0


def test_the_wallet_file_is_verified_like_the_qr_code(rahdari: CommandLine, tmp_path: Path) -> None:
    card = rahdari.card()
    rahdari("pass", "render", card.number, "--wallet", "--out", tmp_path)
    verified = rahdari.json("pass", "verify", tmp_path / f"{card.number}.sd-jwt")
    assert verified.code == 0
    assert isinstance(verified.document["pass"], dict)
    assert verified.document["pass"]["feature"] == "sd-jwt-vc"
