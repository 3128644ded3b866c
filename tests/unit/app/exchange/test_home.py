"""A gateway's home: what is written is read back, and what cannot be is named."""

import ssl
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from rahdari.app.errors import AlreadyInitialised, BadSettings, NotInitialised
from rahdari.app.exchange.edge_tls import EdgeTlsSettings
from rahdari.app.exchange.gateway_keys import LIFE, log_origin
from rahdari.app.exchange.home import (
    FILE_NAME,
    GatewaySettings,
    create_home,
    open_keys,
    read_home,
    write_gateway_file,
)
from rahdari.app.exchange.joining import kept_request, make_request
from rahdari.exchange.errors import ConfigurationRefused, KeysLocked
from rahdari.exchange.rules.directory import build_directory
from rahdari.exchange.values.services import ClientProof, Durability, LocalClient
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.ndel.certificates import read_certificate_of
from rahdari.wire.ndel.joining import read_join
from rahdari.wire.ndel.parties import Configuration, Member
from rahdari.wire.sealed import Kem
from rahdari.wire.tlog import KeyKind
from rahdari.wire.xroad import SecurityServerId, SubsystemId
from tests.fakes.certificates import make_certificate
from tests.fakes.chance import SeededChance
from tests.fakes.exchange_registry import BEGIN, QUICK, clock, planned_home

REGISTRY = SoftwareSigner.generate(Algorithm.EDDSA).public
CHANCE = SeededChance(4)
AT = int(BEGIN.timestamp())
CLIENT = SubsystemId("PK", "GOV", "1001", "registry")


def made(folder: Path, **changes: object) -> object:
    home = replace(planned_home(folder, REGISTRY, "http://127.0.0.1:8470/configuration.jws"), **changes)  # type: ignore[arg-type]
    create_home(home, {}, at=BEGIN, chance=CHANCE, scrypt_n=QUICK)
    return home


def test_a_home_is_read_back(tmp_path: Path) -> None:
    clients = {
        CLIENT: LocalClient(
            CLIENT, ClientProof.TOKEN, frozenset({bytes(32)}), {"": "kyc", "PK/GOV/2/a/b": "tax"}
        ),
        CLIENT.member: LocalClient(CLIENT.member, ClientProof.NETWORK),
    }
    settings = GatewaySettings(
        4096, Durability.STRICT, 600, "http://127.0.0.1:4318/v1/traces", renews=False, vouching_seconds=5
    )
    home = made(tmp_path / "gw", clients=clients, settings=settings)
    assert read_home(tmp_path / "gw") == home


def test_a_home_with_tls_at_its_edge_is_read_back(tmp_path: Path) -> None:
    system = make_certificate(tmp_path, "system", begins=BEGIN)
    issued = sha256(b"issued by an authority").digest()
    client = LocalClient(
        CLIENT, ClientProof.CERTIFICATE, frozenset({sha256(system.der).digest(), issued}), {"": "kyc"}
    )
    home = made(
        tmp_path / "gw",
        clients={CLIENT: client},
        edge_tls=EdgeTlsSettings(names=("gw.example", "::1"), authorities=("ca.pem",)),
        certificate_files={CLIENT: (str(system.file),)},
    )
    found = read_home(tmp_path / "gw")
    assert found == home
    assert found.edge_url == "https://127.0.0.1:6001"
    assert planned_home(tmp_path, REGISTRY, "file:/x").edge_url == "http://127.0.0.1:6001"


def test_a_fingerprint_is_read_as_openssl_writes_it(tmp_path: Path) -> None:
    fingerprint = ":".join(["AB"] * 32)
    text = with_tls(GOOD, AUTHORITY) + by_certificate(f'certificate_digests = ["{fingerprint}"]')
    (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
    assert read_home(tmp_path).clients[CLIENT].secret_digests == {b"\xab" * 32}


def test_a_home_is_its_owners_alone(tmp_path: Path) -> None:
    made(tmp_path / "gw")
    assert stat.S_IMODE((tmp_path / "gw").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "gw" / "keys").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "gw" / FILE_NAME).stat().st_mode) == 0o600


