"""A registry in a folder: its acts, the requests that wait, and the configuration that it signs.

``registry.toml`` tells where it serves; ``keys/`` holds the key that signs configurations, ``officers/<name>/``
those of officers who have none elsewhere; ``acts/`` the journal, ``requests/`` what gateways sent,
``public/configuration.jws`` what all the world may read. Several processes may work on one folder: each takes its
turn, reads what others wrote, and writes one line.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Final

from rahdari.app.errors import AlreadyInitialised, NotInitialised
from rahdari.app.exchange.journal import Journal
from rahdari.app.exchange.officer_keys import make_officer, open_officer
from rahdari.app.exchange.public_configuration import PublicConfiguration
from rahdari.app.exchange.secret_files import SCRYPT_N, SecretFiles
from rahdari.app.files import PUBLIC_MODE, read_limited, write_whole
from rahdari.exchange.errors import ActRefused, JoinRefused, KeysLocked, LogDamaged, UnknownAct
from rahdari.exchange.rules.changes import (
    draft_configuration,
    is_publication_due,
)
from rahdari.exchange.rules.membership import join_member
from rahdari.exchange.rules.registration import pending_of, perform, replay
from rahdari.exchange.values.registrations import Proposal, ProposalState, Register
from rahdari.kernel import Chance, Clock, Refused
from rahdari.wire.keys import PublicKey, Signer, SoftwareSigner
from rahdari.wire.ndel import configuration
from rahdari.wire.ndel.act_token import read_act, sign_act
from rahdari.wire.ndel.acts import (
    NOTHING_BEFORE,
    REGISTRY,
    Act,
    Approved,
    Change,
    Declined,
    Deed,
    Founded,
    Join,
    Officer,
    Proposed,
    Published,
    Renewed,
)
from rahdari.wire.ndel.joining import TEXT_CHARS_MAX, ReadJoinRequest, read_join
from rahdari.wire.ndel.json_members import require_word

PUBLIC_FILE: Final = "configuration.jws"
# Whoever can reach a registry can send it requests; officers look at a few dozen.
REQUESTS_MAX: Final = 256
# A request whose keys are old by the time it is looked at is better sent anew.
REQUEST_AGE_MAX_SECONDS: Final = 30 * 86_400
KEY: Final = "registry"


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """A gateway's request that is not in the configuration yet, and the proposal to take it in, if there is one."""

    read: ReadJoinRequest
    proposal: Proposal | None


