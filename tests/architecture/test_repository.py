"""The repository speaks of the project alone, and pins what it installs."""

import re
import subprocess

import pytest

from tests.conftest import REPOSITORY

BINARY = {".png", ".ttf", ".otf", ".woff2", ".webp", ".pdf", ".ico", ".wasm"}


def tracked() -> list[str]:
    told = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=False)
    if told.returncode != 0:
        pytest.skip("this is no git checkout")
    return [name for name in told.stdout.decode().split("\0") if name]


def test_no_path_of_a_machine_is_in_the_tree() -> None:
    # Somebody's home or scratch folder, as in a log that was pasted.
    path = re.compile(r"(?<![\w.])/(?:home|root|work|tmp)/[a-z.]")
    for name in tracked():
        file = REPOSITORY / name
        if file.suffix in BINARY or not file.is_file():
            continue
        found = path.search(file.read_text(encoding="utf-8", errors="replace"))
        assert not found, f"{name}: {found}"


@pytest.mark.parametrize("lock", ["requirements.lock", "peers.lock"])
def test_locks_have_hashes_and_no_addresses(lock: str) -> None:
    text = (REPOSITORY / lock).read_text(encoding="utf-8")
    assert "://" not in text
    pins = re.findall(r"^[a-z0-9][\w.\-]*==", text, re.MULTILINE)
    assert len(pins) >= 3
    assert text.count("--hash=sha256:") >= len(pins)


def test_every_font_has_its_licence_beside_it() -> None:
    for name in tracked():
        file = REPOSITORY / name
        if file.suffix in {".ttf", ".otf", ".woff2"}:
            assert any("LICENSE" in one.name for one in file.parent.iterdir()), name
