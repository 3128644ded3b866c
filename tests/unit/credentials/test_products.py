"""Card products: the files that are shipped, edited copies of them, and bad ones."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from rahdari.credentials import (
    FEATURES,
    Biometric,
    Catalogue,
    HolderKind,
    Organisation,
    Person,
    ProductRef,
    VerdictKind,
    find_feature,
    local_text,
    print_number,
    read_product,
)
from rahdari.credentials.errors import BadHolder, BadProduct, NotEligible, UnknownFeature, UnknownProduct
from rahdari.credentials.rules.holders import AGE_MAX, TEXT_CHARS_MAX, canonical_number, check_party
from rahdari.credentials.rules.products import (
    PRODUCT_BYTES_MAX,
    find_captures,
    find_expiry,
    find_inscriptions,
    find_marks,
    localised,
)
from tests.unit.credentials.scene import PORTRAIT, PRODUCT_FOLDER, Office, person, product, shipped

TODAY = date(2026, 3, 1)
EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "products" / "firm.toml"
BABY, YOUTH = frozenset[Biometric](), frozenset(Biometric)
CHILD = frozenset({Biometric.PHOTOGRAPH, Biometric.IRIS})


def aged(years: int, days: int = 0) -> Person:
    """A person who has completed ``years`` on the day, and ``days`` more."""
    return person(born=TODAY.replace(year=TODAY.year - years) - timedelta(days=days))


def nic_text() -> str:
    return (PRODUCT_FOLDER / "nic.toml").read_text(encoding="utf-8")


def test_four_products_are_shipped_each_in_two_languages_with_two_features() -> None:
    assert [one.ref.id for one in shipped()] == ["juvenile", "nic", "nicop", "poc"]
    for one in shipped():
        assert one.languages == ("en", "ur")
        assert {spec.kind for spec in one.features} == set(FEATURES)
        assert all({"en", "ur"} <= set(field.label) for field in one.fields)
        assert one.number.groups == (5, 7, 1)
        assert "not checked by counsel" in one.notice


@pytest.mark.parametrize(
    ("years", "days", "captured"),
    [(0, 0, BABY), (2, 364, BABY), (3, 0, CHILD), (9, 364, CHILD), (10, 0, YOUTH), (17, 300, YOUTH)],
)
def test_what_is_captured_of_a_child_depends_on_its_age(
    years: int, days: int, captured: frozenset[Biometric]
) -> None:
    assert find_captures(product("juvenile"), aged(years, days), TODAY) == captured
    assert find_captures(product("nicop"), aged(years, days), TODAY) == captured


def test_what_the_rules_let_be_captured_is_kept_and_the_pass_is_valid() -> None:
    office = Office()
    for years, captured in ((2, BABY), (3, CHILD), (10, YOUTH)):
        holder = replace(aged(years), number=f"35202{years:07d}1", captured=captured)
        card = office.issued(holder, "juvenile", portrait=PORTRAIT if captured else None)
        with office.writing() as desk:
            kept = desk.store.find_holders([card.holder])[card.holder].party
            portrait = desk.store.find_portrait(card.holder)
        assert isinstance(kept, Person)
        assert kept.captured == captured
        assert (portrait is None) == (years < 3)
        assert office.examine(office.text(card)).verdict is VerdictKind.VALID


@pytest.mark.parametrize(
    ("years", "captured"),
    [(2, {Biometric.PHOTOGRAPH}), (2, {Biometric.IRIS}), (9, {Biometric.FINGERPRINTS})],
)
def test_what_may_not_be_captured_at_an_age_is_refused(years: int, captured: set[Biometric]) -> None:
    holder = replace(aged(years), captured=frozenset(captured))
    with pytest.raises(BadHolder) as refused:
        check_party(product("juvenile"), holder, TODAY)
    assert refused.value.field == "captured"


def test_a_photograph_of_an_infant_is_refused() -> None:
    office = Office()
    with pytest.raises(BadHolder) as refused:
        office.issued(replace(aged(2), captured=frozenset()), "juvenile", portrait=PORTRAIT)
    assert refused.value.field == "photo"


def test_a_number_of_azad_jammu_and_kashmir_has_the_shape_though_the_library_does_not_list_it() -> None:
    shape = product("nic").number
    assert canonical_number(shape, "82202-0000001-1") == "8220200000011"
    for wrong in ("82202-0000001-0", "82202-000001-1", "92202-0000001-1"):
        with pytest.raises(BadHolder):
            canonical_number(shape, wrong)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", local_text(en="Sample\u202eHolder", ur="نمونہ")),
        ("name", local_text(en="Sample\x1b[2J", ur="نمونہ")),
        ("name", local_text(en="S", ur="\U0001f600" * 150)),
        ("family_number", "F" * 1000),
        ("family_number", "F\x1b"),
        ("passport_number", "\U00010330" * 10),
    ],
)
def test_what_no_card_can_print_or_no_code_can_hold_is_refused(field: str, value: object) -> None:
    with pytest.raises(BadHolder) as refused:
        check_party(product("nic"), replace(person(), **{field: value}), TODAY)  # type: ignore[arg-type]
    assert refused.value.field.startswith(field)


def test_joiners_that_urdu_spelling_needs_are_letters() -> None:
    name = local_text(en="Sample", ur="می\u200cخواہ")
    check_party(product("nic"), replace(person(), name=name), TODAY)


def test_the_senior_mark_and_lifetime_validity_begin_at_the_sixtieth_birthday() -> None:
    nic, at = product("nic"), datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert find_expiry(nic, aged(60), at) is None
    assert [mark.id for mark in find_marks(nic, aged(60), TODAY)] == ["senior"]
    eve = person(born=date(1966, 3, 2))
    assert find_expiry(nic, eve, at) == datetime(2036, 3, 1, tzinfo=UTC)
    assert find_marks(nic, eve, TODAY) == ()


def test_who_is_born_on_29_february_is_a_year_older_on_1_march() -> None:
    leap = person(born=date(1968, 2, 29))
    nic = product("nic")
    assert leap.age_at(date(2028, 2, 28)) == 59
    assert leap.age_at(date(2028, 2, 29)) == 60
    assert leap.age_at(date(2027, 2, 28)) == 58
    assert leap.age_at(date(2027, 3, 1)) == 59
    made = datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert find_expiry(nic, person(born=date(1990, 1, 1)), made) == datetime(2038, 3, 1, tzinfo=UTC)


def test_a_juvenile_card_ends_on_the_eighteenth_birthday_and_never_later() -> None:
    juvenile, at = product("juvenile"), datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert find_expiry(juvenile, person(born=date(2010, 7, 4)), at) == datetime(2028, 7, 4, tzinfo=UTC)
    assert find_expiry(juvenile, person(born=date(2025, 7, 4)), at) == datetime(2036, 3, 1, tzinfo=UTC)
    assert find_expiry(juvenile, person(born=date(2012, 2, 29)), at) == datetime(2030, 3, 1, tzinfo=UTC)


def test_the_inscription_stands_in_both_languages_where_the_permanent_residence_is_there() -> None:
    for one in shipped():
        (inscription,) = find_inscriptions(one, person(region="PK-JK"), TODAY)
        assert inscription.text["en"] == "Resident of Azad Jammu and Kashmir"
        assert localised(inscription.text, "ur") == "رہائشی آزاد جموں و کشمیر"
        assert find_inscriptions(one, person(region="PK-PB"), TODAY) == ()


def test_a_number_is_checked_and_printed_in_groups() -> None:
    shape = product("nic").number
    for written in ("35202-1234567-1", "3520212345671", " 35202 1234567-1 "):
        assert canonical_number(shape, written.replace(" ", "")) == "3520212345671"
    assert print_number(product("nic"), "3520212345671") == "35202-1234567-1"
    assert print_number(product("nic"), "123") == "123"
    for wrong in ("", "35202-1234567", "35202-1234567-0", "95202-1234567-1", "35202-12345A7-1", "١٢٣"):
        with pytest.raises(BadHolder, match="00000-0000000-0") as refused:
            canonical_number(shape, wrong)
        assert refused.value.field == "number"
        assert wrong == "" or wrong not in refused.value.message
    with pytest.raises(BadHolder, match="mend the product"):
        canonical_number(replace(shape, kind="nothing"), "1")


@pytest.mark.parametrize(
    ("product_id", "change", "refusal"),
    [
        ("nic", {"date_of_birth": date(2008, 3, 2)}, NotEligible),
        ("nic", {"nationality": "CHN"}, NotEligible),
        ("juvenile", {"date_of_birth": date(2008, 3, 1)}, NotEligible),
        ("poc", {"nationality": "PAK"}, NotEligible),
        ("nicop", {"passport_number": None}, BadHolder),
        ("nic", {"guardian": local_text(en="Sample")}, BadHolder),
        ("nic", {"name": local_text(ur="نمونہ")}, BadHolder),
        ("nic", {"permanent_region": None}, BadHolder),
        ("nic", {"date_of_birth": date(2026, 3, 2)}, BadHolder),
        ("nic", {"date_of_birth": date(2026 - AGE_MAX - 1, 2, 1)}, BadHolder),
        ("nic", {"address": local_text(en="A" * (TEXT_CHARS_MAX + 1), ur="نمونہ")}, BadHolder),
        ("nic", {"name": local_text(en="Sample\x07Bell", ur="نمونہ")}, BadHolder),
    ],
)
def test_a_holder_who_does_not_suffice_for_a_product_is_refused(
    product_id: str, change: dict[str, object], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        check_party(product(product_id), replace(person(), **change), TODAY)  # type: ignore[arg-type]


def test_a_holder_at_the_edge_suffices() -> None:
    check_party(product("nic"), person(born=date(2008, 3, 1)), TODAY)
    check_party(product("juvenile"), person(born=date(2008, 3, 2)), TODAY)
    check_party(product("poc"), replace(person(), nationality="CHN"), TODAY)


def test_an_edited_copy_changes_the_cards_without_a_line_of_code() -> None:
    edited = (
        nic_text()
        .replace("version = 1", "version = 2")
        .replace("years = 10", "years = 3")
        .replace('en = "Resident of Azad Jammu and Kashmir"', 'en = "Resident of AJ&K"')
        .replace('profile = "mosip"\ncompression = "zlib"', 'profile = "map"\ncompression = "brotli"')
        .replace('photo = "standard"', 'photo = "none"')
    )
    office = Office()
    old = office.issued(person(1, region="PK-JK"))
    second = read_product(edited.encode(), name="nic.v2.toml")
    office.catalogue = Catalogue([*shipped(), second])
    new = office.issued(person(2, region="PK-JK"))
    assert (old.product, new.product) == (ProductRef("nic", 1), ProductRef("nic", 2))
    assert (old.expires, new.expires) == (
        datetime(2036, 3, 1, tzinfo=UTC),
        datetime(2029, 3, 1, tzinfo=UTC),
    )
    drawn = [
        find_inscriptions(office.catalogue.get(one.product), person(region="PK-JK"), TODAY)[0].text["en"]
        for one in (old, new)
    ]
    assert drawn == ["Resident of Azad Jammu and Kashmir", "Resident of AJ&K"]
    for card, photo in ((old, b"\x02" * 1034), (new, None)):
        verified = office.examine(office.text(card)).verified
        assert verified is not None
        assert (verified.attributes.photo, verified.terms.product) == (photo, card.product)


def test_the_catalogue_keeps_every_version_and_offers_the_newest() -> None:
    newer = replace(product("nic"), ref=ProductRef("nic", 7))
    catalogue = Catalogue([*shipped(), newer])
    assert catalogue.get_current("nic") is newer
    assert catalogue.get(ProductRef("nic", 1)) == product("nic")
    assert [one.ref.id for one in catalogue.list_current()] == ["juvenile", "nic", "nicop", "poc"]
    with pytest.raises(UnknownProduct, match="bring the file"):
        catalogue.get(ProductRef("nic", 3))
    with pytest.raises(UnknownProduct, match="there are: juvenile"):
        catalogue.get_current("nix")
    with pytest.raises(BadProduct, match="raise the version"):
        Catalogue([*shipped(), product("nic")])


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("version = 1", 'version = "one"', "version"),
        ("version = 1", "version = 0", "counts from 1"),
        ('id = "nic"', 'id = "NIC!"', "id:"),
        ('holder = "person"', 'holder = "robot"', "robot"),
        ("years = 10", "years = 0", "validity.years"),
        ("years = 10", "year = 10", "year"),
        ("years = 10\n", "", "years"),
        ('languages = ["en", "ur"]', "languages = []", "at least one"),
        ('languages = ["en", "ur"]', 'languages = ["en", "ps"]', "title"),
        ('template = "card.typ"', 'template = "../card.typ"', "not a path"),
        ('"fingerprints", "iris"', '"dna"', "dna"),
        ("[title]", "[title", "nic.toml"),
        ("[[marks]]", '[[marks]]\ncolour = "red"', "colour"),
    ],
)
def test_a_bad_file_is_refused_with_what_is_wrong_in_it(before: str, after: str, told: str) -> None:
    assert before in nic_text()
    with pytest.raises(BadProduct, match=r"nic[.]toml") as refused:
        read_product(nic_text().replace(before, after, 1).encode(), name="nic.toml")
    assert told in refused.value.message


def test_a_file_that_is_too_large_or_no_text_is_refused() -> None:
    for raw in (b"#" * (PRODUCT_BYTES_MAX + 1), b"\xff\xfe", b"", b"\0"):
        with pytest.raises(BadProduct):
            read_product(raw, name="nic.toml")


def test_a_mark_without_a_language_of_the_card_is_refused() -> None:
    wrong = nic_text().replace(
        'text = { en = "Senior Citizen", ur = "بزرگ شہری" }', 'text = { en = "Senior" }'
    )
    with pytest.raises(BadProduct, match="one text in each language"):
        read_product(wrong.encode(), name="nic.toml")


def test_an_unknown_feature_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownFeature, match="qr, sd-jwt-vc"):
        find_feature("hologram")
    assert find_feature("qr").file_suffix == ".txt"


def test_an_organisations_card_is_a_file_and_nothing_more() -> None:
    firm = read_product(EXAMPLE.read_bytes(), name=EXAMPLE.name)
    assert firm.holder is HolderKind.ORGANISATION
    office = Office(products=[*shipped(), firm])
    party = Organisation(
        number="91110000MA00TEAM0E",
        name=local_text(en="Sample Trading Company", zh="样本贸易公司"),
        nationality="CHN",
        address=local_text(en="1 Sample Road, Kashgar", zh="喀什样本路1号"),
    )
    card = office.issued(party, "firm")
    assert card.expires == datetime(2027, 3, 1, tzinfo=UTC)
    for feature in ("qr", "sd-jwt-vc"):
        report = office.examine(office.text(card, feature))
        assert report.verdict is VerdictKind.VALID
        assert report.verified is not None
        assert report.verified.attributes.name["en"] == "Sample Trading Company"
    with pytest.raises(NotEligible, match="organisation"):
        office.add(person(), "firm")
    with pytest.raises(BadHolder):
        office.add(replace(party, number="91110000MA00TEAM0F"), "firm")
