"""Verify a pass from its text, ES256, 1034 B photo: against the signature alone, and against peers.

``python -m benchmarks.verify_pass``. A figure above 1 says that we are faster than the other side.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from benchmarks.peer_room import ABSENT, PeerRoom, is_present
from benchmarks.rounds import cpu_seconds, median_ratio, print_row
from benchmarks.sample_pass import CLAIMS, IDENTITY, SIGNER
from rahdari import credentials
from rahdari.credentials import FEATURES, OFFLINE, Trust, Verifier
from rahdari.wire import claim169
from rahdari.wire.claim169 import Profile
from rahdari.wire.compression import Compression
from rahdari.wire.trust_list import KeyUse, TrustedIssuer, TrustedKey, TrustList

TIMES = 100
KEYS = {SIGNER.public.kid: SIGNER.public}


def verify(text: str) -> claim169.UnverifiedPass:
    """Read the text, find the key by its kid, check the signature."""
    unverified = claim169.read(text)
    sign1 = unverified.sign1
    assert sign1.kid is not None
    KEYS[sign1.kid].verify(sign1.signature, sign1.signing_input())
    return unverified


def raw_verification(text: str) -> Callable[[], object]:
    """Prepare the bare signature check of the same bytes: key, message and DER signature made beforehand."""
    sign1 = claim169.read(text).sign1
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(SIGNER.public.x, "big"), int.from_bytes(SIGNER.public.y, "big"), ec.SECP256R1()
    )
    r, s = int.from_bytes(sign1.signature[:32], "big"), int.from_bytes(sign1.signature[32:], "big")
    key, der, message = numbers.public_key(), encode_dss_signature(r, s), sign1.signing_input()
    ecdsa = ec.ECDSA(hashes.SHA256())
    return lambda: key.verify(der, message, ecdsa)


def against_the_signature_alone() -> None:
    """Print one row for each profile and compression that a photo pass is written with."""
    for profile in Profile:
        for compression in (Compression.ZLIB, Compression.NONE):
            text = claim169.write(SIGNER, CLAIMS, IDENTITY, profile=profile, compression=compression)
            raw = raw_verification(text)
            ratio = median_ratio(
                lambda raw=raw: cpu_seconds(raw, TIMES),  # type: ignore[misc]
                lambda text=text: cpu_seconds(lambda: verify(text), TIMES),  # type: ignore[misc]
            )
            print_row(f"verify_pass_over_raw_es256_{profile}_{compression}", ratio, 0.60)


def the_whole_verification() -> None:
    """Print the row of ``credentials.verify``: trust, windows, product and terms too, in the house's nouns."""
    now = datetime.fromtimestamp(CLAIMS.issued_at or 0, UTC)
    seconds = int(now.timestamp())
    key = TrustedKey(SIGNER.public, frozenset({KeyUse.PASS}), seconds, seconds + 1)
    issuer = TrustedIssuer(
        id=CLAIMS.issuer or "",
        name={"en": "Sample Authority"},
        products=frozenset({"claim169"}),
        status_uris=("https://authority.example/status/",),
        keys=(key,),
    )
    by = Verifier(
        features=tuple(FEATURES.values()),
        trust=Trust(TrustList(1, seconds, seconds + 1000, (issuer,))),
        policy=OFFLINE,
        statuses=None,
    )
    text = claim169.write(SIGNER, CLAIMS, IDENTITY, profile=Profile.MOSIP, compression=Compression.ZLIB)
    raw = raw_verification(text)
    ratio = median_ratio(
        lambda: cpu_seconds(raw, TIMES),
        lambda: cpu_seconds(lambda: credentials.verify(text, by=by, at=now), TIMES),
    )
    print_row("verify_pass_house_over_raw_es256", ratio, 0.60)


def against_peers() -> None:
    """Print one row a peer, on the dialect that the peer reads."""
    if not is_present():
        print(ABSENT)
        return
    text = claim169.write(SIGNER, CLAIMS, IDENTITY, profile=Profile.MAP, compression=Compression.ZLIB)
    with PeerRoom() as room:
        for peer in ("claim169", "cwt"):
            ratio = median_ratio(
                lambda peer=peer: room.seconds(peer, text, SIGNER.public, TIMES),  # type: ignore[misc]
                lambda: cpu_seconds(lambda: verify(text), TIMES),
            )
            print_row(f"verify_pass_over_pypi_{peer}", ratio, 2.50)


if __name__ == "__main__":
    against_the_signature_alone()
    the_whole_verification()
    against_peers()