def test_there_is_one_home_in_a_folder(tmp_path: Path) -> None:
    with pytest.raises(NotInitialised):
        read_home(tmp_path)
    made(tmp_path)
    with pytest.raises(AlreadyInitialised):
        made(tmp_path)


def test_places_stand_in_the_home(tmp_path: Path) -> None:
    home = planned_home(tmp_path, REGISTRY, "file:/somewhere")
    assert str(home.member) == "PK/GOV/1001"
    for place in (
        home.keys_folder, home.services_file, home.configuration_folder, home.log_folder, home.index_file,
        home.request_file,
    ):  # fmt: skip
        assert place.parent == tmp_path


GOOD = write_gateway_file(planned_home(Path(), REGISTRY, "http://127.0.0.1:8470/configuration.jws"))
CLIENT_TOML = '\n[[client]]\nid = "PK/GOV/1001/registry"\nproof = "network"\n'
AUTHORITY = 'authorities = ["ca.pem"]'


def with_tls(text: str, said: str = "") -> str:
    return text.replace("[peer]", f"[edge.tls]\n{said}\n\n[peer]")


def by_certificate(said: str) -> str:
    return CLIENT_TOML.replace("network", "certificate") + said + "\n"


WRONG: dict[str, Callable[[str], str]] = {
    "an unknown name": lambda text: "colour = 1\n" + text,
    "an unknown name in a table": lambda text: text.replace("[edge]", "[edge]\ncolour = 1"),
    "an unknown setting": lambda text: text + "\n[settings]\ncolour = 1\n",
    "no gateway": lambda text: text.replace("gateway =", "# "),
    "a gateway of three parts": lambda text: text.replace("1001/gw1", "1001"),
    "an address without TLS": lambda text: text.replace("https://", "http://"),
    "no name": lambda text: text.replace("[name]", "[names]"),
    "a port as text": lambda text: text.replace("port = 6001", 'port = "6001"'),
    "a port beyond all": lambda text: text.replace("port = 6001", "port = 66001"),
    "no registry key": lambda text: text.replace("keys = [", "keyz = ["),
    "a registry key cut short": lambda text: text.replace("ed25519:", "ed25519:A"),
    "a registry's address that is none": lambda text: text.replace("http://", "gopher://"),
    "a client of another member": lambda text: text + CLIENT_TOML.replace("1001", "1002"),
    "a client twice": lambda text: text + CLIENT_TOML * 2,
    "a proof that is none": lambda text: text + CLIENT_TOML.replace("network", "honour"),
    "a certificate, which no edge without TLS can see": lambda text: (
        text + CLIENT_TOML.replace("network", "certificate") + f'secret_digests = ["{"00" * 32}"]\n'
    ),
    "a certificate that nobody could verify": lambda text: (
        with_tls(text) + by_certificate(f'certificate_digests = ["{"00" * 32}"]')
    ),
    "a certificate without any": lambda text: with_tls(text, AUTHORITY) + by_certificate(""),
    "a certificate in a file that is not there": lambda text: (
        with_tls(text) + by_certificate('certificates = ["none.pem"]')
    ),
    "a certificate by the name of a token": lambda text: (
        with_tls(text, AUTHORITY) + by_certificate(f'secret_digests = ["{"00" * 32}"]')
    ),
    "a token and a certificate": lambda text: (
        with_tls(text, AUTHORITY)
        + CLIENT_TOML.replace("network", "token")
        + f'secret_digests = ["{"00" * 32}"]\ncertificate_digests = ["{"01" * 32}"]\n'
    ),
    "TLS with half of a pair": lambda text: with_tls(text, 'key = "edge.key"'),
    "TLS with names of another's certificate": lambda text: with_tls(
        text, 'certificate = "a"\nkey = "b"\nnames = ["c.example"]'
    ),
    "TLS for a name that is none": lambda text: with_tls(text, 'names = ["https://edge.example"]'),
    "TLS with an unknown name": lambda text: with_tls(text, "colour = 1"),
    "a token without its digest": lambda text: text + CLIENT_TOML.replace("network", "token"),
    "a digest that is none": lambda text: text + CLIENT_TOML + 'secret_digests = ["00"]\n',
    "a digest that is no number": lambda text: text + CLIENT_TOML + 'secret_digests = ["zz"]\n',
    "a purpose that is none": lambda text: text + CLIENT_TOML + 'purposes = {"" = "a b"}\n',
    "a purpose that is no text": lambda text: text + CLIENT_TOML + 'purposes = {"" = 1}\n',
    "a client that is no table": lambda text: "client = 1\n" + text,
    "an edge that is no table": lambda text: "edge = 1\n" + text.replace("[edge]", "[other]"),
    "a subsystem twice": lambda text: text.replace('["registry"]', '["a", "a"]'),
    "a record of another kind": lambda text: text + '\n[settings]\nown_record = "never"\n',
    "no truth": lambda text: text + '\n[settings]\nrenews = "yes"\n',
    "rounds that never come": lambda text: text + "\n[settings]\nvouching_seconds = 0\n",
    "traces to nowhere": lambda text: text + '\n[settings]\ntraces_url = "x"\n',
    "no TOML": lambda text: text + "\n[[[",
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_what_cannot_be_is_refused_and_named(tmp_path: Path, change: Callable[[str], str]) -> None:
    changed = change(GOOD)
    assert changed != GOOD
    (tmp_path / FILE_NAME).write_text(changed, encoding="utf-8")
    with pytest.raises(BadSettings, match=r"gateway\.toml"):
        read_home(tmp_path)


def test_what_cannot_be_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(BadSettings):
        made(tmp_path / "gw", url="http://127.0.0.1:1")
    assert not (tmp_path / "gw").exists()


def test_keys_are_opened_as_they_were_made(tmp_path: Path) -> None:
    home = planned_home(tmp_path, REGISTRY, "file:/x")
    first = create_home(home, {}, at=BEGIN, chance=CHANCE, scrypt_n=QUICK)
    again = open_keys(home, {}, chance=CHANCE)
    assert again.as_gateway(home.id) == first.as_gateway(home.id)
    assert again.particulars_key == first.particulars_key != again.subjects_key == first.subjects_key
    assert [one.public.kem for one in again.opening_keys] == list(Kem)
    assert [one.key.kind for one in again.log_signers] == [KeyKind.ED25519, KeyKind.ML_DSA_44]
    assert {one.key.name for one in again.log_signers} == {again.origin} == {log_origin(home.id)}
    assert again.cosigner.key.kind is KeyKind.COSIGNATURE


def test_a_missing_or_damaged_key_is_told(tmp_path: Path) -> None:
    home = planned_home(tmp_path, REGISTRY, "file:/x")
    create_home(home, {}, at=BEGIN, chance=CHANCE, scrypt_n=QUICK)
    for name in ("log-ed25519", "particulars", "recipient-x_wing"):
        kept = (home.keys_folder / f"{name}.jwe").read_bytes()
        (home.keys_folder / f"{name}.jwe").unlink()
        with pytest.raises(KeysLocked, match=name):
            open_keys(home, {}, chance=CHANCE)
        (home.keys_folder / f"{name}.jwe").write_bytes(kept)
    for file in home.keys_folder.glob("tls-*.jwe"):
        file.unlink()
    with pytest.raises(KeysLocked, match="certificate"):
        open_keys(home, {}, chance=CHANCE)


def test_further_secrets_are_kept(tmp_path: Path) -> None:
    keys = create_home(
        planned_home(tmp_path, REGISTRY, "file:/x"), {}, at=BEGIN, chance=CHANCE, scrypt_n=QUICK
    )
    assert keys.secret("other") is None
    keys.keep("other", b"value")
    assert keys.secret("other") == b"value"


def test_a_request_to_join_is_made_of_the_newest_keys(tmp_path: Path) -> None:
    home = planned_home(tmp_path, REGISTRY, "file:/x")
    keys = create_home(home, {}, at=BEGIN, chance=CHANCE, scrypt_n=QUICK)
    assert kept_request(home) is None
    text = make_request(home, keys, clock())
    assert kept_request(home) == text
    assert read_join(text).request.member == Member(
        home.member, home.name, ("registry",), (keys.as_gateway(home.id),)
    )


def test_a_log_is_named_after_its_gateway_without_a_plus() -> None:
    assert log_origin(SecurityServerId("PK", "GOV", "a+b", "gw1")) == "ndel/PK/GOV/a%2Bb/gw1"


def directory_of(*gateways: object) -> Configuration:
    member = Member(planned_home(Path(), REGISTRY, "file:/x").member, {"en": "x"}, (), gateways)  # type: ignore[arg-type]
    return Configuration("PK", 1, AT, AT + 86_400, 30, members=(member,), purposes=())


def test_new_keys_are_used_once_the_configuration_has_them(tmp_path: Path) -> None:
    home = planned_home(tmp_path, REGISTRY, "file:/x")
    keys = create_home(home, {}, at=BEGIN, chance=CHANCE, scrypt_n=QUICK)
    old = keys.as_gateway(home.id)
    message, held = keys.renew(BEGIN + timedelta(days=60))
    new = keys.as_gateway(home.id)
    before = build_directory(directory_of(old))
    assert keys.signer_for(before, AT)[0] == old.keys[0].keyid
    assert keys.certificate_for(before).certificate.der == old.certificates[0]
    both = replace(old, keys=old.keys + new.keys, certificates=old.certificates + new.certificates)
    during = build_directory(directory_of(both))
    later = AT + 60 * 86_400
    assert (
        keys.signer_for(build_directory(replace(during.home, expires=later + 9)), later)[0]
        == message.key.keyid
    )
    assert keys.certificate_for(during) == held
    assert set(keys.signers) == {old.keys[0].keyid, message.key.keyid}
    assert open_keys(home, {}, chance=CHANCE).as_gateway(home.id) == new


@pytest.mark.parametrize("later", [timedelta(0), timedelta(days=-90), timedelta(seconds=0.5)])
def test_the_newest_keys_are_the_newest_whatever_the_clock_says(tmp_path: Path, later: timedelta) -> None:
    home = planned_home(tmp_path, REGISTRY, "file:/x")
    keys = create_home(home, {}, at=BEGIN, chance=CHANCE, scrypt_n=QUICK)
    for _ in range(3):
        message, held = keys.renew(BEGIN + later)
        assert keys.messages[-1] == message
        assert keys.held_certificates[-1] == held
    assert len(open_keys(home, {}, chance=CHANCE).messages) == 4


def test_a_gateway_that_is_not_entered_signs_nothing(tmp_path: Path) -> None:
    home = planned_home(tmp_path, REGISTRY, "file:/x")
    keys = create_home(home, {}, at=BEGIN, chance=CHANCE, scrypt_n=QUICK)
    with pytest.raises(ConfigurationRefused, match="no key of this gateway"):
        keys.signer_for(build_directory(directory_of()), AT)


def test_old_keys_are_forgotten_and_the_newest_stay(tmp_path: Path) -> None:
    home = planned_home(tmp_path, REGISTRY, "file:/x")
    keys = create_home(home, {}, at=BEGIN, chance=CHANCE, scrypt_n=QUICK)
    keys.renew(BEGIN + timedelta(days=60))
    keys.forget(int((BEGIN + LIFE).timestamp()))
    assert len(keys.messages) == len(keys.certificates) == 1
    keys.forget(int((BEGIN + 9 * LIFE).timestamp()))
    assert len(keys.messages) == len(keys.certificates) == 1
    assert len(open_keys(home, {}, chance=CHANCE).messages) == 1


def test_a_certificate_is_good_for_its_host_and_in_force_now(tmp_path: Path) -> None:
    home = replace(planned_home(tmp_path, REGISTRY, "file:/x"), url="https://gate.example:5500")
    keys = create_home(home, {}, at=BEGIN, chance=CHANCE, scrypt_n=QUICK)
    found = read_certificate_of(keys.certificates[0], url=home.url)
    assert found.not_before < AT < found.not_after
    assert found.not_after - found.not_before == LIFE.total_seconds()


def test_tls_gets_the_certificate_and_its_key_and_leaves_no_file(tmp_path: Path) -> None:
    home = planned_home(tmp_path, REGISTRY, "file:/x")
    keys = create_home(home, {}, at=BEGIN, chance=CHANCE, scrypt_n=QUICK)
    before = set(home.keys_folder.iterdir())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    keys.load_tls(context, build_directory(directory_of(keys.as_gateway(home.id))))
    assert set(home.keys_folder.iterdir()) == before
