"""Documentation that is generated is current; links lead somewhere; README's commands are real."""

import re
import runpy
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

DOCS = REPOSITORY / "docs"
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
CODE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    return sorted([*REPOSITORY.glob("*.md"), *DOCS.rglob("*.md")])


def test_look_up_says_what_the_code_says(tmp_path: Path) -> None:
    generator = runpy.run_path(str(DOCS / "generate.py"))
    generator["write_all"](tmp_path)
    for page in sorted(tmp_path.iterdir()):
        kept = DOCS / "look-up" / page.name
        assert kept.is_file(), f"{page.name} is missing: run make docs"
        assert kept.read_text(encoding="utf-8") == page.read_text(encoding="utf-8"), (
            f"{page.name}: run make docs"
        )


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), target


def test_every_page_for_readers_is_reached_from_the_readme() -> None:
    wanted, reached = {REPOSITORY / "README.md"}, set[Path]()
    while wanted:
        reached.add(page := wanted.pop())
        named = (page.parent / target for target in LINK.findall(page.read_text(encoding="utf-8")))
        wanted |= {one.resolve() for one in named if one.suffix == ".md" and one.exists()} - reached
    # Standards and decisions are linked as folders.
    meant = [page for part in ("learn", "do", "look-up", "understand") for page in (DOCS / part).glob("*.md")]
    assert not {page.name for page in meant if page.resolve() not in reached}


@pytest.mark.parametrize(
    "page",
    [page for page in pages() if CODE.search(page.read_text(encoding="utf-8"))],
    ids=lambda page: page.relative_to(REPOSITORY).as_posix(),
)
def test_code_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    space: dict[str, object] = {"__name__": "example"}
    for block in CODE.findall(page.read_text(encoding="utf-8")):
        exec(compile(block, page.name, "exec"), space)  # noqa: S102 - our own documentation


def test_readme_offers_the_two_commands_and_one_picture_on_its_first_screen() -> None:
    first_screen = "\n".join((REPOSITORY / "README.md").read_text(encoding="utf-8").splitlines()[:40])
    assert re.findall(r"^make \w+", first_screen, re.MULTILINE) == ["make demo", "make test"]
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", first_screen)
    assert len(pictures) == 1
    assert (REPOSITORY / pictures[0]).is_file()


@pytest.mark.parametrize("target", ["demo", "test", "check", "bench", "peers", "docs"])
def test_make_knows_each_command_that_the_documentation_names(target: str) -> None:
    subprocess.run(["make", "-n", target], cwd=REPOSITORY, check=True, capture_output=True)


def test_every_decision_is_numbered_once() -> None:
    numbers = [page.name[:4] for page in sorted((DOCS / "decisions").glob("*.md"))]
    assert numbers == [f"{at:04d}" for at in range(1, len(numbers) + 1)]


TEST_FOLDERS = "unit|contract|conformance|properties|fuzz|journeys|world|architecture"


def test_every_test_that_a_standards_page_names_exists() -> None:
    """A clause is kept by the test beside it: one that was renamed or never written keeps nothing."""
    tests = [path.relative_to(REPOSITORY / "tests") for path in (REPOSITORY / "tests").rglob("*")]
    named = re.compile(rf"`(?:tests/)?((?:{TEST_FOLDERS})/[\w/.*-]+|test_[\w*]+\.py)`")
    for page in (DOCS / "standards").glob("*.md"):
        for name in named.findall(page.read_text(encoding="utf-8")):
            assert any(one.match(name.rstrip("/")) for one in tests), f"{page.name} names {name}"


def test_every_standard_has_its_page() -> None:
    modules = {
        path.stem for path in (REPOSITORY / "src" / "rahdari" / "wire").iterdir() if path.stem[0] != "_"
    }
    told = "\n".join(page.read_text(encoding="utf-8") for page in (DOCS / "standards").glob("*.md"))
    # Errors are no standard; the other two carry formats that stand on the page of a larger one.
    for module in modules - {
        "errors",
        "base64url",
        "strict_json",
        "strict_toml",
        "cbor",
        "compression",
        "keys",
    }:
        assert module in told, module
