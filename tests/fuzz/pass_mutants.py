"""Mutants of passes, from damage that any scanner makes to hostile contents under a right signature.

Each mutant is made from a seed alone: the same number makes the same text on every machine.
"""

import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rahdari.wire import base45, base64url, cbor, cose
from rahdari.wire.compression import Compression, compress
from tests.conformance.verifier.workshop import (
    ALIASED,
    BARE_PASS,
    DAY,
    GOOD_PLACE,
    ISSUER,
    LISTED,
    NOW,
    OTHER_PASS,
    PASS_ED,
    PASS_ES,
    PREFIX,
    REVOKED_PLACE,
    ROTATED,
    STRANGER,
    SUSPENDED_PLACE,
    WITHDRAWN,
    YEAR,
    NamedSigner,
    content,
    issue,
    pack,
    usual_claims,
)  # fmt: skip
from tests.fuzz import odd_cbor, odd_json

SIGNERS = (
    PASS_ES,
    PASS_ES,
    PASS_ED,
    PASS_ED,
    PASS_ED,
    ROTATED,
    WITHDRAWN,
    ALIASED,
    STRANGER,
    OTHER_PASS,
    BARE_PASS,
)
CONTEXTS = ("stream", "stream", "stream", "lists", "not_asked")
CLAIM_KEYS = (1, 2, 3, 4, 5, 6, 7, 8, 169, 65535, -260, "iss", "x")
HEADER_KEYS = (1, 2, 3, 4, 5, 16, 33, "x")
PERSON_KEYS = (*range(1, 24), 50, 61, 62, 65, 66, *range(75, 82), 99, 0, -1, 100)
PHOTO_KEYS = (0, 1, 2, 3, 4)
STATUS_KEYS = ("idx", "uri", "x", 1)
PLACES = (GOOD_PLACE, GOOD_PLACE, GOOD_PLACE, SUSPENDED_PLACE, REVOKED_PLACE, 4095, 4096)
TIMES = (
    NOW,
    NOW,
    NOW,
    NOW,
    NOW - 1,
    NOW + 9,
    NOW + 11,
    NOW + 60,
    NOW + YEAR,
    NOW - YEAR,
    NOW + 31 * DAY,
    NOW + 0.5,
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A text, the context in which it is examined, and when."""

    sort: str
    context: str
    raw: str
    at: float


def mutants(seed: int, count: int) -> Iterator[Mutant]:
    """Make ``count`` mutants, each of every sort in turn."""
    for number in range(count):
        # A string seeds by its digest, so neighbours have nothing in common.
        rng = random.Random(f"{seed}/{number}")
        sort = SORTS[number % len(SORTS)]
        yield Mutant(sort.__name__.removeprefix("_"), rng.choice(CONTEXTS), sort(rng), rng.choice(TIMES))


def _damage(rng: random.Random, raw: bytes) -> bytes:
    """Flip, drop, insert, double or cut, in one to three places."""
    out = bytearray(raw)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at = rng.randrange(len(out) or 1)
        act = rng.choice(("flip", "flip", "flip", "set", "drop", "insert", "double", "cut"))
        if act == "flip" and out:
            out[at] ^= 1 << rng.randrange(8)
        elif act == "set" and out:
            out[at] = rng.randrange(256)
        elif act == "drop":
            del out[at : at + rng.choice((1, 2, 3))]
        elif act == "insert":
            out[at:at] = rng.randbytes(rng.choice((1, 2, 3)))
        elif act == "double":
            out[at:at] = out[at : at + rng.randrange(1, 20)]
        elif rng.random() < 0.3:
            del out[at:]
    return bytes(out)


def _place(rng: random.Random) -> tuple[int, str]:
    return rng.choice(PLACES), rng.choice(
        (f"{PREFIX}1", f"{PREFIX}1", f"{PREFIX}2", f"{LISTED}1", f"{LISTED}2", f"{PREFIX}3")
    )


_ISSUED: dict[str, str] = {}


def _whole(rng: random.Random, kind: str = "qr") -> str:
    """A pass as the authority writes it. Few different ones, kept: signing a hundred thousand teaches nothing."""
    index, uri = _place(rng)
    signer = rng.choice((PASS_ES, PASS_ED))
    packing = rng.choice(("zlib", "brotli", "none")) if kind == "qr" else ""
    product = rng.choice(("nic", "poc"))
    name = f"{kind} {index} {uri} {signer.public.algorithm} {packing} {product}"
    if name not in _ISSUED:
        changes = {"compression": packing} if packing else {}
        _ISSUED[name] = issue(content(product, place=index, uri=uri), kind, signer=signer, **changes)
    return _ISSUED[name]


def _text_of_a_code(rng: random.Random) -> str:
    return _damaged_text(rng, _whole(rng))


def _damaged_text(rng: random.Random, text: str) -> str:
    at, act = (
        rng.randrange(len(text)),
        rng.choice(("set", "set", "set", "drop", "insert", "swap", "around", "cut")),
    )
    letter = rng.choice(base45.ALPHABET + "a~.\n\t\r é😀\x00\x1c\u00a0\ufeff=_-eyJ")
    match act:
        case "set":
            return text[:at] + letter + text[at + 1 :]
        case "drop":
            return text[:at] + text[at + 1 :]
        case "insert":
            return text[:at] + letter + text[at:]
        case "swap":
            return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]
        case "around":
            before, behind = (
                rng.choice(("", " ", "\n", "\r\n", "\t", "\x1c", "\u00a0", "\ufeff", " " * 3))
                for _ in range(2)
            )
            return before + text + behind
        case _:
            return text[:at]


def _packed_bytes(rng: random.Random) -> str:
    return base45.encode(_damage(rng, base45.decode(_whole(rng))))


def _message(rng: random.Random) -> bytes:
    claims = usual_claims(k65535={"status_list": dict(zip(("idx", "uri"), _place(rng), strict=True))})
    return cose.sign(rng.choice(SIGNERS), cbor.encode(claims), tags=rng.choice(((61, 18), (18,), ())))


def _message_bytes(rng: random.Random) -> str:
    return pack(_damage(rng, _message(rng)), _packing(rng))


def _packing(rng: random.Random) -> Compression:
    return rng.choice((Compression.ZLIB, Compression.ZLIB, Compression.BROTLI, Compression.NONE))


def _parts(rng: random.Random) -> str:
    """The message's own parts, twisted: other types, other counts, other tags."""
    sign1 = cose.decode(_message(rng))
    parts = [_bytes(rng, sign1.protected), b"\xa0", _bytes(rng, sign1.payload), _bytes(rng, sign1.signature)]
    act, at = (
        rng.choice(("item", "drop", "add", "order", "tags", "unprotected", "unprotected")),
        rng.randrange(4),
    )
    tags = b"".join(odd_cbor.head(rng, 6, tag) for tag in sign1.tags)
    if act == "item":
        parts[at] = odd_cbor.item(rng)
    elif act == "drop":
        del parts[at]
    elif act == "add":
        parts.insert(at, odd_cbor.item(rng))
    elif act == "order":
        rng.shuffle(parts)
    elif act == "unprotected":
        pairs = odd_cbor.twist(rng, odd_cbor.pairs_of({4: PASS_ES.public.kid, 33: b"x"}), keys=HEADER_KEYS)
        parts[1] = odd_cbor.write_map(rng, pairs)
    else:
        tags = b"".join(odd_cbor.head(rng, 6, rng.choice(odd_cbor.TAGS)) for _ in range(rng.randrange(3)))
    return pack(tags + odd_cbor.head(rng, 4, len(parts)) + b"".join(parts), _packing(rng))


def _bytes(rng: random.Random, raw: bytes) -> bytes:
    return odd_cbor.head(rng, 2, len(raw)) + raw


def _signed(rng: random.Random, payload: bytes, signer: NamedSigner, protected: bytes | None = None) -> str:
    """Sign any header and payload as they stand."""
    header = (
        cbor.encode({1: signer.public.algorithm.cose, 4: signer.public.kid})
        if protected is None
        else protected
    )
    structure = b"\x84\x6aSignature1" + _exact(header) + b"\x40" + _exact(payload)
    parts = (_bytes(rng, header), b"\xa0", _bytes(rng, payload), _bytes(rng, signer.sign(structure)))
    tags = rng.choice((b"\xd8\x3d\xd2", b"\xd2", b""))
    return pack(tags + b"\x84" + b"".join(parts), _packing(rng))


def _exact(raw: bytes) -> bytes:
    return cbor.encode_bytes_head(len(raw)) + raw


def _headers(rng: random.Random) -> str:
    """Odd protected headers under a right signature."""
    signer = rng.choice(SIGNERS)
    pairs = odd_cbor.pairs_of(
        {1: rng.choice((-7, -8, -9, -19, -35, signer.public.algorithm.cose)), 4: signer.public.kid}
    )
    for _ in range(rng.choice((0, 1, 1, 2))):
        pairs = odd_cbor.twist(rng, pairs, keys=HEADER_KEYS)
    return _signed(rng, cbor.encode(usual_claims()), signer, odd_cbor.write_map(rng, pairs))


def _claims(rng: random.Random) -> str:
    """Odd claims under a right signature."""
    pairs = odd_cbor.pairs_of(usual_claims(k65535=_reference(rng)))
    for _ in range(rng.choice((1, 1, 1, 2))):
        pairs = odd_cbor.twist(rng, pairs, keys=CLAIM_KEYS)
    return _signed(rng, odd_cbor.write_map(rng, pairs), _known(rng))


def _reference(rng: random.Random) -> object:
    return {"status_list": dict(zip(("idx", "uri"), _place(rng), strict=True))}


def _known(rng: random.Random) -> NamedSigner:
    return rng.choice((PASS_ES, PASS_ED))


def _inside(rng: random.Random, key: int, value: bytes) -> bytes:
    """The usual claims with the encoded ``value`` under ``key``."""
    pairs = [pair for pair in odd_cbor.pairs_of(usual_claims()) if pair[0] != cbor.encode(key)]
    return odd_cbor.write_map(rng, [*pairs, (cbor.encode(key), value)])


def _person(rng: random.Random) -> str:
    """Odd values within claim 169, as a map or as bytes that hold one."""
    usual = usual_claims()[169]
    assert isinstance(usual, dict)
    pairs = odd_cbor.pairs_of(usual)
    for _ in range(rng.choice((1, 1, 2, 3))):
        pairs = odd_cbor.twist(rng, pairs, keys=PERSON_KEYS)
    written = odd_cbor.write_map(rng, pairs)
    return _signed(
        rng, _inside(rng, 169, written if rng.random() < 0.5 else _bytes(rng, written)), _known(rng)
    )


def _photo(rng: random.Random) -> str:
    """Odd biometrics."""
    pairs = odd_cbor.twist(rng, odd_cbor.pairs_of({0: b"photo", 1: 0, 2: 4, 3: "maker"}), keys=PHOTO_KEYS)
    one = odd_cbor.write_map(rng, pairs)
    several = rng.choice(
        (one, one, odd_cbor.head(rng, 4, 2) + one + one, odd_cbor.head(rng, 4, 17) + one * 17)
    )
    person = [(cbor.encode(75), cbor.encode("nic/1")), (cbor.encode(rng.choice((50, 62, 62, 65))), several)]
    return _signed(rng, _inside(rng, 169, odd_cbor.write_map(rng, person)), _known(rng))


def _status(rng: random.Random) -> str:
    """Odd status references."""
    index, uri = _place(rng)
    pairs = odd_cbor.twist(rng, odd_cbor.pairs_of({"idx": index, "uri": uri}), keys=STATUS_KEYS)
    outer = [(cbor.encode("status_list"), odd_cbor.write_map(rng, pairs))]
    if rng.random() < 0.2:
        outer = odd_cbor.twist(rng, outer, keys=("status_list", "x"))
    return _signed(rng, _inside(rng, 65535, odd_cbor.write_map(rng, outer)), _known(rng))


def _signed_damage(rng: random.Random) -> str:
    """A payload damaged byte by byte and then signed."""
    return _signed(rng, _damage(rng, cbor.encode(usual_claims(k65535=_reference(rng)))), _known(rng))


def _text_of_a_wallet(rng: random.Random) -> str:
    return _damaged_text(rng, _whole(rng, "sd-jwt-vc"))


def _shown(rng: random.Random) -> str:
    """The disclosures in another order, some left out, some twice, some damaged."""
    token, *shown = _whole(rng, "sd-jwt-vc").rstrip("~").split("~")
    rng.shuffle(shown)
    shown = shown[: rng.randrange(len(shown) + 1)]
    if shown and rng.random() < 0.2:
        shown.append(rng.choice((shown[0], _damaged_text(rng, shown[0]))))
    return "~".join((token, *shown, rng.choice(("", "", "", "", token, "x"))))


def _wallet_claims(rng: random.Random) -> dict[str, object]:
    index, uri = _place(rng)
    return {
        "iss": ISSUER, "vct": "urn:rahdari:nic:1", "iat": NOW - DAY, "nbf": NOW - DAY, "exp": NOW + DAY,
        "status": {"status_list": {"idx": index, "uri": uri}}, "name": "Sample Person", "gender": "other",
    }  # fmt: skip


def _token(rng: random.Random, payload: bytes, header: bytes | None = None) -> str:
    signer = _known(rng)
    usual = f'{{"alg":"{signer.public.algorithm}","kid":"{base64url.encode(signer.public.kid)}","typ":"dc+sd-jwt"}}'
    head = base64url.encode(usual.encode() if header is None else header)
    body = base64url.encode(payload)
    return f"{head}.{body}.{base64url.encode(signer.sign(f'{head}.{body}'.encode()))}"


def _wallet_payload(rng: random.Random) -> str:
    """Odd JSON under a right signature."""
    members = odd_json.members_of(_wallet_claims(rng))
    for _ in range(rng.choice((1, 1, 1, 2))):
        members = odd_json.twist(rng, members)
    return _token(rng, odd_json.write(rng, members)) + "~"


def _wallet_damage(rng: random.Random) -> str:
    """JSON damaged byte by byte and then signed."""
    return _token(rng, _damage(rng, odd_json.write(rng, odd_json.members_of(_wallet_claims(rng))))) + "~"


def _wallet_header(rng: random.Random) -> str:
    """Odd JOSE headers under a right signature."""
    signer = _known(rng)
    usual = {
        "alg": str(signer.public.algorithm),
        "kid": base64url.encode(signer.public.kid),
        "typ": "dc+sd-jwt",
    }
    members = odd_json.twist(
        rng,
        odd_json.members_of(usual),
        odd_json.HEADER_NAMES,
        (*odd_json.HEADER_VALUES, *odd_json.VALUES[:12]),
    )
    payload = odd_json.write(rng, odd_json.members_of(_wallet_claims(rng)))
    return _token(rng, payload, odd_json.write(rng, members)) + "~"


def _wallet_disclosures(rng: random.Random) -> str:
    """Odd disclosures whose digests are signed: odd values, names and nestings reach the reader of claims."""
    texts: list[str] = []
    claims = _wallet_claims(rng)
    for _ in range(rng.randrange(1, 4)):
        name, value = rng.choice(odd_json.NAMES[9:]), rng.choice(odd_json.VALUES)
        if texts and rng.random() < 0.2:
            value = f'{{"_sd":["{_digest(texts.pop())}"]}}'
        written = f'["salt{len(texts)}",{odd_json._name(rng, name)},{value}]'
        if rng.random() < 0.1:
            written = rng.choice((f'["salt",{value}]', f"[1,{value}]", "[]", f'["s","n",{value},1]', value))
        texts.append(base64url.encode(written.encode("utf-8", "surrogatepass")))
    digests = [_digest(text) for text in texts] + ["decoy"] * rng.choice((0, 0, 1, 2))
    members = [*odd_json.members_of(claims | {"_sd": digests})]
    if rng.random() < 0.3:
        members.append(("nationalities", f'[{{"...":"{_digest(texts[0])}"}},"PAK"]'))
    return "~".join((_token(rng, odd_json.write(rng, members)), *texts, ""))


def _digest(text: str) -> str:
    return base64url.encode(hashlib.sha256(text.encode()).digest())


def _other_terms(rng: random.Random) -> str:
    """Well-formed passes of every dialect whose signer, times, product or place may not hold."""
    times = (
        NOW - 30 * DAY,
        NOW - YEAR - DAY,
        NOW - 3 * YEAR,
        NOW - 1,
        NOW,
        NOW + 60,
        NOW + 61,
        NOW + YEAR,
        0,
        None,
    )
    signer = rng.choice(SIGNERS)
    changes: dict[str, object] = {"k65535": _reference(rng)}
    for key in ("k4", "k5", "k6"):
        if rng.random() < 0.25:
            changes[key] = rng.choice((*times, NOW + 0.5, NOW - 0.5))
    if rng.random() < 0.2:
        changes["k1"] = rng.choice((ISSUER, "https://other.example", "https://bare.example", None))
    if rng.random() < 0.2:
        changes["k65535"] = None
    claims, person = usual_claims(**changes), usual_claims()[169]
    assert isinstance(person, dict)
    claims[169] = person | (
        {75: rng.choice(("poc/1", "nicop/12", "visa/1", "nic/0"))} if rng.random() < 0.3 else {}
    )
    if rng.random() < 0.5:
        claims[169] = cbor.encode(claims[169])
    return _signed(rng, cbor.encode(claims), signer)


def _streams_of_bytes(rng: random.Random) -> str:
    """Damaged compressed streams around a right message."""
    packing = rng.choice((Compression.ZLIB, Compression.BROTLI))
    raw = compress(_message(rng), packing, is_packed_already=rng.random() < 0.3)
    return base45.encode(_damage(rng, raw) + rng.choice((b"", b"", b"\x00", raw[:3])))


SORTS: tuple[Callable[[random.Random], str], ...] = (
    _text_of_a_code, _packed_bytes, _message_bytes, _parts, _headers, _claims, _claims, _person, _person, _photo,
    _status, _signed_damage, _streams_of_bytes, _text_of_a_wallet, _shown, _shown, _wallet_payload, _wallet_payload,
    _wallet_damage, _wallet_header, _wallet_disclosures, _other_terms, _other_terms, _other_terms, _other_terms,
)  # fmt: skip
