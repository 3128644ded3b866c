"""A registry in a folder: its acts, the requests that wait, and the configuration that it signs.

``registry.toml`` tells where it serves; ``keys/`` holds the key that signs configurations, ``officers/<name>/``
those of officers who have none elsewhere; ``acts/`` the journal, ``requests/`` what gateways sent,
``public/configuration.jws`` what all the world may read. Several processes may work on one folder: each takes its
turn, reads what others wrote, and writes one line.
"""

import hashlib
import json
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Final

from rahdari.app.errors import AlreadyInitialised, NotInitialised
from rahdari.app.exchange.join_requests import JoinRequests, WaitingRequest, by_request, id_of
from rahdari.app.exchange.journal import Journal
from rahdari.app.exchange.officer_keys import make_officer, open_officer
from rahdari.app.exchange.public_configuration import PublicConfiguration
from rahdari.app.exchange.secret_files import SCRYPT_N, SecretFiles
from rahdari.app.files import make_folder
from rahdari.exchange.errors import ActRefused, KeysLocked, LogDamaged, UnknownAct
from rahdari.exchange.rules.changes import (
    draft_configuration,
    is_publication_due,
    require_replacement,
)
from rahdari.exchange.rules.membership import join_member
from rahdari.exchange.rules.registration import find_pending, pending_of, perform, replay
from rahdari.exchange.values.registrations import Proposal, ProposalState, Register
from rahdari.kernel import Chance, Clock, CounterpartFailed, Problem, Refused
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
from rahdari.wire.ndel.joining import ReadJoinRequest, read_join
from rahdari.wire.xroad import SecurityServerId

PUBLIC_FILE: Final = "configuration.jws"
KEY: Final = "registry"


