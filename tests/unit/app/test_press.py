"""What a card's picture shows: what its product's file says, as of its day of issue."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from rahdari.app.house import House
from rahdari.app.press import draw
from rahdari.credentials import Card, CardNumber, Holder, HolderId, Person, ProductRef, Stage
from rahdari.credentials.errors import UnknownCard, UnknownFeature
from rahdari.wire import qr
from tests.unit.app.founding import founded, issued, officer
from tests.unit.credentials.scene import person, product

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
    lines = {one.label_en: (one.value_en, one.value_ur) for one in (*made.front, *made.back)}
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
    assert [(one.en, one.ur) for one in made.marks] == [("Senior Citizen", "بزرگ شہری")]  # type: ignore[attr-defined]
    assert [(one.en, one.ur) for one in made.inscriptions] == [  # type: ignore[attr-defined]
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
        assert lines["Country of Stay"] == ("CHN", "")
        assert any("Passport" in label for label in lines)


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
        house.press.card_png(waiting.number)


def test_names_of_the_package_are_found_from_its_folder() -> None:
    import rahdari.app  # noqa: PLC0415

    assert (Path(rahdari.app.__file__).parent / "cards").is_dir()
