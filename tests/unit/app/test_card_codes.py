"""The QR code of a card: strong enough, large enough, or refused by name."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from rahdari.app.card_codes import MODULE_MM_COMFORT, MODULE_MM_MIN, QUIET_MODULES, QrTooDense, fit_code
from rahdari.app.card_drawing import find_code
from rahdari.app.house import House
from rahdari.credentials import CardNumber
from rahdari.wire import qr
from tests.unit.app.printing import PRODUCTS, printing_house
from tests.unit.app.wear import DAMAGES, code_of, moderate, reads
from tests.unit.wire.test_qr_writing import base45_text

Printed = tuple[House, dict[str, CardNumber]]

# As docs/do/print-cards.md says. The payload has a photograph of 1,034 bytes where the product asks for one.
MODULES_MM = {"nic": 0.3125, "nicop": 0.3125, "poc": 0.3125, "juvenile": 0.3125, "firm": 0.4375}
# Of the four strengths in tests/unit/app/wear.py, the one up to which every product stays readable.
HELD = {
    "resampled": 4,
    "dot gain": 1,
    "ink loss": 1,
    "halftone": 3,
    "noise": 2,
    "blur": 2,
    "fading": 4,
    "rotation": 4,
    "rotation back": 4,
    "perspective": 2,
    "JPEG": 3,
    "scratch": 2,
    "ring": 3,
    "blot": 3,
    "glare": 2,
}


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Printed]:
    house, numbers = printing_house(tmp_path_factory.mktemp("codes") / "home")
    yield house, numbers
    house.close()


def back_of(printed: Printed, product: str) -> tuple[Image.Image, str]:
    house, numbers = printed
    picture = Image.open(io.BytesIO(house.press.card_png(numbers[product], "back"))).convert("L")
    return picture, house.registry.get_pass(numbers[product]).text


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_product_has_the_module_size_that_the_docs_state(printed: Printed, product: str) -> None:
    picture, text = back_of(printed, product)
    dark = np.asarray(picture)[75:720, 20:720] < 60
    columns = np.flatnonzero(dark.any(axis=0))
    assert qr.read_picture(_png(picture)) == (text,)
    house, numbers = printed
    drawn = find_code(house.press._drawing(numbers[product]))
    measured = (columns[-1] - columns[0] + 1) / 16 / (drawn.modules - 2 * QUIET_MODULES)
    assert measured == pytest.approx(MODULES_MM[product], abs=0.001)
    assert drawn.module_mm == MODULES_MM[product] >= MODULE_MM_MIN


@pytest.mark.parametrize("product", PRODUCTS)
def test_four_modules_around_the_code_are_white(printed: Printed, product: str) -> None:
    picture, _ = back_of(printed, product)
    pixels = np.asarray(picture)
    dark = pixels[75:720, 20:720] < 60
    columns, rows = np.flatnonzero(dark.any(axis=0)) + 20, np.flatnonzero(dark.any(axis=1)) + 75
    quiet = int(4 * MODULES_MM[product] * 16)
    left, right, top, bottom = columns[0], columns[-1] + 1, rows[0], rows[-1] + 1
    framed = pixels[top - quiet : bottom + quiet, left - quiet : right + quiet].copy()
    framed[quiet:-quiet, quiet:-quiet] = 255
    assert framed.min() > 250


def _png(picture: Image.Image) -> bytes:
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_moderately_worn_card_of_every_product_reads(printed: Printed, product: str) -> None:
    picture, text = back_of(printed, product)
    assert reads(moderate(code_of(picture)), text)


@pytest.mark.parametrize("name", DAMAGES)
@pytest.mark.parametrize("product", PRODUCTS)
def test_every_damage_alone_is_borne_up_to_its_stated_strength(
    printed: Printed, product: str, name: str
) -> None:
    picture, text = back_of(printed, product)
    damage = DAMAGES[name]
    assert reads(damage.do(code_of(picture), damage.strengths[HELD[name] - 1]), text)


def test_a_blot_over_half_the_code_is_too_much(printed: Printed) -> None:
    picture, text = back_of(printed, "nic")
    assert not reads(DAMAGES["blot"].do(code_of(picture), 25), text)


def test_the_strongest_level_with_comfortable_modules_is_taken() -> None:
    assert [fit_code(base45_text(size)).level for size in (200, 492, 1300, 1965)] == ["Q", "Q", "M", "L"]
    assert fit_code(base45_text(1965)).module_mm >= MODULE_MM_COMFORT


@pytest.mark.parametrize("weakest", ["L", "M", "Q", "H"])
def test_no_code_is_weaker_than_its_product_asks(weakest: str) -> None:
    assert "LMQH".index(fit_code(base45_text(900), weakest).level) >= "LMQH".index(weakest)


@pytest.mark.parametrize(
    ("size", "weakest"), [(3400, "L"), (2100, "Q"), (4297, "L")], ids=["dense", "dense at Q", "no symbol"]
)
def test_a_code_whose_modules_would_be_too_small_is_refused_by_name(size: int, weakest: str) -> None:
    with pytest.raises(QrTooDense, match=r"modules under 0\.25 mm") as refused:
        fit_code(base45_text(size), weakest)
    assert refused.value.code == "app.qr_too_dense"


def test_the_smallest_module_admitted_is_a_quarter_millimetre() -> None:
    sizes = {fit_code(base45_text(size)).module_mm for size in range(2100, 2600, 50)}
    assert min(sizes) == MODULE_MM_MIN
    code = fit_code(base45_text(2600))
    assert code.side_mm <= 41.7
    assert code.modules == len(qr.write_matrix(base45_text(2600))) + 8


def test_counting_modules_draws_the_same_symbol() -> None:
    for level in "LMQH":
        text = base45_text(300)
        assert qr.count_modules(text, ec_level=level) == len(qr.write_matrix(text, level))
