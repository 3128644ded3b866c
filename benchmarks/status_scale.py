"""Claims: the status of 240 million holders fits a small line, a small memory, and a second.

Builds the lists at full size: a QR pass each, lists of 2^20 places half full (458 of them), one holder in a hundred
suspended, and beside each as many decoys as the service moves. Then, by the real code: the copy that a verifier
downloads, one suspension on the wire, a list read from SQLite and signed anew, the memory of a fresh process that
holds everything, a lookup, a delta, the start from the disk.

CPU time of one core. The lists are built and written one at a time, so that this program stays small itself.
Rows whose name begins with ``info_`` have no target; those of other mixtures are scaled up from a few full lists.
"""

import argparse
import base64
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from typing_extensions import override

from rahdari.app.gate_store import StreamStore
from rahdari.credentials import HeldStream, Publisher, StatusPlace, Trust
from rahdari.credentials.service.passes import FILL_MAX
from rahdari.wire import cose, status_stream
from rahdari.wire.keys import PublicKey, Signer, SoftwareSigner
from rahdari.wire.status_list import StatusArray, StatusList, sign_cwt
from rahdari.wire.status_stream import Change, Delta, Head, Manifest
from rahdari.wire.trust_list import KeyUse, TrustedIssuer, TrustedKey, TrustList

HOLDERS, PLACES = 240_000_000, 1 << 20
PREFIX, ISSUER = "https://status.authority.example/s/", "urn:sample:authority"
AT, SEQUENCE = 1_800_000_000, 2_400_000
# The service as it is: one decoy for each suspension (credentials/service/standing.py).
DECOYS = 0.25
SEED = 240
DELTAS, LOOKUPS, ROUNDS = 1_000, 100_000, 7


