"""The authority's back office: keys, trust lists, publishing, online answers, and the log."""

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from rahdari.app.access_audit import find_access_faults
from rahdari.app.checkpoints import (
    CHECKPOINT_NAME,
    Checkpoint,
    read_checkpoint,
    read_told,
    require_known,
)
from rahdari.app.errors import BadFile, FolderFailed
from rahdari.app.files import read_limited, write_whole
from rahdari.app.flag_audit import find_flag_faults
from rahdari.app.foundation import Foundation
from rahdari.app.gate import TRUST_BYTES_MAX, Gate
from rahdari.app.keyring_files import FileKeyRing, find_passphrase
from rahdari.app.oversight import Oversight, find_card_shown, iterate_flags
from rahdari.app.signal_audit import find_signal_faults
from rahdari.app.status_sources import INDEX_NAME, MANIFEST_NAME, write_index
from rahdari.credentials import (
    FEATURES,
    AuditEntry,
    AuditFinding,
    KeyRecord,
    KeyUse,
    Report,
    Trust,
    Verifier,
    examine,
)
from rahdari.credentials.errors import NoTrust
from rahdari.credentials.policy import OFFLINE, VerificationPolicy
from rahdari.credentials.ports.status import StatusView
from rahdari.credentials.rules.questions import ages_answered
from rahdari.credentials.service import answers, audit, keys, status
from rahdari.credentials.service.answers import Answer
from rahdari.credentials.service.desk import Desk
from rahdari.credentials.values.audit import AuditFault
from rahdari.credentials.values.cards import StatusPlace
from rahdari.credentials.values.status import DeltaRecord, PublishedStatus, StatusAnswer
from rahdari.kernel import Actor, Problem
from rahdari.oversight import Circumstances
from rahdari.wire import trust_list
from rahdari.wire.keys import Algorithm, PublicKey, Signer

# No purpose given, no place told; the holder is told so.
_UNTOLD = Circumstances()
# The register itself answers, so a status has no age; only the clock's own grain is left.
_ONLINE = VerificationPolicy(
    algorithms=OFFLINE.algorithms,
    features=OFFLINE.features,
    status_age_max=timedelta(seconds=1),
    clock_skew=OFFLINE.clock_skew,
)


