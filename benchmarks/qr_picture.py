"""Claim: the QR picture of a pass with photo is written at least 250 times a second.

The text has 2088 characters of the Base45 alphabet, which a pass with a photo of 1034 bytes has: version 27
at level L. Other texts each time, so nothing is remembered. CPU time of one core, median of 11 rounds.

Beside it: the writer of zxing-cpp, symbol and PNG; and the PNG alone, drawn of a symbol that is already
there, as the part that no better symbol writer could save.
"""

import io
import random
import statistics
import time
from collections.abc import Callable

import numpy as np
import zxingcpp
from PIL import Image

from rahdari.wire import qr
from rahdari.wire.qr import pictures

CHARACTERS, TEXTS, ROUNDS = 2088, 20, 11
TARGET_PER_SECOND = 250
MODULE_PX, QUIET_MODULES = 4, 4
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
SEED = 27


def by_zxing(text: str) -> bytes:
    """Write the same picture with the library that reads it."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="L")
    target = io.BytesIO()
    Image.fromarray(np.array(code.to_image(scale=MODULE_PX))).convert("1").save(
        target, "PNG", compress_level=1
    )
    return target.getvalue()


def per_second(write: Callable[[str], object], texts: list[str]) -> float:
    """Give the median rate in CPU time."""
    write(texts[0])  # tables are made once, not measured
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for text in texts:
            write(text)
        rounds.append(len(texts) / (time.process_time() - began))
    return statistics.median(rounds)


def main() -> None:
    """Print one row for the claim and two beside it."""
    chance = random.Random(SEED)
    texts = ["".join(chance.choices(ALPHABET, k=CHARACTERS)) for _ in range(TEXTS)]
    light = np.pad(~qr.write_matrix(texts[0]), QUIET_MODULES, constant_values=True)
    assert len(light) == 125 + 2 * QUIET_MODULES
    ours = per_second(qr.write_png, texts)
    theirs = per_second(by_zxing, texts)
    bare = per_second(lambda _: pictures._png(light, MODULE_PX), texts)  # noqa: SLF001
    verdict = "ok" if ours >= TARGET_PER_SECOND else "short"
    print(f"qr_picture_written_per_second {ours:.0f} {TARGET_PER_SECOND} {verdict}")
    print(f"qr_picture_against_zxing_cpp {ours / theirs:.1f} 1.0 {'ok' if ours >= theirs else 'short'}")
    print(f"# zxing-cpp {theirs:.0f}/s; the PNG without the symbol {bare:.0f}/s")


if __name__ == "__main__":
    main()
