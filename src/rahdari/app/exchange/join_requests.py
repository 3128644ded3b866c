"""The requests of gateways that wait for a registry's officers: files ``<id>.jws`` of one folder, a bounded number.

Whoever can reach a registry can send it requests. One set of keys takes few places, and a gateway that asks anew by
the same keys only replaces what it asked before; what was verified once is not verified again.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

import structlog

from rahdari.app.files import read_limited, write_whole
from rahdari.exchange.errors import JoinRefused
from rahdari.exchange.values.registrations import Proposal, Register
from rahdari.kernel import Problem
from rahdari.wire.ndel.acts import Join
from rahdari.wire.ndel.joining import TEXT_CHARS_MAX, ReadJoinRequest, read_join
from rahdari.wire.ndel.json_members import require_word

# Whoever can reach a registry can send it requests; officers look at a few dozen.
REQUESTS_MAX: Final = 256
# A request whose keys are old by the time it is looked at is better sent anew.
AGE_MAX_SECONDS: Final = 30 * 86_400
# One set of keys is one gateway's; a second place is room for one that was given another name by mistake.
OF_ONE_KEY_MAX: Final = 2
# Several who say that they are one gateway: somebody tries, or an installation began anew. Officers compare the
# keys; one place alone would let whoever comes first keep the true one out.
OF_ONE_GATEWAY_MAX: Final = 3

_LOG = structlog.get_logger("rahdari.exchange.join_requests")


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """A gateway's request that is not in the configuration yet, and the proposal to take it in, if there is one."""

    read: ReadJoinRequest
    proposal: Proposal | None
    text: str = field(default="", repr=False)


class JoinRequests:
    """The folder ``requests`` of a registry. Its caller takes turns."""

    def __init__(self, folder: Path) -> None:
        """Work on ``folder``, which is made by the first request."""
        self._folder = folder
        self._read: dict[str, ReadJoinRequest] = {}
        self._left_out: set[str] = set()

    def is_waiting(self, request: str) -> bool:
        """Tell whether a request of this id is here. Raises ``MalformedInput`` for what is no id."""
        return self._file(request).is_file()

    def text(self, request: str) -> str:
        """Give the text of a request that is here. Raises ``FolderFailed``."""
        return read_limited(self._file(request), size_bytes_max=TEXT_CHARS_MAX).decode("ascii")

    def forget(self, request: str) -> None:
        """Let go of a request, if it is here."""
        self._file(request).unlink(missing_ok=True)
        self._read.pop(request, None)

    def waiting(self) -> Iterator[ReadJoinRequest]:
        """Give all that are here; each is verified once. What is no request is left out, and told once."""
        for file in sorted(self._folder.glob("*.jws")):
            read = self._read.get(file.stem)
            if read is None:
                read = self._verified(file)
            if read is not None:
                yield read

    def _verified(self, file: Path) -> ReadJoinRequest | None:
        try:
            read = read_join(self.text(file.stem))
            if read.id != file.stem:
                raise JoinRefused(f"it is the request {read.id}")
        except (Problem, UnicodeDecodeError) as fault:
            if file.name not in self._left_out:
                self._left_out.add(file.name)
                why = fault.message if isinstance(fault, Problem) else "it is no text"
                _LOG.warning("request_left_out", file=file.name, why=why)
            return None
        self._read[file.stem] = read
        return read

    def keep(
        self, read: ReadJoinRequest, text: str, *, is_bound: Callable[[str], bool | None], at: int
    ) -> None:
        """Keep a request that was verified, ``at`` (seconds since 1970).

        Args:
            read: The request.
            text: Its text.
            is_bound: Tells whether the officers began with a request, so that it stays; None: they ended it.
            at: Now.

        Raises:
            JoinRefused: too old, or too many wait: of all, of this gateway, or by these keys.
        """
        if abs(at - read.request.created) > AGE_MAX_SECONDS:
            raise JoinRefused(
                "this request is older than thirty days, or the clocks differ so much; make it anew"
            )
        self._require_room(
            [one for one in self.waiting() if not self._gives_way(one, read, is_bound, at)], read
        )
        write_whole(self._file(read.id), text.encode("ascii"))
        self._read[read.id] = read

    def _gives_way(
        self, one: ReadJoinRequest, new: ReadJoinRequest, is_bound: Callable[[str], bool | None], at: int
    ) -> bool:
        """Let go of what is old, done, or asked anew by the same gateway's own keys."""
        state = is_bound(one.id)
        is_old = one.request.created < at - AGE_MAX_SECONDS
        is_asked_anew = _gateway(one) == _gateway(new) and _key(one) == _key(new)
        if state or not (state is None or is_old or is_asked_anew):
            return False
        self.forget(one.id)
        return True

    def _require_room(self, kept: list[ReadJoinRequest], new: ReadJoinRequest) -> None:
        if sum(_key(one) == _key(new) for one in kept) >= OF_ONE_KEY_MAX:
            raise JoinRefused(
                "requests by these keys wait already; the registry's officers must decide first"
            )
        if sum(_gateway(one) == _gateway(new) for one in kept) >= OF_ONE_GATEWAY_MAX:
            raise JoinRefused(
                f"{OF_ONE_GATEWAY_MAX} requests for {_gateway(new)} wait already; tell the registry's officers "
                "which one is yours"
            )
        if len(kept) >= REQUESTS_MAX:
            raise JoinRefused(
                f"{REQUESTS_MAX} requests wait already; the registry's officers must decide first"
            )

    def _file(self, request: str) -> Path:
        return self._folder / f"{require_word(request)}.jws"


def _gateway(read: ReadJoinRequest) -> object:
    return read.request.gateway.id


def _key(read: ReadJoinRequest) -> str:
    return read.request.gateway.keys[0].keyid


def by_request(register: Register) -> dict[str, Proposal]:
    """Give the newest proposal to take in each request, by its id."""
    return {id_of(one.change): one for one in register.proposals.values() if isinstance(one.change, Join)}


@lru_cache(maxsize=4096)
def id_of(change: Join) -> str:
    """Give the id of the request that a change takes in."""
    return hashlib.sha256(change.request.encode()).hexdigest()[:16]
