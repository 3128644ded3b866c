"""The import contracts hold, and each of them catches what it is there for."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    tool = Path(sys.executable).parent / "lint-imports"
    return subprocess.run(
        [tool, "--no-cache", "--config", folder / "pyproject.toml"],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_house_keeps_its_floors() -> None:
    told = lint(REPOSITORY)
    assert told.returncode == 0, told.stdout[-4000:]


MUTANTS = {
    "1 The house has floors": ("kernel/clock.py", "import rahdari.credentials"),
    "2 Every room has the same floors inside": ("credentials/errors.py", "import rahdari.credentials.policy"),
    "3a credentials is entered by its front door": ("web/__init__.py", "import rahdari.credentials.store"),
    "3b access is entered by its front door": ("cli/__init__.py", "import rahdari.access.store"),
    "3d signals is entered by its front door": ("web/__init__.py", "import rahdari.signals.store"),
    "3e trade is entered by its front door": ("web/__init__.py", "import rahdari.trade.values"),
    "4 Pure code does no input or output": ("wire/base45.py", "import socket"),
    "5a Only the database room speaks to a driver": ("credentials/store/table.py", "import sqlite3"),
    "5b Only stores and the database room write SQL": ("credentials/service/desk.py", "import sqlalchemy"),
    "5c The web framework stays at its edge": ("app/house.py", "import litestar"),
    "5d The command line's libraries stay at their edge": ("web/__init__.py", "import rich"),
    "5e Only one adapter knows the library of passkeys": ("app/holder_desk.py", "import webauthn"),
    "5f Only the trade store speaks to an engine of flows": ("trade/errors.py", "import duckdb"),
    "6 No cycles anywhere": ("credentials/values/text.py", "import rahdari.credentials.values.cards"),
}


@pytest.mark.slow
@pytest.mark.parametrize("contract", MUTANTS)
def test_each_contract_catches_a_planted_import(contract: str, tmp_path: Path) -> None:
    file, planted = MUTANTS[contract]
    shutil.copytree(
        REPOSITORY / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.ttf")
    )
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    target = tmp_path / "src" / "rahdari" / file
    target.write_text(target.read_text(encoding="utf-8") + f"\n{planted}\n", encoding="utf-8")
    told = lint(tmp_path)
    broken = [line for line in told.stdout.splitlines() if line.rstrip().endswith("BROKEN")]
    assert any(contract in line for line in broken), told.stdout[-3000:]


def test_a_folder_without_a_floor_fails(tmp_path: Path) -> None:
    shutil.copytree(
        REPOSITORY / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.ttf")
    )
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    stray = tmp_path / "src" / "rahdari" / "stray"
    stray.mkdir()
    (stray / "__init__.py").write_text("", encoding="utf-8")
    assert lint(tmp_path).returncode != 0
