"""Each store of private keys keeps the same promises: memory, encrypted files, a PKCS#11 token."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rahdari.app.house import found_house, open_house
from rahdari.app.keyring_files import FileKeyRing, create_store
from rahdari.app.settings import read_settings
from rahdari.credentials import KeyUse
from rahdari.credentials.errors import KeyLocked, KeyStoreFailed, UnknownKey
from rahdari.credentials.ports.keyring import KeyRing
from rahdari.wire.errors import BadSignature
from rahdari.wire.keys import Algorithm, PublicKey, SoftwareSigner
from tests.fakes.chance import SeededChance
from tests.fakes.keyring import KeyRingInMemory

PIN = "5678-sample"
MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
Reopened = Callable[[], KeyRing]


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The path of SoftHSM's module with an empty token folder, or skip with the reason.

    SoftHSM reads where its tokens lie when the process first loads it; the folder is therefore the session's.
    """
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (the extra rahdari[pkcs11])")
    module = next((path for path in MODULES if Path(path).is_file()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM2 is not installed here (on Debian: apt-get install softhsm2)")
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    _make_token("rahdari-tests")
    _make_token("rahdari-other")
    yield module
    os.environ.pop("SOFTHSM2_CONF")
    if before is not None:
        os.environ["SOFTHSM2_CONF"] = before


def _make_token(label: str) -> None:
    pins = ["--so-pin", "1234-sample", "--pin", PIN]
    subprocess.run(  # noqa: S603 - a fixed command
        ["softhsm2-util", "--init-token", "--free", "--label", label, *pins],  # noqa: S607 - where it is installed
        check=True,
        capture_output=True,
    )


@pytest.fixture(params=["memory", "files", "pkcs11"])
def reopened(request: pytest.FixtureRequest, tmp_path: Path) -> Reopened:
    """Open the same key store anew, as a process does that starts again."""
    if request.param == "memory":
        memory = KeyRingInMemory()
        return lambda: memory
    if request.param == "files":
        create_store(tmp_path / "keys", "sample passphrase", chance=SeededChance(), scrypt_n=2)
        return lambda: FileKeyRing(tmp_path / "keys", lambda: "sample passphrase")
    module: str = request.getfixturevalue("softhsm")
    from rahdari.app.keyring_pkcs11 import Pkcs11KeyRing  # noqa: PLC0415 - the extra may be absent

    return lambda: Pkcs11KeyRing(module, "rahdari-tests", PIN)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_key_that_was_made_signs_also_after_a_restart(reopened: Reopened, algorithm: Algorithm) -> None:
    public = reopened().create(algorithm)
    assert public.algorithm is algorithm
    for ring in (reopened(), reopened()):
        signer = ring.signer(PublicKey.from_jwk(public.as_jwk()))
        assert signer.public == public
        for message in (b"", b"a pass", b"\0" * 5000):
            signature = signer.sign(message)
            assert len(signature) == 64
            public.verify(signature, message)
            with pytest.raises(BadSignature):
                public.verify(signature, message + b"x")


def test_each_key_is_another_one_and_signs_for_itself(reopened: Reopened) -> None:
    ring = reopened()
    first, second = ring.create(Algorithm.ES256), ring.create(Algorithm.ES256)
    assert first != second
    with pytest.raises(BadSignature):
        first.verify(ring.signer(second).sign(b"a pass"), b"a pass")


def test_a_key_that_was_never_made_is_unknown(reopened: Reopened) -> None:
    with pytest.raises(UnknownKey):
        reopened().signer(SoftwareSigner.generate().public)


def test_threads_may_sign_at_once(reopened: Reopened) -> None:
    ring = reopened()
    keys = [ring.create(Algorithm.ES256) for _ in range(3)]

    def sign(number: int) -> None:
        message = f"pass {number}".encode()
        key = keys[number % 3]
        key.verify(ring.signer(key).sign(message), message)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(sign, range(60)))


def test_a_key_in_a_token_never_leaves_it(softhsm: str) -> None:
    import pkcs11  # noqa: PLC0415 - the extra may be absent
    from pkcs11 import Attribute  # noqa: PLC0415

    from rahdari.app.keyring_pkcs11 import Pkcs11KeyRing, find_private  # noqa: PLC0415

    ring = Pkcs11KeyRing(softhsm, "rahdari-tests", PIN)
    public = ring.create(Algorithm.ES256)
    with ring.working() as session:
        key = find_private(session, public)
        assert key[Attribute.SENSITIVE]
        assert not key[Attribute.EXTRACTABLE]
        assert key[Attribute.ID] == public.thumbprint()
        with pytest.raises(pkcs11.AttributeSensitive):
            key[Attribute.VALUE]


def test_a_wrong_pin_a_wrong_label_and_a_wrong_module_are_told_apart(softhsm: str, tmp_path: Path) -> None:
    from rahdari.app.keyring_pkcs11 import Pkcs11KeyRing  # noqa: PLC0415 - the extra may be absent

    wrong = Pkcs11KeyRing(softhsm, "rahdari-other", "wrong")
    for _ in range(20):  # more often than a token bears, were the PIN shown each time
        with pytest.raises(KeyLocked, match="PIN"):
            wrong.create(Algorithm.ES256)
    with pytest.raises(KeyStoreFailed, match="no-such-token"):
        Pkcs11KeyRing(softhsm, "no-such-token", PIN).create(Algorithm.ES256)
    with pytest.raises(KeyStoreFailed, match="pkcs11_module"):
        Pkcs11KeyRing(str(tmp_path / "absent.so"), "rahdari-tests", PIN).create(Algorithm.ES256)


def test_a_token_that_comes_back_is_opened_anew(softhsm: str) -> None:
    from rahdari.app.keyring_pkcs11 import Pkcs11KeyRing  # noqa: PLC0415 - the extra may be absent

    ring = Pkcs11KeyRing(softhsm, "rahdari-tests", PIN)
    public = ring.create(Algorithm.ES256)
    signer = ring.signer(public)
    signer.sign(b"another pass")
    with ring.working() as session:
        session.close()
    with pytest.raises(KeyStoreFailed, match="plugged in"):
        signer.sign(b"a pass")
    public.verify(signer.sign(b"a pass"), b"a pass")


def test_an_authority_is_founded_on_a_token_and_opened_again(softhsm: str, tmp_path: Path) -> None:
    set_up = {
        "RAHDARI_PKCS11_MODULE": softhsm,
        "RAHDARI_PKCS11_TOKEN": "rahdari-tests",
        "RAHDARI_PKCS11_PIN": PIN,
    }
    founded, _ = found_house(read_settings(tmp_path, set_up), scrypt_n=2)
    assert founded.authority.verify_log().is_intact
    founded.close()
    # What hides who is likely to be whom (oversight) is no signing key, and no token keeps it.
    assert [one.name for one in (tmp_path / "keys").iterdir()] == ["clues.key"]
    assert PIN not in (tmp_path / "rahdari.toml").read_text()
    opened = open_house(read_settings(tmp_path, {"RAHDARI_PKCS11_PIN": PIN}))
    assert opened.authority.publish(every=True)
    officer = opened.officers.authenticate_named("officer")
    assert opened.authority.rotate(KeyUse.PASS, actor=officer)[0].use is KeyUse.PASS
    assert opened.authority.verify_log().is_intact
    opened.close()


def test_a_wrong_passphrase_opens_no_file(tmp_path: Path) -> None:
    create_store(tmp_path / "keys", "right", chance=SeededChance(), scrypt_n=2)
    public = FileKeyRing(tmp_path / "keys", lambda: "right").create(Algorithm.ES256)
    with pytest.raises(KeyLocked):
        FileKeyRing(tmp_path / "keys", lambda: "wrong").signer(public)
    with pytest.raises(KeyLocked):
        FileKeyRing(tmp_path / "keys", lambda: "wrong").create(Algorithm.ES256)