class AuthorityOffice:
    """What key officers and auditors do, and what the server answers."""

    def __init__(self, foundation: Foundation, gate: Gate, oversight: Oversight) -> None:
        """Work on the house's foundation.

        ``gate`` knows the status of other issuers' passes; ``oversight`` writes down every answer.
        """
        self._on = foundation
        self._oversight = oversight
        self._gate = gate
        self._trusted: tuple[str, Trust] | None = None

    @property
    def public_folder(self) -> Path:
        """Where files for the world are written."""
        return self._on.settings.home / "public"

    def root_public(self) -> PublicKey:
        """Give the public half of the root. Raises ``NoTrust``."""
        path = self.public_folder / "root.jwk"
        if not path.is_file():
            raise NoTrust("this authority has no root; run: rahdari init")
        return PublicKey.from_jwk(json.loads(path.read_text(encoding="ascii")))

    def root_signer(self) -> Signer:
        """Open the offline root; its folder may lie on another disk. Raises ``KeyLocked``, ``UnknownKey``."""
        settings = self._on.settings
        folder = Path(settings.root_folder) if settings.root_folder else settings.home / "root"
        ring = FileKeyRing(folder, lambda: find_passphrase(settings.root_passphrase, folder / "passphrase"))
        return ring.signer(self.root_public())

    def list_keys(self) -> tuple[KeyRecord, ...]:
        """List every key ever."""
        with self._on.reading() as desk:
            return desk.store.list_keys()

    def rotate(
        self, use: KeyUse, *, actor: Actor, algorithm: Algorithm | None = None
    ) -> tuple[KeyRecord, str]:
        """Rotate the key of ``use`` and sign the trust list that says so; the root must be at hand."""
        root, chosen = self.root_signer(), algorithm or Algorithm(self._on.settings.algorithm)
        with self._on.writing() as desk:
            record = keys.rotate(desk, use, algorithm=chosen, actor=actor)
            text = keys.sign_trust_list(desk, root, actor=actor)
        self._write_trust()
        return record, text

    def withdraw(self, kid: bytes, *, actor: Actor) -> tuple[tuple[KeyRecord, ...], str]:
        """Withdraw a key: all that it ever signed is dead once verifiers hold the new trust list."""
        root = self.root_signer()
        with self._on.writing() as desk:
            withdrawn = keys.withdraw(desk, kid, actor=actor)
            text = keys.sign_trust_list(desk, root, actor=actor)
        self._write_trust()
        return withdrawn, text

    def sign_trust_list(self, *, actor: Actor, life: timedelta = keys.TRUST_LIFE) -> str:
        """Sign the next trust list and write it for the world."""
        root = self.root_signer()
        with self._on.writing() as desk:
            text = keys.sign_trust_list(desk, root, actor=actor, life=life)
        self._write_trust()
        return text

    def _write_trust(self) -> None:
        """Write the newest trust list of the register for the world, unless a newer one stands there.

        The register is locked meanwhile: of two officers who sign at once, the later list is written last.
        """
        path = self.public_folder / "trust.jwt"
        with self._on.writing() as desk:
            text = _newest(desk)
            if self._sequence_in(path) <= self._verified(text).sequence:
                write_whole(path, text.encode())

    def _sequence_in(self, path: Path) -> int:
        """Tell the number of the trust list in a file; 0 where there is none that the root has signed."""
        try:
            return self._verified(read_limited(path, size_bytes_max=TRUST_BYTES_MAX).decode("ascii")).sequence
        except (Problem, UnicodeDecodeError):
            return 0

    def _verified(self, text: str) -> trust_list.TrustList:
        return trust_list.decode(text).verify_with([self.root_public()])

    def current_trust_list(self) -> str:
        """Give the newest signed trust list as text. Raises ``NoTrust``."""
        with self._on.reading() as desk:
            return _newest(desk)

    def publish(self, *, every: bool = False) -> tuple[PublishedStatus, ...]:
        """Sign the status lists that changed, or ``every`` one; keep them and write them for the world.

        The manifest beside them says as of when they are whole. The log's head is written too: whoever keeps a
        copy can tell if the log is rolled back.
        """
        # Written while the register is locked: of two that publish at once, the newer lists are written last.
        with self._on.writing() as desk:
            return self._publish(desk, every=every)

    def require_known(self) -> None:
        """Refuse a register that lacks what was published of it already. Raises ``RegisterBehind``."""
        told = read_told(self.public_folder)
        with self._on.reading() as desk:
            require_known(desk, told)

    def _publish(self, desk: Desk, *, every: bool = False) -> tuple[PublishedStatus, ...]:
        require_known(desk, read_told(self.public_folder))
        published = status.publish(desk, every=every)
        folder = self.public_folder / "s"
        for one in published:
            write_whole(folder / f"{one.shard}.cwt", one.cwt)
            write_whole(folder / f"{one.shard}.jwt", one.jwt.encode())
        uris = tuple(one.uri for one in desk.store.list_shards())
        write_whole(folder / INDEX_NAME, write_index(uris))
        # Written last: who copies the folder in between finds lists that are newer than it says, never older.
        write_whole(folder / MANIFEST_NAME, status.sign_manifest(desk))
        self._write_checkpoint(desk)
        return published

    def publish_stale(self) -> int:
        """Publish if a list was touched or is to be renewed, else do nothing; tells how many were signed."""
        with self._on.reading() as desk:
            if not status.find_stale(desk):
                return 0
        return len(self.publish())

    def sign_head(self) -> bytes:
        """Sign which delta of the status stream is the last one, as of now. Raises ``RegisterBehind``."""
        told = read_told(self.public_folder)
        with self._on.reading() as desk:
            require_known(desk, told)
            return status.sign_head(desk)

    def list_deltas(self, *, after: int, limit: int) -> tuple[DeltaRecord, ...]:
        """List the deltas of the status stream that follow ``after``, in order."""
        with self._on.reading() as desk:
            return desk.store.list_deltas(after=after, limit=limit)

    def sign_manifest(self) -> bytes:
        """Sign as of when, and by which deltas, the status lists are whole. Raises ``RegisterBehind``."""
        told = read_told(self.public_folder)
        with self._on.reading() as desk:
            require_known(desk, told)
            return status.sign_manifest(desk)

    def make_bundle(self) -> bytes:
        """Give a whole copy of the status lists: a CBOR sequence of the manifest and each list (RFC 8742).

        Lists that lag behind the register are signed first, so that the copy is of one state.
        """
        told = read_told(self.public_folder)
        with self._on.reading() as desk:
            require_known(desk, told)
            if not status.find_stale(desk):
                return _bundle(desk)
        with self._on.writing() as desk:
            self._publish(desk)
            return _bundle(desk)

    def find_published(self, shard: int) -> PublishedStatus | None:
        """Find the newest signed form of a status list."""
        with self._on.reading() as desk:
            return desk.store.find_published(shard)

    def list_status_uris(self) -> tuple[str, ...]:
        """List the addresses of all status lists."""
        with self._on.reading() as desk:
            return tuple(shard.uri for shard in desk.store.list_shards())

    def examine(self, raw: str) -> Report:
        """Verify a pass against the register, as it stands at this instant."""
        with self._on.reading() as desk:
            return examine(raw, by=self._verifier(desk), at=desk.began)

    def answer(  # noqa: PLR0913 - what an institution sends is what it takes
        self,
        raw: str,
        *,
        asker: Actor,
        asked: Sequence[str],
        wanted: Sequence[str] = (),
        allowed: frozenset[str] = frozenset(),
        nonce: str,
        told: Circumstances = _UNTOLD,
    ) -> Answer:
        """Answer an institution, signed. That it asked is written down first, for the card's holder to read.

        Raises:
            NotAllowed, BadQuestion: nothing was looked up.
            TooManyAges: the institution would find out the holder's age by asking for many.
            UseNotRecorded: the record could not be written, so there is no answer.
        """
        with self._on.reading() as desk:
            by = self._verifier(desk)
            given = answers.answer(
                desk, raw, by=by, asker=asker, asked=asked, wanted=wanted, allowed=allowed, nonce=nonce
            )
            card = find_card_shown(desk, raw, given.report)
        # Whoever may be told the day of birth has no need to guess, and nothing to find out.
        ages = frozenset[int]() if "date_of_birth" in allowed else ages_answered(given.answers)
        self._oversight.record(card, told, asker=asker, verdict=given.verdict.value, ages=ages)
        return given

    def _verifier(self, desk: Desk) -> Verifier:
        trust = self._trust(_newest(desk))
        own = status.RegisterStatus(desk.store, desk.began, issuer=self._on.settings.issuer)
        statuses = _FirstKnown(own, self._on.settings.issuer, self._gate, trust)
        return Verifier(features=tuple(FEATURES.values()), trust=trust, policy=_ONLINE, statuses=statuses)

    def _trust(self, text: str) -> Trust:
        """Accept the list, or take the acceptance of the very same text from memory; verdicts are not kept."""
        known = self._trusted
        if known is None or known[0] != text:
            # Of this house's own keeping, so neither rollback nor expiry is at stake here: that it expired is
            # told by each verification (step 4), and a log must be readable however old the list is.
            trust = Trust(trust_list.decode(text).verify_with([self.root_public()]))
            known = self._trusted = (text, trust)
        return known[1]

    def write_checkpoint(self) -> Checkpoint | None:
        """Write the head of the log for the world; None while the log is empty. Raises ``RegisterBehind``."""
        with self._on.writing() as desk:
            require_known(desk, read_told(self.public_folder))
            return self._write_checkpoint(desk)

    def _write_checkpoint(self, desk: Desk) -> Checkpoint | None:
        head = desk.store.find_head()
        if head is None:
            return None
        noted = {"sequence": head.sequence, "digest": head.digest.hex()}
        write_whole(self._checkpoint_path, json.dumps(noted).encode())
        return Checkpoint(head.sequence, head.digest)

    @property
    def _checkpoint_path(self) -> Path:
        return self.public_folder / CHECKPOINT_NAME

    def _published_checkpoint(self) -> Checkpoint | None:
        """Read the checkpoint that was written last; None where none is. Raises ``BadFile``, ``FolderFailed``."""
        path = self._checkpoint_path
        return read_checkpoint(path) if path.is_file() else None

    def read_log_end(self, limit: int) -> tuple[AuditEntry, ...]:
        """Give the last ``limit`` entries of the log, the oldest first."""
        with self._on.reading() as desk:
            return tuple(deque(desk.store.read_log(), maxlen=limit))

    def verify_log(self, *, checkpoint: Checkpoint | None = None) -> AuditFinding:
        """Examine the log, by the audit keys of the trust list that the root signed.

        Without a ``checkpoint``, the one that was published last is taken.
        """
        unreadable: tuple[AuditFault, ...] = ()
        if checkpoint is None:
            # Read before the log: what it notes was committed by then.
            try:
                checkpoint = self._published_checkpoint()
            except (BadFile, FolderFailed):
                unreadable = (AuditFault(None, "checkpoint unreadable: public/audit-checkpoint.json"),)
        with self._on.auditing() as (desk, officers, flags, streams):
            trusted = self._trust(_newest(desk)).issuers[self._on.settings.issuer]
            by_kid: dict[bytes, tuple[PublicKey, ...]] = {}
            for key in trusted.keys:
                if KeyUse.AUDIT in key.uses:
                    by_kid[key.public.kid] = (*by_kid.get(key.public.kid, ()), key.public)
            noted = (checkpoint.sequence, checkpoint.digest) if checkpoint else None
            found = audit.verify_log(desk, by_kid, checkpoint=noted)
            access = tuple(find_access_faults(desk.store.read_log(), officers))
            flagged = tuple(find_flag_faults(desk.store.read_log(), iterate_flags(flags)))
            signalled = tuple(find_signal_faults(desk.store.read_log(), streams, desk.store))
        every = (*unreadable, *access, *flagged, *signalled, *found.faults)
        return replace(found, faults=every[: audit.FAULTS_MAX])


class _FirstKnown:
    """The register for its own passes, the synced lists for those of other issuers."""

    def __init__(self, own: StatusView, issuer: str, gate: Gate, trust: Trust) -> None:
        self._own = own
        self._issuer = issuer
        self._gate = gate
        self._trust = trust

    def find_standing(self, place: StatusPlace, *, issuer: str) -> StatusAnswer | None:
        if issuer == self._issuer:
            return self._own.find_standing(place, issuer=issuer)
        return self._gate.snapshot(self._trust).find_standing(place, issuer=issuer)


def _bundle(desk: Desk) -> bytes:
    lists = (desk.store.find_published(one.number) for one in desk.store.list_shards())
    return status.sign_manifest(desk) + b"".join(one.cwt for one in lists if one)


def _newest(desk: Desk) -> str:
    newest = desk.store.find_trust_list()
    if newest is None:
        raise NoTrust("this authority has signed no trust list yet; run: rahdari trust export")
    return newest[1]


def fingerprint(root: PublicKey) -> str:
    """Write a root's fingerprint for people: the first half of its RFC 7638 thumbprint, in groups of four."""
    digest = root.thumbprint().hex()[:32]
    return " ".join(digest[at : at + 4] for at in range(0, 32, 4))
