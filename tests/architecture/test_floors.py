"""The import contracts hold, and each of them catches what it is there for."""

import re
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


# These follow an import through the whole house, so each of their mutants is planted in a house of its own.
# The others look at one import at a time, and tell each of many that stand in one house.
FAR_SIGHTED = tuple(contract for contract in MUTANTS if contract[0] in "126")


@pytest.mark.slow
@pytest.mark.parametrize(
    "planted",
    [*((contract,) for contract in FAR_SIGHTED), tuple(one for one in MUTANTS if one not in FAR_SIGHTED)],
    ids=lambda planted: planted[0] if len(planted) == 1 else "the others",
)
def test_each_contract_catches_a_planted_import(planted: tuple[str, ...], tmp_path: Path) -> None:
    copy_house(tmp_path)
    for contract in planted:
        file, line = MUTANTS[contract]
        with (tmp_path / "src" / "rahdari" / file).open("a", encoding="utf-8") as target:
            target.write(f"\n{line}\n")
    told = lint(tmp_path).stdout
    _, _, reasons = told.partition("Broken contracts")
    broken = [line for line in told.splitlines() if line.rstrip().endswith("BROKEN")]
    for contract in planted:
        assert any(contract in line for line in broken), told[-3000:]
        # What the contract complains of is its own mutant, not a neighbour's.
        file, line = MUTANTS[contract]
        importer = f"rahdari/{file}".removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        reason = re.split(r"\n(?=\d[a-z]? )", reasons[reasons.index(f"\n{contract}") + 1 :], maxsplit=1)[0]
        imported = line.removeprefix("import ")
        edges = re.findall(r"(\S+)\s+->\s+(\S+)", reason)
        assert any(importer.endswith(one) and imported.endswith(other) for one, other in edges), reason


def copy_house(folder: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "*.ttf", "static", "*.parquet", "*.zip")
    shutil.copytree(REPOSITORY / "src", folder / "src", ignore=ignored)
    shutil.copy(REPOSITORY / "pyproject.toml", folder)


def test_a_folder_without_a_floor_fails(tmp_path: Path) -> None:
    copy_house(tmp_path)
    stray = tmp_path / "src" / "rahdari" / "stray"
    stray.mkdir()
    (stray / "__init__.py").write_text("", encoding="utf-8")
    assert lint(tmp_path).returncode != 0
