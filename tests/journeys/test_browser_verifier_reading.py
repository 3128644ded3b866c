"""How a pass gets in: photographs in bad light, the camera, drop, paste."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter
from playwright.sync_api import Playwright, expect

from tests.journeys.carrying import ARGUMENTS, CHROMIUM, Server, Visitor, visiting

pytestmark = [pytest.mark.browser, pytest.mark.loopback, pytest.mark.slow]


def card_picture(gate: Server, at: int = 0) -> Image.Image:
    return Image.open(io.BytesIO(gate.house.press.card_png(gate.cards[at].number))).convert("RGB")


def photograph(card: Image.Image, *, turned: float, blur: float, side: int = 2400) -> Image.Image:
    """Lay a card on a table and photograph it badly: turned, out of focus, dim."""
    card = card.copy()
    card.thumbnail((side * 3 // 4, side * 3 // 4))
    table = Image.new("RGB", (side, side), (96, 84, 70))
    laid = card.convert("RGBA").rotate(turned, expand=True, resample=Image.Resampling.BICUBIC)
    table.paste(laid, ((side - laid.width) // 2, (side - laid.height) // 2), laid)
    return ImageEnhance.Contrast(table.filter(ImageFilter.GaussianBlur(blur))).enhance(0.7)


@pytest.mark.parametrize(("turned", "blur"), [(0, 0), (17, 1.5), (90, 1), (-38, 1.2), (180, 2)])
def test_a_turned_and_blurred_photograph_of_a_card_is_read(
    visitor: Visitor, gate: Server, tmp_path: Path, turned: float, blur: float
) -> None:
    path = tmp_path / "photograph.jpg"
    photograph(card_picture(gate), turned=turned, blur=blur).save(path, quality=80)
    visitor.open()
    visitor.check_photo(path)
    visitor.expect_verdict("Valid")


def test_a_code_that_is_light_on_dark_is_read(visitor: Visitor, gate: Server, tmp_path: Path) -> None:
    path = tmp_path / "inverted.png"
    card_picture(gate).point(lambda value: 255 - value).save(path)
    visitor.open()
    visitor.check_photo(path)
    visitor.expect_verdict("Valid")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"no picture", "no picture that can be read"), (None, "No code was found")],
)
def test_a_picture_without_a_code_is_told(
    visitor: Visitor, tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    path = tmp_path / "picture.png"
    if content is None:
        Image.new("RGB", (300, 300), "white").save(path)
    else:
        path.write_bytes(content)
    visitor.open()
    visitor.check_photo(path)
    expect(visitor.page.get_by_role("alert")).to_contain_text(sentence)
    expect(visitor.page.locator("#answer")).not_to_be_visible()


def test_two_codes_in_one_picture_are_no_pass(visitor: Visitor, gate: Server, tmp_path: Path) -> None:
    cards = [card_picture(gate, at) for at in (0, 1)]
    both = Image.new("RGB", (cards[0].width, cards[0].height + cards[1].height), "white")
    both.paste(cards[0], (0, 0))
    both.paste(cards[1], (0, cards[0].height))
    both.save(tmp_path / "both.png")
    visitor.open()
    visitor.check_photo(tmp_path / "both.png")
    expect(visitor.page.get_by_role("alert")).to_contain_text("more than one code")


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_picture_may_be_dropped_or_pasted_anywhere(visitor: Visitor, gate: Server, way: str) -> None:
    held = io.BytesIO()
    card_picture(gate).save(held, "PNG")
    visitor.open()
    event = "new DragEvent('drop', { dataTransfer: moved, bubbles: true, cancelable: true })"
    if way == "paste":
        event = "new ClipboardEvent('paste', { clipboardData: moved, bubbles: true, cancelable: true })"
    visitor.page.evaluate(
        f"""(bytes) => {{
          const moved = new DataTransfer();
          moved.items.add(new File([new Uint8Array(bytes)], 'card.png', {{ type: 'image/png' }}));
          document.body.dispatchEvent({event});
        }}""",
        list(held.getvalue()),
    )
    visitor.expect_verdict("Valid")


def code_of(card: Image.Image) -> Image.Image:
    """Cut the code out of a card, with the quiet zone around it."""
    at = zxingcpp.read_barcodes(card)[0].position
    xs, ys = [[getattr(corner, axis) for corner in (at.top_left, at.bottom_right)] for axis in "xy"]
    return card.crop((min(xs) - 24, min(ys) - 24, max(xs) + 24, max(ys) + 24))


def film(card: Image.Image, path: Path) -> None:
    """Make the camera's picture: an empty table, then the card's code comes near, a little turned."""
    empty = Image.new("RGB", (1920, 1080), (96, 84, 70))
    ImageDraw.Draw(empty).rectangle((0, 700, 1920, 1080), fill=(70, 60, 50))
    code = code_of(card).resize((900, 900), Image.Resampling.LANCZOS)
    laid = code.convert("RGBA").rotate(4, expand=True, resample=Image.Resampling.BICUBIC)
    shown = empty.copy()
    shown.paste(laid, ((1920 - laid.width) // 2, (1080 - laid.height) // 2), laid)
    shown = shown.filter(ImageFilter.GaussianBlur(0.5))
    with path.open("wb") as file:
        for frame in [empty] * 15 + [shown] * 45:
            held = io.BytesIO()
            frame.save(held, "JPEG", quality=90)
            file.write(held.getvalue())


@pytest.fixture
def filmed(player: Playwright, gate: Server, tmp_path: Path) -> Iterator[Visitor]:
    film(card_picture(gate), tmp_path / "film.mjpeg")
    flags = (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={tmp_path / 'film.mjpeg'}",
    )
    opened = player.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *flags])
    with visiting(opened, gate, permissions=["camera"]) as made:
        yield made
    opened.close()


def test_the_camera_reads_the_card_that_comes_into_view(filmed: Visitor) -> None:
    filmed.open()
    filmed.page.get_by_role("button", name="Open the camera").click()
    filmed.expect_verdict("Valid")
    assert filmed.page.locator("#view").evaluate("one => one.srcObject") is None, "the camera is still on"
    # The camera was the way in, so the next pass is looked for at once.
    filmed.page.get_by_role("button", name="Next pass").click()
    filmed.expect_verdict("Valid")


def test_the_camera_reads_after_a_reload_with_the_network_off(filmed: Visitor) -> None:
    filmed.open()
    filmed.context.set_offline(offline=True)
    filmed.page.reload()
    filmed.page.get_by_role("button", name="Open the camera").click()
    filmed.expect_verdict("Valid")


def test_the_camera_closes_when_it_is_told(filmed: Visitor) -> None:
    filmed.open()
    filmed.page.evaluate("(() => { window.Worker = class { postMessage() {} addEventListener() {} }; })()")
    filmed.page.get_by_role("button", name="Open the camera").click()
    expect(filmed.page.get_by_text("Hold the whole code inside the frame.")).to_be_visible()
    filmed.page.get_by_role("button", name="Close the camera").click()
    expect(filmed.page.get_by_role("button", name="Open the camera")).to_be_focused()
    assert filmed.page.locator("#view").evaluate("one => one.srcObject") is None


def test_a_device_without_a_camera_is_told_what_to_do(visitor: Visitor) -> None:
    visitor.open()
    visitor.page.get_by_role("button", name="Open the camera").click()
    expect(visitor.page.get_by_role("alert")).to_contain_text("hoose a photo")
