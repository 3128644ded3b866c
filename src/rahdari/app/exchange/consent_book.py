"""The book of a consent issuer, wired: its database, its key, and the status lists that it serves.

A gateway that may rely on a list for a minute asks for ``/<number>``; one that needs to know this instant asks for
``/<number>?now`` and gets a list signed for it. Both come from the book as it stands.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from rahdari.app.files import write_whole
from rahdari.database import Database
from rahdari.exchange.errors import UnknownConsent
from rahdari.exchange.rules.subjects import normalise
from rahdari.exchange.service import consents
from rahdari.exchange.store.consents import SqlConsents
from rahdari.exchange.values.consents import ConsentAct, ConsentState, Issuer, KeptConsent, Wish
from rahdari.kernel import Chance, Clock
from rahdari.wire.status_list import sign_jwt

# A list that others may use for 60 s is signed anew after a sixth of that: it is 10 s old at most when it leaves.
RENEWED_SECONDS: Final = 10
_LOCK: Final = "exchange consents"
_LIST_DIGITS_MAX: Final = 6


class ListAnswer(NamedTuple):
    """What is answered to a question for a status list: HTTP status, fields, body."""

    status: int
    fields: tuple[tuple[bytes, bytes], ...]
    body: bytes


class ConsentBook:
    """Persons' consents, by their identifiers. The database has this room's tables."""

    def __init__(self, database: Database, issuer: Issuer, *, clock: Clock, chance: Chance) -> None:
        """Keep the book of ``issuer`` in ``database``."""
        self._database = database
        self._issuer = issuer
        self._clock = clock
        self._chance = chance
        self._signed: dict[int, tuple[datetime, bytes]] = {}

    def give(self, wish: Wish) -> KeptConsent:
        """Sign what a person agreed to; ``wish.subject`` may be written as she writes it.

        Raises:
            ConsentRefused, SubjectUnreadable, MalformedInput: it cannot be given so.
        """
        plain = Wish(
            subject=normalise(wish.subject),
            consumer=wish.consumer,
            services=wish.services,
            purposes=wish.purposes,
            data_classes=wish.data_classes,
            days=wish.days,
            not_before=wish.not_before,
            covers_subsystems=wish.covers_subsystems,
        )
        with self._database.transaction(lock=_LOCK) as connection:
            store = SqlConsents(connection)
            return consents.give(store, plain, self._issuer, at=self._at(), chance=self._chance)

    def list_of(self, identifier: str) -> tuple[KeptConsent, ...]:
        """List a person's consents, the newest first."""
        with self._database.reading() as connection:
            return SqlConsents(connection).list_consents(self._mark(identifier), limit=consents.LISTED_MAX)

    def change(self, consent_id: str, act: ConsentAct, identifier: str) -> ConsentState:
        """Pause, resume or revoke a person's consent: it acts with the next list that anybody asks for.

        Raises:
            UnknownConsent: she has none of this id.
            ConsentRefused: it stands so that this cannot be done.
        """
        with self._database.transaction(lock=_LOCK) as connection:
            store = SqlConsents(connection)
            mark = self._mark(identifier)
            became = consents.change(store, consent_id, act, mark=mark, at=self._at())
        self._signed.clear()
        return became

    def status_token(self, list_number: int) -> str:
        """Sign a status list as it stands this instant. Raises ``UnknownConsent``."""
        with self._database.reading() as connection:
            listed = consents.status_list(SqlConsents(connection), list_number, self._issuer, at=self._at())
        return sign_jwt(self._issuer.signer, listed)

    def answer(self, path: str, *, is_now: bool = False) -> ListAnswer:
        """Answer a question for ``/<number>`` (the path below the lists' address), of ``?now`` if ``is_now``.

        Another process may change the book at any time, so a list is signed anew every ``RENEWED_SECONDS``.
        """
        name = path.removeprefix("/")
        if not name.isascii() or not name.isdigit() or len(name) > _LIST_DIGITS_MAX or str(int(name)) != name:
            return _NOT_FOUND
        try:
            body = self._token(int(name), is_now=is_now)
        except UnknownConsent:
            return _NOT_FOUND
        caching = b"no-store" if is_now else b"max-age=%d" % RENEWED_SECONDS
        # Token Status List, 8.1: the media type of a list as a JWT.
        return ListAnswer(
            200, ((b"content-type", b"application/statuslist+jwt"), (b"cache-control", caching)), body
        )

    def publish(self, folder: Path) -> Iterable[Path]:
        """Write every list as a file, for a host of files; to be done at least every ``RENEWED_SECONDS``."""
        with self._database.reading() as connection:
            newest, taken = SqlConsents(connection).find_list()
        written = []
        for number in range(newest + 1 if taken else 0):
            path = folder / f"{number}.jwt"
            write_whole(path, self.status_token(number).encode("ascii"))
            written.append(path)
        return written

    def _token(self, list_number: int, *, is_now: bool) -> bytes:
        at = self._clock.now()
        made, body = self._signed.get(list_number, (None, b""))
        if is_now or made is None or not 0 <= (at - made).total_seconds() < RENEWED_SECONDS:
            body = self.status_token(list_number).encode("ascii")
            self._signed[list_number] = (at, body)
        return body

    def _mark(self, identifier: str) -> bytes:
        return consents.mark_of(normalise(identifier), self._issuer)

    def _at(self) -> int:
        return int(self._clock.now().timestamp())


_NOT_FOUND: Final = ListAnswer(
    404, ((b"content-type", b"text/plain"), (b"cache-control", b"no-store")), b"no such status list\n"
)
