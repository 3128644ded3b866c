"""What a card's picture shows: what its product's file says, as of its day of issue."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from rahdari.app.card_drawing import CardDrawing
from rahdari.app.card_printing import CardPrinter
from rahdari.app.card_sheets import BadSheet
from rahdari.app.errors import CardNotPrintable
from rahdari.app.house import House
from rahdari.app.press import draw, tongues_of
from rahdari.credentials import (
    Act,
    Card,
    CardNumber,
    CardProduct,
    Holder,
    HolderId,
    Organisation,
    Person,
    ProductRef,
    Reason,
    Stage,
    local_text,
    read_product,
)
from rahdari.credentials.errors import UnknownCard, UnknownFeature
from rahdari.wire import qr
from tests.unit.app.founding import founded, issued, officer, supervisor
from tests.unit.credentials.scene import person, product
from tests.unit.wire.test_qr_writing import base45_text

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


def drawn(party: Person, product_id: str = "nic", *, expires: datetime | None = None) -> dict[str, object]:
    card = Card(
        number=CardNumber("AAAA-BBBB-CCCC"),
        holder=HolderId("holder-1"),
        product=ProductRef(product_id, 1),
        stage=Stage.ACTIVE,
        applied_at=AT,
        valid_from=AT,
        expires=expires,
    )
    holder = Holder(HolderId("holder-1"), party, AT)
    made = draw(product(product_id), card, holder, qr_text="QR", photo=b"", issuer="Sample Authority")
    lines = {one.label: (one.value, one.value_second) for one in (*made.front, *made.back)}
    return {"number": made.number, "lines": lines, "made": made}


def test_the_number_is_grouped_and_every_line_of_the_file_is_there() -> None:
    told = drawn(person(), expires=datetime(2036, 3, 1, tzinfo=UTC))
    assert told["number"] == "35202-0000001-1"
    lines = told["lines"]
    assert isinstance(lines, dict)
    assert lines["Date of Birth"] == ("17.05.1990", "")
    assert lines["Date of Issue"] == ("01.03.2026", "")
    assert lines["Date of Expiry"] == ("01.03.2036", "")
    assert lines["Gender"] == ("Male", "مرد")
    assert lines["Father / Husband"] == ("Sample Guardian", "نمونہ سرپرست")
    assert lines["Permanent Address"][1] == "نمونہ گلی، لاہور"


def test_a_senior_of_azad_jammu_and_kashmir_bears_both_words_in_both_languages() -> None:
    made = drawn(person(born=date(1950, 1, 1), region="PK-JK"))["made"]
    assert [(one.first, one.second) for one in made.marks] == [("Senior Citizen", "بزرگ شہری")]  # type: ignore[attr-defined]
    assert [(one.first, one.second) for one in made.inscriptions] == [  # type: ignore[attr-defined]
        ("Resident of Azad Jammu and Kashmir", "رہائشی آزاد جموں و کشمیر")
    ]


def test_a_card_without_an_end_says_so_in_both_languages() -> None:
    lines = drawn(person(born=date(1950, 1, 1)))["lines"]
    assert isinstance(lines, dict)
    assert lines["Date of Expiry"] == ("Lifetime", "تاحیات")


def test_the_overseas_and_the_origin_card_have_lines_of_their_own() -> None:
    for product_id in ("nicop", "poc"):
        lines = drawn(replace(person(), nationality="CHN"), product_id)["lines"]
        assert isinstance(lines, dict)
        assert lines["Country of Stay"] == ("China", "چین")
        assert any("Passport" in label for label in lines)


def a_firm() -> tuple[CardProduct, Organisation]:
    path = Path(__file__).parents[3] / "examples" / "products" / "firm.toml"
    named = local_text(en="Sample Trading Company", zh="样本贸易有限公司")
    located = local_text(en="Sample Road 1, Kashgar", zh="喀什市样本路1号")
    party = Organisation(
        number="91000000MA00000000", name=named, nationality="CHN", address=located, form="company"
    )
    return read_product(path.read_bytes(), name=path.name), party


def drawn_as(made_of: CardProduct, party: Person | Organisation) -> CardDrawing:
    card = Card(
        number=CardNumber("AAAA-BBBB-CCCC"),
        holder=HolderId("holder-1"),
        product=made_of.ref,
        stage=Stage.ACTIVE,
        applied_at=AT,
        valid_from=AT,
    )
    return draw(
        made_of,
        card,
        Holder(HolderId("holder-1"), party, AT),
        qr_text="QR",
        photo=b"",
        issuer="Sample Authority",
    )


def test_a_firms_pass_speaks_english_and_chinese_and_shows_no_person() -> None:
    made = drawn_as(*a_firm())
    assert (made.title.second, made.second_language, made.of_person) == ("走廊企业通行证", "zh", False)
    assert made.name.second == "样本贸易有限公司"
    lines = {one.label_second: (one.value, one.value_second) for one in (*made.front, *made.back)}
    assert lines["注册地"] == ("China", "中国")
    assert lines["有效期至"] == ("Lifetime", "长期")
    assert lines["住所"] == ("Sample Road 1, Kashgar", "喀什市样本路1号")
    assert CardPrinter().png(replace(made, qr_text=base45_text(486)), "both").startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("languages", "tongues"),
    [
        (("en", "ur"), ("en", "ur")),
        (("zh", "en"), ("en", "zh")),
        (("en",), ("en", "")),
        (("ur",), ("en", "ur")),
        (("de", "fr", "zh"), ("de", "fr")),
    ],
)
def test_the_first_language_of_a_card_is_one_in_latin_letters(
    languages: tuple[str, ...], tongues: tuple[str, str]
) -> None:
    assert tongues_of(replace(product("nic"), languages=languages)) == tongues


def test_a_card_bears_a_specimens_words_only_where_its_product_says_so() -> None:
    assert drawn_as(product("nic"), person()).specimen == "SYNTHETIC SPECIMEN"
    assert drawn_as(replace(product("nic"), theme={}), person()).specimen == ""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = founded(tmp_path_factory.mktemp("press") / "home")
    yield made
    made.close()


def test_the_code_on_its_own_reads_back_as_the_pass(house: House) -> None:
    card = issued(house)
    text = house.registry.get_pass(card.number).text
    assert qr.read_picture(house.press.qr_png(card.number)) == (text,)
    assert len(house.press.qr_terminal(card.number).splitlines()) > 20


def test_a_card_that_is_not_there_or_not_issued_has_no_picture(house: House) -> None:
    with pytest.raises(UnknownCard):
        house.press.qr_png(CardNumber("0000"))
    _, waiting = house.registry.add_holder(person(2), "nic", actor=officer(house))
    with pytest.raises(UnknownFeature):
        house.press.qr_png(waiting.number)
    with pytest.raises(CardNotPrintable, match="is applied"):
        house.press.card_png(waiting.number)


def test_a_line_whose_value_is_not_known_is_left_out() -> None:
    lines = drawn(replace(person(), passport_number=None, nationality="CHN"), "poc")["lines"]
    assert isinstance(lines, dict)
    assert not any("Passport" in label for label in lines)
    assert "Family Number" in lines


def test_a_card_is_drawn_at_the_level_that_its_product_asks_for_at_least() -> None:
    assert drawn_as(product("nic"), person()).qr_level == "L"
    assert drawn_as(*a_firm()).qr_level == "M"


def moved(house: House, number: int, act: Act, reason: Reason) -> CardNumber:
    card = issued(house, number)
    house.registry.act(card.number, act, actor=officer(house), reason=reason)
    return card.number


def test_only_cards_that_are_issued_or_active_are_printed(house: House) -> None:
    _, waiting = house.registry.add_holder(person(20), "nic", actor=officer(house))
    suspended = moved(house, 21, Act.SUSPEND, Reason.LOST)
    revoked = moved(house, 22, Act.PROPOSE_REVOCATION, Reason.FRAUD_PROVEN)
    house.registry.act(revoked, Act.REVOKE, actor=supervisor(house))
    replaced = issued(house, 23).number
    house.registry.replace(replaced, actor=officer(house), reason=Reason.DAMAGED)
    good = issued(house, 24).number
    for number, stage in (
        (waiting.number, "applied"),
        (suspended, "suspended"),
        (revoked, "revoked"),
        (replaced, "replaced"),
    ):
        with pytest.raises(CardNotPrintable, match=f"card {number} is {stage}; only cards that are issued"):
            house.press.card_pdf(number)
        with pytest.raises(CardNotPrintable, match=f"card {number} is {stage}"):
            house.press.card_png(number)
        with pytest.raises(CardNotPrintable, match=f"card {number} is {stage}"):
            house.press.sheets_pdf([good, number])


def test_a_card_that_is_not_handed_over_yet_is_printed(house: House) -> None:
    _, card = house.registry.add_holder(person(30), "nic", actor=officer(house))
    house.registry.issue(card.number, actor=officer(house), activate=False)
    assert house.press.card_pdf(card.number).startswith(b"%PDF-")


def test_a_sheet_takes_each_card_once_and_only_known_ones(house: House) -> None:
    card = issued(house, 40).number
    with pytest.raises(BadSheet, match=f"card {card} is named twice"):
        house.press.sheets_pdf([card, card])
    with pytest.raises(BadSheet, match="0 cards"):
        house.press.sheets_pdf([])
    with pytest.raises(BadSheet, match="201 cards"):
        house.press.sheets_pdf([card] * 201)
    with pytest.raises(UnknownCard):
        house.press.sheets_pdf([card, CardNumber("0000-0000-0000")])


def test_a_holder_without_a_portrait_is_printed_with_an_outline(house: House) -> None:
    _, card = house.registry.add_holder(person(50), "nic", actor=officer(house))
    number = house.registry.issue(card.number, actor=officer(house)).number
    assert house.press.sheets_pdf([number]).startswith(b"%PDF-")


def test_names_of_the_package_are_found_from_its_folder() -> None:
    import rahdari.app  # noqa: PLC0415

    assert (Path(rahdari.app.__file__).parent / "cards").is_dir()