class Registry:
    """The registry of one folder. Safe for threads; each act takes its turn among all processes."""

    def __init__(self, folder: Path, secrets: SecretFiles, *, clock: Clock, chance: Chance) -> None:
        """Work on ``folder``; call ``open_registry`` or ``found_registry`` rather."""
        self._folder, self._clock, self._chance = folder, clock, chance
        self._signer = SoftwareSigner.from_private_jwk(_json_of(secrets.read(KEY)))
        self._journal = Journal(folder / "acts" / "journal")
        self._public = PublicConfiguration(self.public_file)
        self._register: Register | None = None
        self._turn = Lock()

    @property
    def folder(self) -> Path:
        """The home."""
        return self._folder

    @property
    def public(self) -> PublicKey:
        """The key that verifies this registry's configurations."""
        return self._signer.public

    @property
    def public_file(self) -> Path:
        """Where the signed configuration stands."""
        return self._folder / "public" / PUBLIC_FILE

    def register(self) -> Register:
        """Give the register as its journal has it now. Raises ``LogDamaged``, ``FolderFailed``."""
        with self._turn:
            return self._catch_up()

    def propose(self, change: Change, officer: Officer, signer: Signer) -> Proposal:
        """Propose a change, which is the first approval of it. Raises ``ActRefused`` and kin."""
        number = self._act(Proposed(change), officer.name, signer).number - 1
        self.publish()
        return self.register().proposals[number]

    def approve(self, proposal: int, officer: Officer, signer: Signer) -> Proposal:
        """Approve a proposal; it is done once enough officers did. Raises ``ActRefused``, ``UnknownAct``."""
        self._act(Approved(proposal), officer.name, signer)
        self.publish()
        return self.register().proposals[proposal]

    def decline(self, proposal: int, officer: Officer, signer: Signer) -> Proposal:
        """Decline a proposal, which ends it, a gateway's request too. Raises ``ActRefused``, ``UnknownAct``."""
        ended = self._act(Declined(proposal), officer.name, signer).proposals[proposal]
        if isinstance(ended.change, Join):
            self._request_file(read_join(ended.change.request).id).unlink(missing_ok=True)
        return ended

    def receive(self, text: str) -> ReadJoinRequest:
        """Keep a gateway's request for the officers. One that is here, or done, already is only named again.

        Raises:
            JoinRefused: another instance's, too old, taken names or addresses, or too many wait.
            MalformedInput, BadSignature: it does not hold together.
        """
        read = read_join(text)
        register = self.register()
        if self._request_file(read.id).is_file() or self._proposal_of(register, read.id) is not None:
            return read
        self._forget_old_requests()
        if abs(self._now() - read.request.created) > REQUEST_AGE_MAX_SECONDS:
            raise JoinRefused(
                "this request is older than thirty days, or the clocks differ so much; make it anew"
            )
        join_member(register.members, text, instance=register.instance)
        if sum(1 for _ in self._request_files()) >= REQUESTS_MAX:
            raise JoinRefused(
                f"{REQUESTS_MAX} requests wait already; the registry's officers must decide first"
            )
        write_whole(self._request_file(read.id), text.encode("ascii"))
        return read

    def waiting(self) -> tuple[WaitingRequest, ...]:
        """List the requests that are not entered, the oldest first."""
        register = self.register()
        found = []
        for file in self._request_files():
            read = read_join(read_limited(file, size_bytes_max=TEXT_CHARS_MAX).decode("ascii"))
            proposal = self._proposal_of(register, read.id)
            if proposal is None or proposal.state is ProposalState.PENDING:
                found.append(WaitingRequest(read, proposal))
        return tuple(sorted(found, key=lambda one: (one.read.request.created, one.read.id)))

    def pending(self) -> tuple[Proposal, ...]:
        """List the changes that wait for another officer, the oldest first."""
        return pending_of(self.register())

    def request_state(self, request: str) -> str:
        """Tell whether a request is waiting, proposed, entered or declined. Raises ``UnknownAct``."""
        proposal = self._proposal_of(self.register(), request)
        if proposal is None:
            if not self._request_file(request).is_file():
                raise UnknownAct(f"there is no request {request}; it was declined, or lies too far back")
            return "waiting"
        words = {ProposalState.PENDING: "proposed", ProposalState.DONE: "entered"}
        return words.get(proposal.state, "declined")

    def approve_any(self, name: str, officer: Officer, signer: Signer) -> Proposal:
        """Approve a request by its id, or a proposal by its number. Raises ``UnknownAct``, ``ActRefused``."""
        if name.isascii() and name.isdigit() and len(name) < 16:
            return self.approve(int(name), officer, signer)
        proposal = self._proposal_of(self.register(), name)
        if proposal is not None:
            return self.approve(proposal.number, officer, signer)
        file = self._request_file(name)
        if not file.is_file():
            raise UnknownAct(f"there is no request {name!r}; list them with: rahdari exchange pending")
        text = read_limited(file, size_bytes_max=TEXT_CHARS_MAX).decode("ascii")
        return self.propose(Join(text), officer, signer)

    def renew(self, text: str) -> None:
        """Enter a gateway's next keys, if a key in force signed for them. Raises ``JoinRefused`` and kin."""
        before = self.register()
        at = self._now()
        if (
            perform(before, Act(before.number, before.tip, at, REGISTRY, Renewed(text))).members
            == before.members
        ):
            return
        self._act(Renewed(text), REGISTRY, self._signer)
        self.publish()

    def publish(self, *, is_forced: bool = False) -> int:
        """Sign the configuration, if that is due; give the version that stands now.

        The version is in the journal before the file is written: it never comes twice.

        Raises:
            FolderFailed: the disk is full; the last configuration stays.
        """
        with self._turn, self._journal.turn():
            register, at = self._catch_up(), self._now()
            if not is_forced and not self._is_due(register, at):
                return register.version
            signed = configuration.sign(self._signer, draft_configuration(register, at=at))
            digest = hashlib.sha256(signed.encode("ascii")).digest()
            expires = at + register.terms.validity_seconds
            self._write(Published(register.version + 1, expires, digest), REGISTRY, self._signer)
            write_whole(self.public_file, signed.encode("ascii"), mode=PUBLIC_MODE)
            return register.version + 1

    def is_publication_due(self) -> bool:
        """Tell whether ``publish`` has something to do; costs little where it has not."""
        return self._is_due(self.register(), self._now())

    def read_public(self) -> str | None:
        """Give the signed configuration as it stands; None, where there is none."""
        public = self._public.get()
        return None if public is None else public.text.decode("ascii", errors="replace")

    def check(self) -> Register:
        """Read all anew, and hold the journal against the configuration that was published last.

        Raises:
            LogDamaged: the journal was altered, or lacks what was published.
        """
        register = self.register()
        text = self.read_public()
        if text is None:
            return register
        try:
            published = configuration.decode(text).verify_with([self.public])
        except Refused:
            # Whatever stands there, the next publication puts a good one in its place.
            return register
        if published.version > register.version:
            raise LogDamaged(
                f"version {published.version} was published, and the journal knows {register.version}: its end is "
                "missing; restore the folder acts from a backup"
            )
        return register

    def found(self, founded: Founded) -> None:
        """Write the first line, and publish. Raises ``AlreadyInitialised``, ``ActRefused``."""
        with self._turn, self._journal.turn():
            if self._journal.is_there:
                raise AlreadyInitialised(f"{self._folder} holds a registry already; nothing was changed")
            self._write(founded, REGISTRY, self._signer)
        self.publish()

    def officer(
        self, name: str, environment: Mapping[str, str], folder: Path | None = None
    ) -> tuple[Officer, Signer]:
        """Open an officer's key. Raises ``ActRefused`` where it is not the enrolled one, ``KeysLocked``."""
        signer = open_officer(folder or self._officer_folder(name), environment, chance=self._chance)
        if self.register().officers.get(name) != signer.public:
            raise ActRefused(f"{name!r} is no officer of this registry, or has another key now")
        return Officer(name, signer.public), signer

    def make_officer(self, name: str, environment: Mapping[str, str], *, scrypt_n: int = SCRYPT_N) -> Officer:
        """Make a key for somebody who is to become an officer; the registry's officers must still agree."""
        folder = self._officer_folder(name)
        return Officer(name, make_officer(folder, environment, chance=self._chance, scrypt_n=scrypt_n))

    def _is_due(self, register: Register, at: int) -> bool:
        # Where the last one never reached its file, or the file was altered, it is due as well.
        public = self._public.get()
        return public is None or public.digest != register.digest or is_publication_due(register, at=at)

    def _act(self, deed: Deed, by: str, signer: Signer) -> Register:
        with self._turn, self._journal.turn():
            self._catch_up()
            return self._write(deed, by, signer)

    def _write(self, deed: Deed, by: str, signer: Signer) -> Register:
        register = self._register
        number, tip = (0, NOTHING_BEFORE) if register is None else (register.number, register.tip)
        act = Act(number, tip, self._now(), by, deed)
        perform(register, act)
        line = sign_act(signer, act)
        # Read back before it is written: what could not be replayed would end the registry.
        after = replay(register, read_act(line), self.public)
        self._journal.append(line)
        self._register = after
        return after

    def _catch_up(self) -> Register:
        for line in self._journal.new_lines():
            try:
                act = read_act(line)
            except Refused as refusal:
                raise LogDamaged(f"a line of the journal is damaged: {refusal.message}") from None
            self._register = replay(self._register, act, self.public)
        if self._register is None:
            raise NotInitialised(f"{self._folder} holds no registry; make one with: rahdari exchange init")
        return self._register

    def _proposal_of(self, register: Register, request: str) -> Proposal | None:
        """Find the newest proposal to take in this request."""
        for proposal in reversed(tuple(register.proposals.values())):
            if isinstance(proposal.change, Join) and _id_of(proposal.change) == request:
                return proposal
        return None

    def _forget_old_requests(self) -> None:
        before = self._now() - REQUEST_AGE_MAX_SECONDS
        register = self.register()
        waiting = {one.change for one in pending_of(register)}
        for file in list(self._request_files()):
            text = read_limited(file, size_bytes_max=TEXT_CHARS_MAX).decode("ascii")
            is_done = self._proposal_of(register, file.stem) is not None
            if Join(text) not in waiting and (is_done or read_join(text).request.created < before):
                file.unlink(missing_ok=True)

    def _request_files(self) -> Iterable[Path]:
        return (self._folder / "requests").glob("*.jws")

    def _request_file(self, request: str) -> Path:
        return self._folder / "requests" / f"{require_word(request)}.jws"

    def _officer_folder(self, name: str) -> Path:
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]
        readable = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in name.lower())
        return self._folder / "officers" / f"{readable}-{digest}"

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


@lru_cache(maxsize=4096)
def _id_of(change: Join) -> str:
    return hashlib.sha256(change.request.encode()).hexdigest()[:16]


def _json_of(raw: bytes) -> dict[str, object]:
    read = json.loads(raw)
    if not isinstance(read, dict):
        raise KeysLocked("a key of the registry is damaged; restore the folder keys from a backup")
    return read
