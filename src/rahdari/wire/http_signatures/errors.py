"""What can be wrong with a signed message, beyond what ``wire.errors`` already names."""

from typing import ClassVar

from rahdari.kernel import Refused


class SignatureMissing(Refused):
    """The message carries no signature under the label, or of the kind, that is asked for."""

    code: ClassVar[str] = "wire.signature_missing"


class NotCovered(Refused):
    """The signature leaves something uncovered, covers what the message lacks, or covers other parts."""

    code: ClassVar[str] = "wire.not_covered"


class SignatureNotInForce(Refused):
    """The signature is not yet in force, no longer, or was made to live longer than the profile allows."""

    code: ClassVar[str] = "wire.signature_not_in_force"


class UnknownKey(Refused):
    """Nobody that is known here signs with the key that the signature names."""

    code: ClassVar[str] = "wire.unknown_key"


class DigestMismatch(Refused):
    """The content is not the one whose digest was signed, or no known digest was given."""

    code: ClassVar[str] = "wire.digest_mismatch"
