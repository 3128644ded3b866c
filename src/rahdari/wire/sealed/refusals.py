"""What can be wrong with a sealed body, beyond what ``wire.errors`` already names."""

from typing import ClassVar

from rahdari.kernel import Refused


class SealedToAnother(Refused):
    """The body is sealed to a key that is not among ours."""

    code: ClassVar[str] = "wire.sealed_to_another"


class SealBroken(Refused):
    """The body does not open: altered, cut short, or sealed for another exchange."""

    code: ClassVar[str] = "wire.seal_broken"
