"""The example on the page of the format is what the code writes, and reads."""

import re
from pathlib import Path

from rahdari.wire.keys import SoftwareSigner
from rahdari.wire.status_stream import FIRST, Change, Delta, Head, decode, digest_of, sign

PAGE = Path(__file__).parents[3] / "docs" / "standards" / "status-stream.md"
# RFC 8037, A.1: a published key, which nobody may use for anything.
KEY = {
    "kty": "OKP",
    "crv": "Ed25519",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}


def test_the_example_of_the_page_is_what_is_written_and_read() -> None:
    signer = SoftwareSigner.from_private_jwk(KEY)
    delta = Delta(1, 1_800_000_000, FIRST, (Change(1, 77, 2),))
    head = Head(1, 1_800_000_010, digest_of(delta.payload()))
    blocks = re.findall(r"```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    shown = [bytes.fromhex(part) for block in blocks for part in block.split("\n\n")]
    assert shown == [delta.payload(), sign(signer, delta), head.payload(), sign(signer, head)]
    for raw, message in ((shown[1], delta), (shown[3], head)):
        read = decode(raw)
        read.verify(signer.public)
        assert read.unverified == message
