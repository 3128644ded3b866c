"""How a pass gets in: photographs in bad light, the camera, drop, paste."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter
from playwright.sync_api import Browser, Playwright, expect

from tests.journeys.carrying import ARGUMENTS, CHROMIUM, Server, Visitor, visiting

pytestmark = [pytest.mark.browser, pytest.mark.loopback, pytest.mark.slow]


@pytest.fixture(scope="module")
def pictures(gate: Server) -> tuple[Image.Image, ...]:
    """The pictures of two cards: no test changes them."""
    drawn = [gate.house.press.card_png(card.number) for card in gate.cards[:2]]
    return tuple(Image.open(io.BytesIO(one)).convert("RGB") for one in drawn)


def photograph(card: Image.Image, *, turned: float, blur: float, side: int = 2400) -> Image.Image:
    """Lay a card on a table and photograph it badly: turned, out of focus, dim."""
    card = card.copy()
    card.thumbnail((side * 3 // 4, side * 3 // 4))
    table = Image.new("RGB", (side, side), (96, 84, 70))
    laid = card.convert("RGBA").rotate(turned, expand=True, resample=Image.Resampling.BICUBIC)
    table.paste(laid, ((side - laid.width) // 2, (side - laid.height) // 2), laid)
    return ImageEnhance.Contrast(table.filter(ImageFilter.GaussianBlur(blur))).enhance(0.7)


@pytest.fixture(scope="module")
def kept_open(chromium: Browser, gate: Server) -> Iterator[Visitor]:
    with visiting(chromium, gate) as made:
        made.open()
        yield made


@pytest.fixture
def reader(kept_open: Visitor) -> Visitor:
    """Somebody whose page stays open from test to test, and shows nothing when one begins."""
    following = kept_open.page.locator("#next")
    if following.is_visible():
        following.click()
    expect(kept_open.page.locator("#answer")).not_to_be_visible()
    expect(kept_open.page.locator("#word")).not_to_have_text("Valid")
    return kept_open


@pytest.mark.parametrize(("turned", "blur"), [(0, 0), (17, 1.5), (90, 1), (-38, 1.2), (180, 2)])
def test_a_turned_and_blurred_photograph_of_a_card_is_read(
    reader: Visitor, pictures: tuple[Image.Image, ...], tmp_path: Path, turned: float, blur: float
) -> None:
    path = tmp_path / "photograph.jpg"
    photograph(pictures[0], turned=turned, blur=blur).save(path, quality=80)
    reader.check_photo(path)
    reader.expect_verdict("Valid")


def test_a_code_that_is_light_on_dark_is_read(
    reader: Visitor, pictures: tuple[Image.Image, ...], tmp_path: Path
) -> None:
    path = tmp_path / "inverted.png"
    pictures[0].point(lambda value: 255 - value).save(path)
    reader.check_photo(path)
    reader.expect_verdict("Valid")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"no picture", "no picture that can be read"), (None, "No code was found")],
)
def test_a_picture_without_a_code_is_told(
    reader: Visitor, tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    path = tmp_path / "picture.png"
    if content is None:
        Image.new("RGB", (300, 300), "white").save(path)
    else:
        path.write_bytes(content)
    reader.check_photo(path)
    expect(reader.page.get_by_role("alert")).to_contain_text(sentence)
    expect(reader.page.locator("#answer")).not_to_be_visible()


def test_two_codes_in_one_picture_are_no_pass(
    reader: Visitor, pictures: tuple[Image.Image, ...], tmp_path: Path
) -> None:
    first, second = pictures
    both = Image.new("RGB", (first.width, first.height + second.height), "white")
    both.paste(first, (0, 0))
    both.paste(second, (0, first.height))
    both.save(tmp_path / "both.png")
    reader.check_photo(tmp_path / "both.png")
    expect(reader.page.get_by_role("alert")).to_contain_text("more than one code")
    expect(reader.page.locator("#answer")).not_to_be_visible()


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_picture_may_be_dropped_or_pasted_anywhere(
    reader: Visitor, pictures: tuple[Image.Image, ...], way: str
) -> None:
    held = io.BytesIO()
    pictures[0].save(held, "PNG")
    event = "new DragEvent('drop', { dataTransfer: moved, bubbles: true, cancelable: true })"
    if way == "paste":
        event = "new ClipboardEvent('paste', { clipboardData: moved, bubbles: true, cancelable: true })"
    reader.page.evaluate(
        f"""(text) => {{
          const moved = new DataTransfer();
          const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
          moved.items.add(new File([bytes], 'card.png', {{ type: 'image/png' }}));
          document.body.dispatchEvent({event});
        }}""",
        base64.b64encode(held.getvalue()).decode(),
    )
    reader.expect_verdict("Valid")


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
        for frame, times in ((empty, 15), (shown, 45)):
            held = io.BytesIO()
            frame.save(held, "JPEG", quality=90)
            file.write(held.getvalue() * times)


@pytest.fixture(scope="module")
def with_camera(
    player: Playwright, pictures: tuple[Image.Image, ...], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    path = tmp_path_factory.mktemp("camera") / "film.mjpeg"
    film(pictures[0], path)
    flags = (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={path}",
    )
    opened = player.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *flags])
    yield opened
    opened.close()


@pytest.fixture
def filmed(with_camera: Browser, gate: Server) -> Iterator[Visitor]:
    with visiting(with_camera, gate, permissions=["camera"]) as made:
        yield made


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
