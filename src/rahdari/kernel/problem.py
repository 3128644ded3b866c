"""The root of every refusal of the house."""

from typing import ClassVar


class Problem(Exception):
    """Something happened that the caller must know: a code for machines, a sentence for people.

    ``code`` is ``room.what_happened`` and stable; the message says what happened with the values, why
    it matters where that is not plain, and what to do now. Neither ever holds a secret or personal data.
    """

    code: ClassVar[str] = "kernel.problem"

    def __init__(self, message: str) -> None:
        """Keep the sentence that people will read."""
        super().__init__(message)
        self.message = message


class Refused(Problem):
    """The caller asked wrongly, or may not have what was asked for."""

    code: ClassVar[str] = "kernel.refused"


class CounterpartFailed(Problem):
    """Somebody we depend on (database, key store, another server) answered wrongly or not at all."""

    code: ClassVar[str] = "kernel.counterpart_failed"
