"""Why a use is not recorded, or a flag not decided."""

from typing import ClassVar

from rahdari.kernel import CounterpartFailed, Refused


class OversightRefused(Refused):
    """A record of use, or a flag, does not allow this."""

    code: ClassVar[str] = "oversight.refused"


class NotAllowed(OversightRefused):
    """The actor holds no role that may do this."""

    code: ClassVar[str] = "oversight.not_allowed"


class BadPlace(OversightRefused):
    """A place cannot be on this earth, or its name cannot be printed."""

    code: ClassVar[str] = "oversight.bad_place"


class BadDecision(OversightRefused):
    """The ground does not belong to the outcome, or the note cannot be kept."""

    code: ClassVar[str] = "oversight.bad_decision"


class FlagDecided(OversightRefused):
    """Somebody has decided this flag already."""

    code: ClassVar[str] = "oversight.flag_decided"


class UnknownFlag(OversightRefused):
    """No flag has this id."""

    code: ClassVar[str] = "oversight.unknown_flag"


class UnknownUse(OversightRefused):
    """No use of this card has this id."""

    code: ClassVar[str] = "oversight.unknown_use"


class TooManyAges(OversightRefused):
    """An institution asks for so many different ages of one card's holder that it would learn the age itself."""

    code: ClassVar[str] = "oversight.too_many_ages"


class UseNotRecorded(CounterpartFailed):
    """A use could not be written down, so its answer is not given."""

    code: ClassVar[str] = "oversight.use_not_recorded"
