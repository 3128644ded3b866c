"""Why a subscription is refused."""

from typing import ClassVar

from rahdari.kernel import Refused


class SignalsRefused(Refused):
    """A stream, a subject or an endpoint stands in the way."""

    code: ClassVar[str] = "signals.refused"


class UnknownStream(SignalsRefused):
    """There is no such stream, or it is another institution's: nobody learns which."""

    code: ClassVar[str] = "signals.unknown_stream"


class UnknownSubject(SignalsRefused):
    """The stream does not watch this subject."""

    code: ClassVar[str] = "signals.unknown_subject"


class BadEndpoint(SignalsRefused):
    """The endpoint is not one that this house sends to."""

    code: ClassVar[str] = "signals.bad_endpoint"


class NoEvents(SignalsRefused):
    """None of the events that were asked for is one that this house tells of."""

    code: ClassVar[str] = "signals.no_events"


class TooManyStreams(SignalsRefused):
    """The institution has as many streams as one may have."""

    code: ClassVar[str] = "signals.too_many_streams"


class TooManySubjects(SignalsRefused):
    """The stream watches as many subjects as one may watch."""

    code: ClassVar[str] = "signals.too_many_subjects"


class PassNotGood(SignalsRefused):
    """The pass that was shown is not valid, so nobody was shown a good card."""

    code: ClassVar[str] = "signals.pass_not_good"


class WrongMethod(SignalsRefused):
    """The stream is delivered by another method than this asks for."""

    code: ClassVar[str] = "signals.wrong_method"


class NotKept(SignalsRefused):
    """What is to be replayed is no longer kept, or was never sent."""

    code: ClassVar[str] = "signals.not_kept"


class TooSoon(SignalsRefused):
    """A verification was asked for again before its interval was over; ``wait_seconds`` says when to come back."""

    code: ClassVar[str] = "signals.too_soon"

    def __init__(self, wait_seconds: int) -> None:
        """Keep the seconds for the ``Retry-After`` header."""
        wait = f"{wait_seconds} second" if wait_seconds == 1 else f"{wait_seconds} seconds"
        super().__init__(f"this stream was verified a moment ago; ask again in {wait}")
        self.wait_seconds = wait_seconds