class Registry:
    """The registry of one folder. Safe for threads; each act takes its turn among all processes."""

    def __init__(self, folder: Path, secrets: SecretFiles, *, clock: Clock, chance: Chance) -> None:
        """Work on ``folder``; call ``open_registry`` or ``found_registry`` rather."""
        self._folder, self._clock, self._chance = folder, clock, chance
        self._signer = SoftwareSigner.from_private_jwk(_json_of(secrets.read(KEY)))
        self._journal = Journal(folder / "acts" / "journal")
        self._public = PublicConfiguration(self.public_file)
        self.unpublished = ""  # why what was decided here is not published yet
        self._register: Register | None = None
        self._requests = JoinRequests(folder / "requests")
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

    def propose(
        self, change: Change, officer: Officer, signer: Signer, *, replaces: SecurityServerId | None = None
    ) -> Proposal:
        """Propose a change, which is the first approval of it. Raises ``ActRefused`` and kin.

        What is done by it and could not be published at once stands in ``unpublished``.
        """

        def named(register: Register) -> None:
            require_replacement(register, change, replaces)

        number = self._decide(Proposed(change), officer.name, signer, named).number - 1
        return self.register().proposals[number]

    def approve(
        self, proposal: int, officer: Officer, signer: Signer, *, replaces: SecurityServerId | None = None
    ) -> Proposal:
        """Approve a proposal; it is done once enough officers did.

        What is done and could not be published at once stands in ``unpublished``.

        Raises:
            ActRefused: it cannot be, or it replaces another gateway than ``replaces`` says.
            UnknownAct: there is no such proposal.
        """

        def named(register: Register) -> None:
            require_replacement(register, self._find_pending(register, proposal).change, replaces)

        self._decide(Approved(proposal), officer.name, signer, named)
        return self.register().proposals[proposal]

    def decline(self, proposal: int, officer: Officer, signer: Signer) -> Proposal:
        """Decline a proposal, which ends it, a gateway's request too. Raises ``ActRefused``, ``UnknownAct``."""
        register = self._act(
            Declined(proposal), officer.name, signer, lambda known: self._find_pending(known, proposal)
        )
        ended = register.proposals[proposal]
        if isinstance(ended.change, Join):
            self._requests.forget(id_of(ended.change))
        return ended

    def decline_any(self, name: str, officer: Officer, signer: Signer) -> Proposal | None:
        """Decline a proposal by its number, or a request by its id; None for one that nobody had approved yet.

        Raises:
            ActRefused, UnknownAct: it cannot be, or there is none.
        """
        if _is_number(name):
            return self.decline(int(name), officer, signer)
        register = self.register()
        proposal = self._proposal_of(register, name)
        if proposal is not None:
            return self.decline(proposal.number, officer, signer)
        if not self._requests.is_waiting(name):
            raise UnknownAct(f"there is no request {name!r}; {self._listing}")
        if register.officers.get(officer.name) != signer.public:
            raise ActRefused(f"{officer.name!r} is no officer of this registry, or has another key now")
        # It changes nothing that stands in the journal: it was never proposed.
        self._requests.forget(name)
        return None

    def receive(self, text: str) -> ReadJoinRequest:
        """Keep a gateway's request for the officers. One that is here, or done, already is only named again.

        Raises:
            JoinRefused: another instance's, too old, taken names or addresses, or too many wait.
            MalformedInput, BadSignature: it does not hold together.
        """
        read = read_join(text)
        register = self.register()
        proposals = by_request(register)
        if self._requests.is_waiting(read.id) or read.id in proposals:
            return read
        join_member(register.members, text, instance=register.instance)

        def is_bound(request: str) -> bool | None:
            proposal = proposals.get(request)
            if proposal is None:
                return False
            return True if proposal.state is ProposalState.PENDING else None

        with self._turn:
            self._requests.keep(read, text, is_bound=is_bound, at=self._now())
        return read

    def waiting(self) -> tuple[WaitingRequest, ...]:
        """List the requests that are not entered, the oldest first."""
        proposals = by_request(self.register())
        found = []
        for read in self._requests.waiting():
            proposal = proposals.get(read.id)
            if proposal is None or proposal.state is ProposalState.PENDING:
                found.append(WaitingRequest(read, proposal, self._requests.text(read.id)))
        return tuple(sorted(found, key=lambda one: (one.read.request.created, one.read.id)))

    def pending(self) -> tuple[Proposal, ...]:
        """List the changes that wait for another officer, the oldest first."""
        return pending_of(self.register())

    def request_state(self, request: str) -> str:
        """Tell whether a request is waiting, proposed, entered or declined. Raises ``UnknownAct``."""
        proposal = self._proposal_of(self.register(), request)
        if proposal is None:
            if not self._requests.is_waiting(request):
                raise UnknownAct(f"there is no request {request}; it was declined, or lies too far back")
            return "waiting"
        words = {ProposalState.PENDING: "proposed", ProposalState.DONE: "entered"}
        return words.get(proposal.state, "declined")

    def approve_any(
        self, name: str, officer: Officer, signer: Signer, *, replaces: SecurityServerId | None = None
    ) -> Proposal:
        """Approve a request by its id, or a proposal by its number. Raises ``UnknownAct``, ``ActRefused``."""
        if _is_number(name):
            return self.approve(int(name), officer, signer, replaces=replaces)
        proposal = self._proposal_of(self.register(), name)
        if proposal is not None:
            return self.approve(proposal.number, officer, signer, replaces=replaces)
        if not self._requests.is_waiting(name):
            raise UnknownAct(f"there is no request {name!r}; {self._listing}")
        return self.propose(Join(self._requests.text(name)), officer, signer, replaces=replaces)

    def renew(self, text: str) -> None:
        """Enter a gateway's next keys, if a key in force signed for them. Raises ``JoinRefused`` and kin."""
        before = self.register()
        at = self._now()
        if (
            perform(before, Act(before.number, before.tip, at, REGISTRY, Renewed(text))).members
            == before.members
        ):
            return
        self._decide(Renewed(text), REGISTRY, self._signer)

    def publish(self, *, is_forced: bool = False) -> int:
        """Sign the configuration, if that is due; give the version that stands now.

        The version is in the journal before it is published: it never comes twice. Its text is on the disk before
        that: where the folder cannot be written to, the journal does not grow at every attempt.

        Raises:
            FolderFailed: the disk is full; the last configuration stays.
        """
        with self._turn, self._journal.turn():
            register, at = self._catch_up(), self._now()
            if not is_forced and not self._is_due(register, at):
                return register.version
            is_signed = not is_publication_due(register, at=at) and self._public.is_prepared(register.digest)
            if is_forced or not is_signed:
                register = self._sign(register, at)
            self._public.put_in_place()
            self.unpublished = ""
            return register.version

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
        with make_folder(folder := self._officer_folder(name)):
            return Officer(name, make_officer(folder, environment, chance=self._chance, scrypt_n=scrypt_n))

    def _sign(self, register: Register, at: int) -> Register:
        signed = configuration.sign(self._signer, draft_configuration(register, at=at)).encode("ascii")
        self._public.prepare(signed)
        expires = at + register.terms.validity_seconds
        deed = Published(register.version + 1, expires, hashlib.sha256(signed).digest())
        try:
            return self._write(deed, REGISTRY, self._signer)
        except Problem:
            # It would be a second text of its version.
            self._public.discard()
            raise

    def _decide(
        self, deed: Deed, by: str, signer: Signer, require: Callable[[Register], object] = lambda _: None
    ) -> Register:
        """Act, and publish; what was decided stands, though its publication may have to wait for the disk."""
        try:
            register = self._act(deed, by, signer, require)
        except ActRefused as refusal:
            # Whoever does again what is done already has perhaps seen that it is not published.
            self._try_to_publish()
            if self.unpublished:
                raise ActRefused(f"{refusal.message}, and not published yet: {self.unpublished}") from None
            raise
        self._try_to_publish()
        return register

    def _try_to_publish(self) -> None:
        try:
            self.publish()
        except CounterpartFailed as failure:
            self.unpublished = failure.message.partition("; ")[0]

    def _is_due(self, register: Register, at: int) -> bool:
        # Where the last one never reached its file, or the file was altered, it is due as well.
        public = self._public.get()
        return public is None or public.digest != register.digest or is_publication_due(register, at=at)

    def _act(
        self, deed: Deed, by: str, signer: Signer, require: Callable[[Register], object] = lambda _: None
    ) -> Register:
        with self._turn, self._journal.turn():
            require(self._catch_up())
            return self._write(deed, by, signer)

    def _find_pending(self, register: Register, number: int) -> Proposal:
        try:
            return find_pending(register, number)
        except UnknownAct as refusal:
            raise UnknownAct(f"{refusal.message}; {self._listing}") from None

    @property
    def _listing(self) -> str:
        return f"list them with: rahdari exchange pending --home {shlex.quote(str(self._folder))}"

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
        return by_request(register).get(request)

    def _officer_folder(self, name: str) -> Path:
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]
        readable = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in name.lower())
        return self._folder / "officers" / f"{readable}-{digest}"

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _is_number(name: str) -> bool:
    # The id of a request has sixteen digits.
    return name.isascii() and name.isdigit() and len(name) < 16


def _json_of(raw: bytes) -> dict[str, object]:
    read = json.loads(raw)
    if not isinstance(read, dict):
        raise KeysLocked("a key of the registry is damaged; restore the folder keys from a backup")
    return read
