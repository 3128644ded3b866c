"""An officer's key, in a folder of her own, under a passphrase of her own.

A registry makes its first officers' folders inside its home, for convenience; an officer takes hers away, to her
own machine or stick. Four eyes are worth as much as the two folders are apart.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from rahdari.app.exchange.secret_files import SCRYPT_N, create_secrets, open_secrets
from rahdari.kernel import Chance
from rahdari.wire.keys import Algorithm, PublicKey, SoftwareSigner

_KEY: Final = "officer"
PASSPHRASE_VARIABLE: Final = "RAHDARI_OFFICER_PASSPHRASE"  # noqa: S105 - the name of a variable


def make_officer(
    folder: Path, environment: Mapping[str, str], *, chance: Chance, scrypt_n: int = SCRYPT_N
) -> PublicKey:
    """Make an officer's key. Raises ``AlreadyInitialised``, ``FolderFailed``."""
    secrets = create_secrets(
        folder, environment, chance=chance, scrypt_n=scrypt_n, variable=PASSPHRASE_VARIABLE
    )
    signer = SoftwareSigner.generate(Algorithm.EDDSA)
    secrets.keep(_KEY, json.dumps(signer.as_private_jwk()).encode())
    return signer.public


def open_officer(folder: Path, environment: Mapping[str, str], *, chance: Chance) -> SoftwareSigner:
    """Open an officer's key. Raises ``NotInitialised``, ``KeysLocked``."""
    secrets = open_secrets(folder, environment, chance=chance, variable=PASSPHRASE_VARIABLE)
    return SoftwareSigner.from_private_jwk(json.loads(secrets.read(_KEY)))