class Mix(NamedTuple):
    """What is listed: passes a card, the part of the cards that is suspended, decoys for each suspension."""

    passes: int = 1
    suspended: float = 0.01
    decoys: float = DECOYS
    fill: float = FILL_MAX

    @property
    def lists(self) -> int:
        """How many lists there are."""
        return -(-HOLDERS * self.passes // int(PLACES * self.fill))

    @property
    def moved(self) -> int:
        """How many places of one list are not VALID."""
        own = int(PLACES * self.fill * self.suspended)
        return own + int(own * self.decoys / self.passes)


def main() -> None:
    """Print every row."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--hold", type=Path, help="load what was written there, and tell the memory")
    folder = asked.parse_args().hold
    if folder:
        hold(folder)
        return
    chance, signer = random.Random(SEED), SoftwareSigner.generate()
    with tempfile.TemporaryDirectory() as made:
        whole = write_bundle(Path(made), Mix(), signer, chance)
        print_row("status_bundle_mb", whole / 1e6, 5.0)
        print_parts(signer, chance)
        print_wire(signer)
        took = signing(Path(made) / "register.db", Mix(), signer, chance)
        print_row("status_list_signed_anew_ms", took, 100)
        took = signing(Path(made) / "fewer.db", Mix(decoys=0.25), signer, chance)
        print(f"info_status_list_signed_anew_ms_one_decoy_for_four {took:.0f}")
        print_memory(Path(made))
        print_lookup(Path(made), chance)
        print_deltas(Path(made), signer, chance)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"# this program itself took at most {peak:.0f} MB")


def publisher(public: PublicKey) -> Publisher:
    """Trust one key for the lists."""
    key = TrustedKey(public, frozenset({KeyUse.STATUS}), AT - 1, AT + 86_400)
    issuer = TrustedIssuer(ISSUER, {"en": "Sample Authority"}, frozenset({"nic"}), (PREFIX,), (key,))
    return Publisher(PREFIX, ISSUER, Trust(TrustList(1, AT, AT + 86_400, (issuer,))))


def packed(mix: Mix, chance: random.Random) -> StatusArray:
    """Draw one list."""
    raw = bytearray(PLACES // 4)
    for place in chance.sample(range(PLACES), mix.moved):
        raw[place >> 2] |= 2 << (place & 3) * 2
    return StatusArray(2, bytes(raw))


def tokens(mix: Mix, lists: int, signer: Signer, chance: random.Random) -> Iterator[bytes]:
    """Sign lists as they are published."""
    for number in range(1, lists + 1):
        listed = StatusList(
            f"{PREFIX}{number}", AT, packed(mix, chance), expires=AT + 604_800, ttl=60, sequence=SEQUENCE
        )
        yield sign_cwt(signer, listed)


def write_bundle(folder: Path, mix: Mix, signer: Signer, chance: random.Random) -> int:
    """Write the whole copy to the disk as a verifier keeps it; give the bytes that it downloads."""
    digest = chance.randbytes(16)
    manifest = Manifest(SEQUENCE, AT, digest, PREFIX, (SEQUENCE,) * mix.lists)
    path = folder / "download"
    began = time.process_time()
    with path.open("wb") as file:
        file.write(status_stream.sign(signer, manifest))
        for one in tokens(mix, mix.lists, signer, chance):
            file.write(one)
    print(f"# {mix.lists} lists, {mix.moved} places of each not VALID; built in {cpu(began):.0f} s of CPU")
    began = time.process_time()
    held = StreamStore(folder, publisher(signer.public)).take_bundle(path.read_bytes())
    print(f"info_status_bundle_checked_and_taken_s {cpu(began):.2f}")
    assert (len(held.addresses), held.sequence) == (mix.lists, SEQUENCE)
    (folder / "root.jwk").write_text(json.dumps(signer.public.as_jwk()), encoding="ascii")
    return path.stat().st_size


def print_parts(signer: Signer, chance: random.Random) -> None:
    """Print what other mixtures would take, from four lists of each."""
    mixtures = {
        "without_decoys": Mix(decoys=0),
        "one_decoy_for_four": Mix(decoys=0.25),
        "lists_three_quarters_full": Mix(fill=0.75),
        "lists_three_quarters_full_one_decoy_for_three": Mix(decoys=1 / 3, fill=0.75),
        "a_tenth_of_a_percent": Mix(suspended=0.001),
        "two_passes_a_card": Mix(passes=2),
    }
    for name, mix in mixtures.items():
        size = statistics.mean(len(one) for one in tokens(mix, 4, signer, chance))
        print(f"info_status_bundle_mb_{name} {size * mix.lists / 1e6:.2f}")


def print_wire(signer: Signer) -> None:
    """Print one suspension as an event of the stream: its pass and its decoy, far on in a long stream."""
    changes = (Change(457, 1_000_000, 2), Change(457, 1_000_001, 2))
    raw = status_stream.sign(signer, Delta(SEQUENCE, AT, bytes(16), changes))
    event = b"data:" + base64.urlsafe_b64encode(raw).rstrip(b"=") + b"\n\n"
    print_row("status_suspension_on_the_wire_bytes", len(event), 200)
    head = b"data:" + base64.urlsafe_b64encode(
        status_stream.sign(signer, Head(SEQUENCE, AT, bytes(16)))
    ).rstrip(b"=")
    print(f"info_status_head_on_the_wire_bytes {len(head) + 2}")


def signing(path: Path, mix: Mix, signer: Signer, chance: random.Random) -> float:
    """Give the milliseconds that it takes to read a list from SQLite and to sign it anew, in both forms."""
    # Imported here: the process that tells a verifier's memory has no database in it.
    from rahdari.app.foundation import MIGRATIONS  # noqa: PLC0415
    from rahdari.credentials import Standing  # noqa: PLC0415
    from rahdari.credentials.rules.status import sign_list  # noqa: PLC0415
    from rahdari.credentials.service.status import LIST_LIFE  # noqa: PLC0415
    from rahdari.credentials.store import SqlStore  # noqa: PLC0415
    from rahdari.credentials.values.status import PlaceStanding  # noqa: PLC0415
    from rahdari.database import migrate, open_database  # noqa: PLC0415

    with open_database(f"sqlite:///{path}") as database:
        migrate(database, MIGRATIONS)
        with database.transaction() as connection:
            store = SqlStore(connection)
            shard = store.open_shard(uri_prefix=PREFIX, size=PLACES)
            for _ in range(3):
                shard = store.open_shard(uri_prefix=PREFIX, size=PLACES)
                moved = chance.sample(range(PLACES), mix.moved)
                store.set_standings([PlaceStanding(shard.number, one, Standing.SUSPENDED) for one in moved])
        took, at = list[float](), datetime.fromtimestamp(AT, UTC)
        for _ in range(ROUNDS):
            with database.reading() as connection:
                began = time.process_time()
                standings = SqlStore(connection).list_standings(shard.number)
                sign_list(shard, standings, signer=signer, at=at, life=LIST_LIFE, sequence=SEQUENCE)
                took.append(cpu(began) * 1000)
                StatusArray(2, bytes(1)).deflate()  # forget the deflated list
    return statistics.median(took)


def print_memory(folder: Path) -> None:
    """Print the memory of a fresh process that holds every list, and its start."""
    words = [sys.executable, "-m", "benchmarks.status_scale", "--hold", str(folder)]
    said = subprocess.run(words, capture_output=True, check=True, text=True)  # noqa: S603 - this program
    told: dict[str, float] = json.loads(said.stdout)
    print_row("status_verifier_memory_mb", told["held"], 80)
    print(f"info_status_verifier_memory_at_most_mb {told['peak']:.0f}")
    print(f"info_status_verifier_memory_before_mb {told['bare']:.0f}")
    print(f"info_status_first_answer_from_disk_ms {told['first'] * 1000:.0f}")
    print(f"info_status_every_list_from_disk_s {told['all']:.2f}")


def hold(folder: Path) -> None:
    """Be the verifier: load what is on the disk, and tell times and memory as JSON."""
    import rahdari.app.gate  # noqa: F401, PLC0415 - what a verifier has loaded besides

    bare, store = memory("VmRSS"), reopened(folder)
    began = time.process_time()
    held = store.refresh()
    assert held is not None
    assert held.find_standing(StatusPlace(f"{PREFIX}17", 12_345)) is not None
    first = cpu(began)
    held.open()
    whole = cpu(began)
    told = {"bare": bare, "held": memory("VmRSS"), "peak": memory("VmHWM"), "first": first, "all": whole}
    print(json.dumps(told))


def reopened(folder: Path) -> StreamStore:
    """Open the folder anew, as after a restart."""
    public = PublicKey.from_jwk(json.loads((folder / "root.jwk").read_text(encoding="ascii")))
    return StreamStore(folder, publisher(public))


def memory(name: str) -> float:
    """Read a figure of this process, in MB (proc(5))."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"no {name}")


def print_lookup(folder: Path, chance: random.Random) -> None:
    """Print a lookup among all lists: from the place in a pass to the standing with its instant."""
    held = reopened(folder).refresh()
    assert held is not None
    held.open()
    lists = Mix().lists
    wanted = [
        StatusPlace(f"{PREFIX}{chance.randint(1, lists)}", chance.randrange(PLACES)) for _ in range(LOOKUPS)
    ]
    found, took = held.find_standing, list[float]()
    for _ in range(ROUNDS):
        began = time.process_time()
        for place in wanted:
            found(place)
        took.append(cpu(began) / LOOKUPS * 1e6)
    bad = sum(1 for place in wanted if (said := found(place)) is not None and said.standing.value != "valid")
    assert 0.8 < bad / LOOKUPS / (Mix().moved / PLACES) < 1.2
    print_row("status_lookup_us", statistics.median(took), 1.0)


class _Unchecked(Publisher):
    """Takes every signature for right: what is left is the work on the lists."""

    @override
    def verify(self, signed: object, at: int) -> None:
        """Look at nothing."""


def print_deltas(folder: Path, signer: Signer, chance: random.Random) -> None:
    """Print what a delta costs: whole, without its signature, and written through to the disk."""
    raw = folder.joinpath("download").read_bytes()
    trusted = publisher(signer.public)
    held = HeldStream.read(raw, _Unchecked(PREFIX, ISSUER, trusted.trust))
    held.open()
    messages = list(chain(held, signer, chance))
    print_row("status_delta_applied_without_signature_us", applied(held, messages), 100)
    checked = HeldStream.read(raw, trusted)
    checked.open()
    print_row("status_delta_applied_us", applied(checked, messages), 1000)
    payload = cose.decode(messages[0], size_bytes_max=1024)
    began = time.process_time()
    for _ in range(DELTAS):
        signer.public.verify(payload.signature, payload.signing_input())
    print(f"info_status_delta_bare_signature_us {cpu(began) / DELTAS * 1e6:.0f}")
    store = reopened(folder)
    store.refresh()
    wall = time.perf_counter()
    for message in messages[:100]:
        store.take([message])
    print(f"info_status_delta_to_disk_ms_by_the_wall_clock {(time.perf_counter() - wall) * 10:.2f}")


def applied(held: HeldStream, messages: list[bytes]) -> float:
    """Apply a chain of deltas; give the microseconds of one."""
    began = time.process_time()
    for message in messages:
        held.apply(message)
    took = cpu(began) / len(messages) * 1e6
    assert held.sequence == SEQUENCE + len(messages)
    return took


def chain(held: HeldStream, signer: Signer, chance: random.Random) -> Iterator[bytes]:
    """Sign suspensions that follow what is held, each with its decoy."""
    digest, lists = held.digest, Mix().lists
    for number in range(held.sequence + 1, held.sequence + DELTAS + 1):
        shard = chance.randint(1, lists)
        first, second = sorted(chance.sample(range(PLACES), 2))
        delta = Delta(number, AT + 1, digest, (Change(shard, first, 2), Change(shard, second, 2)))
        digest = status_stream.digest_of(delta.payload())
        yield status_stream.sign(signer, delta)


def cpu(began: float) -> float:
    """Give the seconds of CPU since."""
    return time.process_time() - began


def print_row(name: str, figure: float, target: float) -> None:
    """Print ``name figure target ok|short``; here less is better."""
    print(f"{name} {figure:.2f} {target:.2f} {'ok' if figure <= target else 'short'}", flush=True)


if __name__ == "__main__":
    main()
