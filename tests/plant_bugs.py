"""Plant each seeded bug in a copy of the sources and see its test fail: ``make seeded-bugs``.

Prints a line a bug, and closes with how many were caught. Exit code 1 if one was not.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
SECONDS_MAX = 300


def seeded_bugs() -> list[dict[str, str]]:
    bugs: list[dict[str, str]] = tomllib.loads(
        (REPOSITORY / "tests" / "seeded_bugs.toml").read_text(encoding="utf-8")
    )["bug"]
    return bugs


def is_caught(bug: dict[str, str], folder: Path) -> bool:
    shutil.copytree(REPOSITORY / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    target = folder / "src" / "rahdari" / bug["file"]
    text = target.read_text(encoding="utf-8")
    assert text.count(bug["old"]) == 1, f"{bug['file']} no longer holds the line of its seeded bug"
    target.write_text(text.replace(bug["old"], bug["new"]), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *bug["found_by"].split()]
    # PYTHONPATH stands before the editable install, so the copy is what is imported.
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    told = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, timeout=SECONDS_MAX, check=False
    )
    return told.returncode == 1


def main() -> int:
    missed = 0
    bugs = seeded_bugs()
    for bug in bugs:
        with tempfile.TemporaryDirectory() as folder:
            caught = is_caught(bug, Path(folder))
        missed += not caught
        print(f"{'caught' if caught else 'MISSED'}  {bug['file']}: {bug['new']}", flush=True)
    print(f"{len(bugs) - missed} of {len(bugs)} seeded bugs caught")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
