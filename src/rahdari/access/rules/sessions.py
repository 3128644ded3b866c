"""What a session's token proves, and when it stops."""

import base64
import hmac
import re
from collections.abc import Sequence
from datetime import datetime

from rahdari.access.errors import NotSignedIn, Unproven
from rahdari.access.rules.principals import digest_of, letters_of
from rahdari.access.values import (
    SESSION_IDLE,
    SESSION_LIFETIME,
    SESSION_NOTE_EVERY,
    SESSIONS_MAX,
    Passkey,
    Session,
    SessionId,
)

# "rhs_" + 16 + "_" + 43 characters; anything longer is no token of ours and is not even hashed.
PRESENTED_CHARACTERS_MAX = 64
_PRESENTED = re.compile(r"rhs_([a-z2-7]{16})_([A-Za-z0-9_-]{43})")
_NO_DIGEST = bytes(32)


def session_id_from(raw: bytes) -> SessionId:
    """Write chance as an id."""
    return SessionId(letters_of(raw))


def session_text(session: SessionId, secret: bytes) -> str:
    """Write the token that the cookie carries."""
    return f"rhs_{session}_{base64.urlsafe_b64encode(secret).rstrip(b'=').decode()}"


def session_id_in(presented: str) -> SessionId:
    """Read which session is presented; it may still be a forgery.

    Raises:
        NotSignedIn: not the form of a session's token.
    """
    matched = _PRESENTED.fullmatch(presented) if len(presented) <= PRESENTED_CHARACTERS_MAX else None
    if matched is None:
        raise NotSignedIn(Unproven.MALFORMED)
    return SessionId(matched.group(1))


def prove_session(presented: str, session: Session | None, passkey: Passkey | None, at: datetime) -> Session:
    """Give the session that ``presented`` proves at this instant. The secret is compared in constant time.

    Raises:
        NotSignedIn: for every reason alike.
    """
    is_secret_right = hmac.compare_digest(digest_of(presented), session.digest if session else _NO_DIGEST)
    if session is None:
        raise NotSignedIn(Unproven.UNKNOWN)
    if not is_secret_right:
        raise NotSignedIn(Unproven.WRONG_SECRET)
    if is_over(session, at):
        raise NotSignedIn(Unproven.EXPIRED)
    # A passkey that was removed takes its sessions with it, whoever forgot to end them.
    if passkey is None or passkey.removed_at is not None or passkey.card != session.card:
        raise NotSignedIn(Unproven.REVOKED)
    return session


def is_over(session: Session, at: datetime) -> bool:
    """Tell whether a session has come to its end: idle for too long, or begun too long ago."""
    return at >= session.used_at + SESSION_IDLE or at >= session.began_at + SESSION_LIFETIME


def needs_note(session: Session, at: datetime) -> bool:
    """Tell whether this use is to be written down: the last note is old enough."""
    return at >= session.used_at + SESSION_NOTE_EVERY


def surplus(sessions: Sequence[Session], at: datetime) -> tuple[SessionId, ...]:
    """List the sessions that must go so that one more may begin: those that are over, then the oldest."""
    going = [one for one in sessions if not is_over(one, at)]
    room = max(0, len(going) - (SESSIONS_MAX - 1))
    over = [one.id for one in sessions if is_over(one, at)]
    return tuple(over + [one.id for one in going[:room]])
