import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from rahdari.app.portraits import BUDGETS, CARD_BUDGET, PhotoProfile, derivatives
from rahdari.app.synthetic import draw_portrait
from rahdari.wire.errors import MalformedInput, TooLarge


def saved(picture: Image.Image, file_format: str = "PNG", **options: object) -> bytes:
    target = io.BytesIO()
    picture.save(target, file_format, **options)
    return target.getvalue()


def opened(raw: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(raw))
    picture.load()
    return picture


def noise(width: int, height: int) -> Image.Image:
    """What compresses worst of all."""
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("seed", range(24))
def test_every_drawn_face_fits_every_budget_in_its_full_size(seed: int) -> None:
    portrait = derivatives(draw_portrait(seed))
    assert set(portrait.qr) == {PhotoProfile.SMALL, PhotoProfile.STANDARD}
    for profile, budget in BUDGETS.items():
        assert len(portrait.qr[profile]) <= budget.size_bytes_max
        face = opened(portrait.qr[profile])
        assert (face.format, face.size) == ("WEBP", (budget.width_px, budget.height_px))
    assert len(portrait.card) <= CARD_BUDGET.size_bytes_max
    assert opened(portrait.card).size == (413, 531)


@pytest.mark.parametrize("size", [(48, 48), (413, 531), (2000, 300), (300, 2000), (1600, 1600)])
def test_pure_noise_of_any_shape_never_exceeds_a_budget(size: tuple[int, int]) -> None:
    portrait = derivatives(saved(noise(*size)))
    assert len(portrait.card) <= CARD_BUDGET.size_bytes_max
    for profile, budget in BUDGETS.items():
        assert 0 < len(portrait.qr[profile]) <= budget.size_bytes_max


def test_the_issues_budgets_are_kept() -> None:
    assert BUDGETS[PhotoProfile.SMALL].size_bytes_max == 540
    assert BUDGETS[PhotoProfile.STANDARD].size_bytes_max == 1034


def test_the_small_face_is_still_the_same_face() -> None:
    raw = draw_portrait(3)
    face = opened(derivatives(raw).qr[PhotoProfile.STANDARD]).convert("RGB")
    whole = opened(raw).resize(face.size)
    difference = np.abs(np.asarray(face).astype(int) - np.asarray(whole).astype(int))
    assert difference.mean() < 6


def test_a_wide_picture_is_cut_at_both_sides_and_not_squeezed() -> None:
    wide = Image.new("RGB", (1200, 531), "white")
    ImageDraw.Draw(wide).ellipse((500, 165, 700, 365), fill="black")
    card = np.asarray(opened(derivatives(saved(wide)).card).convert("L")) < 128
    across, down = card.any(axis=0).sum(), card.any(axis=1).sum()
    assert abs(int(across) - int(down)) <= 2
    assert across > 190


def test_a_picture_lies_upright_by_its_exif_orientation() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    standing = Image.new("RGB", (413, 531), "white")
    ImageDraw.Draw(standing).rectangle((0, 0, 413, 200), fill="black")
    lying = saved(standing.rotate(90, expand=True), "JPEG", exif=exif)
    card = np.asarray(opened(derivatives(lying).card).convert("L"))
    assert card[50].mean() < 30
    assert card[500].mean() > 220


def test_no_metadata_travels_in_any_result() -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera with a number"
    raw = saved(opened(draw_portrait(1)), "JPEG", exif=exif, icc_profile=b"profile" * 20)
    portrait = derivatives(raw)
    for result in (portrait.card, *portrait.qr.values()):
        assert b"EXIF" not in result
        assert b"ICCP" not in result
        assert b"camera" not in result


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
def test_every_mode_of_a_picture_is_taken(mode: str) -> None:
    face = opened(draw_portrait(2))
    if mode == "I;16":
        raw = saved(Image.fromarray(np.asarray(face.convert("L")).astype(np.uint16) * 257))
    else:
        raw = saved(face.convert(mode), "JPEG" if mode == "CMYK" else "PNG")
    card = np.asarray(opened(derivatives(raw).card).convert("L")).astype(int)
    assert abs(card.mean() - np.asarray(face.convert("L")).mean()) < 25


def test_what_is_transparent_becomes_white() -> None:
    card = opened(derivatives(saved(Image.new("RGBA", (413, 531), (0, 0, 0, 0)))).card)
    assert np.asarray(card.convert("L")).min() > 250


def test_a_picture_too_small_for_a_face_is_refused() -> None:
    with pytest.raises(MalformedInput, match="47 x 500 pixels"):
        derivatives(saved(Image.new("L", (47, 500))))


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(MalformedInput):
        derivatives(b"GIF89a not at all")


def test_a_huge_picture_is_refused() -> None:
    with pytest.raises(TooLarge):
        derivatives(saved(Image.new("1", (6000, 6000))))
