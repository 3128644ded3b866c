"""The identity authority as a provider of the exchange: what stands behind its gateway."""

from collections.abc import Mapping

from rahdari.app.foundation import Foundation
from rahdari.credentials.service import person_answers
from rahdari.credentials.service.person_answers import AgeAnswer, MatchAnswer, PersonAnswer
from rahdari.kernel import Actor


class IdentityServices:
    """Answers the gateway of the authority. Who asked, for whom and why, is in the gateway's log."""

    def __init__(self, foundation: Foundation) -> None:
        """Work on the house's foundation."""
        self._on = foundation

    def tell_status(self, number: str, *, by: Actor) -> PersonAnswer:
        """Tell how a person stands. Raises ``NotAllowed``."""
        with self._on.reading() as desk:
            return person_answers.tell_status(desk, number, by=by)

    def match_attributes(self, number: str, asked: Mapping[str, str], *, by: Actor) -> MatchAnswer:
        """Compare attributes. Raises ``NotAllowed``, ``BadQuestion``."""
        with self._on.reading() as desk:
            return person_answers.match_attributes(desk, number, asked, by=by)

    def tell_age_over(self, number: str, age: int, *, by: Actor) -> AgeAnswer:
        """Tell whether a person has completed ``age`` years. Raises ``NotAllowed``, ``BadQuestion``."""
        with self._on.reading() as desk:
            return person_answers.tell_age_over(desk, number, age, by=by)
