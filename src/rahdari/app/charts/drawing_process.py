"""The process that draws: reads one request a line, answers with a head and the picture; run as a script.

It knows nothing of the house, so that it starts in a moment, and whoever started it may end it at any time. A
request is a JSON object: ``{"do": "svg", "spec": "..."}`` or ``{"do": "png", "svg": "...", "scale": 2.0}``. The
answer is ``ok <bytes>`` or ``failed <bytes>``, a line feed, and so many bytes.
"""

import json
import sys
from typing import BinaryIO

import vl_convert

VERSION = "6.1"


def serve(requests: BinaryIO, answers: BinaryIO, fonts: str) -> None:
    """Answer requests until there are no more."""
    vl_convert.register_font_directory(fonts)
    for line in requests:
        status, body = _answer(line)
        answers.write(f"{status} {len(body)}\n".encode() + body)
        answers.flush()


def _answer(line: bytes) -> tuple[str, bytes]:
    try:
        asked = json.loads(line)
        if asked["do"] == "png":
            return "ok", vl_convert.svg_to_png(asked["svg"], scale=asked["scale"])
        # A specification holds its data itself, and the library may open no address.
        drawn = vl_convert.vegalite_to_svg(asked["spec"], vl_version=VERSION, allowed_base_urls=[])
        return "ok", drawn.encode()
    # The library raises ValueError with the message of its JavaScript; whatever it is, no chart is there.
    except Exception as error:  # noqa: BLE001
        told = str(error).strip().partition("\n")[0][:200]
        return "failed", (told or type(error).__name__).encode()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer, sys.argv[1])
