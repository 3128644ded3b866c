"""The peers' side: reads and verifies passes with other people's libraries, in their own environment.

Speaks JSON, one line a request: ``{"peer", "text", "sec1", "kid", "times"}`` (``sec1`` the public point in hex)
answered by ``{"ok", "seconds", "full_name", "face"}`` or ``{"ok": false, "error"}``. ``seconds`` is the CPU time of
one read, measured here. Imports nothing of the project.
"""

import base64
import json
import sys
import time
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import base45
import cbor2
import claim169
import cwt

NAME, FACE = 4, 62


def claim169_reader(request: Mapping[str, str]) -> Callable[[], object]:
    """Read with PyPI claim169."""
    key, text = bytes.fromhex(request["sec1"]), request["text"]
    verify = claim169.decode_with_ed25519 if len(key) == 32 else claim169.decode_with_ecdsa_p256
    return lambda: verify(text, key)


def cwt_reader(request: Mapping[str, str]) -> Callable[[], object]:
    """Read with PyPI base45, zlib and PyPI cwt."""
    sec1, text = bytes.fromhex(request["sec1"]), request["text"]
    kid = base64.urlsafe_b64decode(request["kid"] + "=")
    # RFC 9052, 7 and RFC 9053, 7: kty, kid, alg, key_ops, crv, x, y.
    if len(sec1) == 32:
        key = cwt.COSEKey.new({1: 1, 2: kid, 3: -8, 4: [2], -1: 6, -2: sec1})
    else:
        key = cwt.COSEKey.new({1: 2, 2: kid, 3: -7, 4: [2], -1: 1, -2: sec1[1:33], -3: sec1[33:]})
    return lambda: cwt.decode(zlib.decompress(base45.b45decode(text)), key)


def said(peer: str, result: Any) -> dict[str, object]:  # noqa: ANN401 - the peers have no types
    """Tell the name and the face that the peer has read."""
    if peer == "claim169":
        assert result.is_verified()
        return {"full_name": result.claim169.full_name, "face": bytes(result.claim169.face[0].data).hex()}
    claim = cbor2.loads(result[169]) if isinstance(result[169], bytes) else result[169]
    face = claim[FACE][0] if isinstance(claim[FACE], list) else claim[FACE]
    return {"full_name": claim[NAME], "face": face[0].hex()}


def answer(request: dict[str, Any]) -> dict[str, object]:
    """Read one pass, and then ``times`` times more under the watch."""
    try:
        read = {"claim169": claim169_reader, "cwt": cwt_reader}[request["peer"]](request)
        result = read()
    except Exception as error:  # noqa: BLE001 - whatever the peer raises is its answer
        return {"ok": False, "error": f"{type(error).__name__}: {error}"}
    began = time.process_time()
    for _ in range(request["times"]):
        read()
    seconds = (time.process_time() - began) / max(request["times"], 1)
    return {"ok": True, "seconds": seconds, **said(request["peer"], result)}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
