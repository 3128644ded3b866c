"""Encode and sign a pass with a 1034 B photo, ES256, to its Base45 text: against the signature alone.

``python -m benchmarks.issue_pass``. The figure is the signature's time over ours.
"""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks.rounds import cpu_seconds, median_ratio, print_row
from benchmarks.sample_pass import CLAIMS, IDENTITY
from rahdari.wire import claim169
from rahdari.wire.claim169 import Profile
from rahdari.wire.compression import Compression
from rahdari.wire.keys import SoftwareSigner

TIMES = 100


def main() -> None:
    """Print one row for each profile and compression that a photo pass is written with."""
    key, ecdsa = ec.generate_private_key(ec.SECP256R1()), ec.ECDSA(hashes.SHA256())
    signer = SoftwareSigner(key)
    for profile in Profile:
        for compression in (Compression.NONE, Compression.ZLIB):
            text = claim169.write(signer, CLAIMS, IDENTITY, profile=profile, compression=compression)
            message = claim169.read(text).sign1.signing_input()
            ratio = median_ratio(
                lambda message=message: cpu_seconds(lambda: key.sign(message, ecdsa), TIMES),  # type: ignore[misc]
                lambda profile=profile, compression=compression: cpu_seconds(  # type: ignore[misc]
                    lambda: claim169.write(
                        signer, CLAIMS, IDENTITY, profile=profile, compression=compression
                    ),
                    TIMES,
                ),
            )
            print_row(f"issue_pass_over_raw_es256_{profile}_{compression}", ratio, 0.30)


if __name__ == "__main__":
    main()
