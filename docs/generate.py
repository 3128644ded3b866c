"""Write docs/look-up from the code; ``tests/architecture`` fails where a page is behind it.

Run ``make docs``. Each page is a function from the house to Markdown.
"""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec

import rahdari.access
import rahdari.credentials
import rahdari.database
import rahdari.kernel
import rahdari.oversight
import rahdari.signals
import rahdari.wire
from rahdari.app.catalogue import read_catalogue
from rahdari.app.clock import SystemChance, SystemClock
from rahdari.app.house import wire
from rahdari.app.settings import Settings
from rahdari.cli import describe_commands
from rahdari.cli.exit_codes import MEANINGS, exit_code_of
from rahdari.credentials import FEATURES, MOVES, step_table
from rahdari.credentials.rules.products import ProductFile
from rahdari.kernel import Problem
from rahdari.web.api.document import describe, find_operations
from rahdari.web.pages.schemas import list_fields
from rahdari.web.problems import STATUSES
from rahdari.web.rights import RIGHTS
from rahdari.web.server import build_app

LOOK_UP = Path(__file__).parent / "look-up"
NOTE = "<!-- Written by docs/generate.py; change the code, then run `make docs`. -->\n\n"


def problem_classes() -> tuple[type[Problem], ...]:
    """Find every refusal that has a code of its own, by code, in whatever module it stands."""
    for module in pkgutil.walk_packages(rahdari.__path__, "rahdari."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found: dict[str, type[Problem]] = {}
    todo: list[type[Problem]] = [Problem]
    while todo:
        one = todo.pop()
        todo.extend(one.__subclasses__())
        if "code" in vars(one) and one.__module__.startswith("rahdari."):
            found.setdefault(one.code, one)
    return tuple(found[code] for code in sorted(found))


def _table(heading: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    lines = [heading, tuple("---" for _ in heading), *rows]
    return "".join(
        "| " + " | ".join(" ".join(str(cell).split()).replace("|", "\\|") for cell in line) + " |\n"
        for line in lines
    )


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def settings_page() -> str:
    """Every setting."""
    rows = [
        (
            f"`{one.name}`",
            f"`RAHDARI_{one.name.upper()}`",
            "" if "secret" in one.metadata else f"`{one.default}`",
            one.metadata["about"],
        )
        for one in fields(Settings)
    ]
    head = (
        "# Settings\n\nDefaults, then `rahdari.toml` in the home folder, then the environment. Secrets belong "
        "into files or the environment, never into `rahdari.toml` that others may read.\n\n"
    )
    return head + _table(("in `rahdari.toml`", "in the environment", "default", "what it is"), rows)


def problems_page() -> str:
    """Every problem code with its HTTP status and its exit code."""
    rows = [
        (
            f"`{one.code}`",
            STATUSES.get(one.code, 500),
            int(exit_code_of(one.code, family=one)),
            _first_line(one),
        )
        for one in problem_classes()
    ]
    head = "# Problem codes\n\nOne refusal, one code: an RFC 9457 problem, or an exit code.\n\n"
    return head + _table(("code", "HTTP", "exit", "what happened"), rows)


def commands_page() -> str:
    """Every command."""
    codes = _table(
        ("exit code", "when"), [(f"`{int(code)}`", meaning) for code, meaning in sorted(MEANINGS.items())]
    )
    parts = [
        "# Commands\n\n`rahdari COMMAND --help` says the same with examples.\n\n",
        f"## Exit codes\n\nThe code of each refusal stands under [problem codes](problems.md).\n\n{codes}",
    ]
    for command, summary, options in describe_commands():
        parts.append(f"\n## `{command}`\n\n{summary}\n")
        if options:
            parts.append(
                "\n" + _table(("option", "what it is"), [(f"`{name}`", about) for name, about in options])
            )
    return "".join(parts)


def http_page() -> str:
    """Every HTTP operation, and the fields of each body."""
    house = wire(Settings(database="sqlite://"), SystemClock(), SystemChance())
    app = build_app(house)
    document = describe(app, server="http://127.0.0.1:8440")
    rows, bodies = [], []
    for path, handler, _ in sorted(find_operations(app), key=lambda one: (one[0], min(one[1].http_methods))):
        name, method = str(handler.operation_id), "/".join(sorted(handler.http_methods - {"HEAD"}))
        summary = _first_line(getattr(handler.fn, "func", handler.fn))
        rows.append((f"`{method}`", f"`{path}`", ", ".join(sorted(RIGHTS[name])), summary))
        bodies.append(_body(path, method, document))
    house.close()
    head = (
        "# HTTP API\n\nThe description for machines is served at `/api/openapi.json` (OpenAPI 3.1), a page for "
        "people, with an example of each call, at `/api`.\n\n"
    )
    return head + _table(("method", "path", "who may", "what it does"), rows) + "".join(bodies)


def _body(path: str, method: str, document: Any) -> str:  # noqa: ANN401 - an OpenAPI document
    """The fields of an operation's JSON body; nothing where it takes none."""
    taken = document["paths"][path][method.lower()].get("requestBody", {}).get("content", {})
    if "application/json" not in taken:
        instead = ", ".join(f"`{media_type}`" for media_type in taken)
        return f"\n## `{method} {path}`\n\nTakes {instead}.\n" if instead else ""
    others = [f"`{one}`" for one in taken if one != "application/json"]
    also = f"\nTakes {', '.join(others)} too.\n" if others else ""
    fields = list_fields(taken["application/json"]["schema"], document)
    rows = [(f"`{one.name}`", one.kind, "yes" if one.required else "", one.about) for one in fields]
    return f"\n## `{method} {path}`\n{also}\n" + _table(("field", "type", "required", "what it is"), rows)


def life_cycle_page() -> str:
    """The table of the life cycle."""
    rows = [
        (
            stage or "(new)",
            act.replace("_", " "),
            move.to,
            ", ".join(sorted(move.roles)),
            ", ".join(move.reasons),
        )
        for (stage, act), move in MOVES.items()
    ]
    head = (
        "# The life of a card\n\nOne table in the code (`credentials/rules/life_cycle.py`); nothing moves a card "
        "that does not stand here. Revoking takes two different supervisors: one proposes, another revokes. "
        "While a revocation is proposed the card is not replaced, and a card that expired while it was suspended "
        "or proposed for revocation is replaced by a supervisor alone.\n\n"
    )
    return head + _table(("stands at", "act", "leads to", "role", "reasons"), rows)


def verification_page() -> str:
    """The steps of a verification."""
    head = "# The steps of a verification\n\nOne function, in this order; it stops at the first failure.\n\n"
    return head + _table(("step", "what is checked", "source"), step_table())


def products_page() -> str:
    """The shipped products and the words of their files."""
    shipped = read_catalogue(Path("nowhere")).list_current()
    rows = [
        (
            f"`{one.ref}`",
            one.title["en"],
            one.holder,
            ", ".join(spec.kind for spec in one.features),
            one.validity.years,
            one.validity.lifetime_from_age or "",
        )
        for one in shipped
    ]
    head = (
        "# Card products\n\nA product is a TOML file: those shipped stand in `src/rahdari/credentials/products`, "
        "your own in the folder `products` of the home. A file with the id and version of a shipped one takes "
        "its place; a higher version is what new cards are made under, while older cards keep theirs. "
        "`rahdari product check FILE` says whether a file is right.\n\n"
    )
    return (
        head
        + _table(("product", "title", "for", "features", "years", "lifetime from"), rows)
        + f"\nFeatures that the house has: {', '.join(f'`{kind}`' for kind in FEATURES)}.\n\n"
        + "## The keys of a file\n\nAn unknown key is an error.\n\n"
        + _table(("key", "type", "may be left out"), _keys("", ProductFile))
    )


def _keys(prefix: str, struct: type) -> list[tuple[object, ...]]:
    """List the keys of a part of the product file, and of the parts within it."""
    rows: list[tuple[object, ...]] = []
    for one in msgspec.structs.fields(struct):
        inner = one.type.__args__[0] if getattr(one.type, "__origin__", None) is tuple else one.type
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            is_list = inner is not one.type
            rows.extend(_keys(f"{prefix}{one.name}{'[]' if is_list else ''}.", inner))
        else:
            kind = one.type.__name__ if one.type in (str, int) else str(one.type).replace("typing.", "")
            kind = kind.removeprefix("<enum '").removesuffix("'>")
            rows.append((f"`{prefix}{one.name}`", f"`{kind}`", "" if one.required else "yes"))
    return rows


def front_doors_page() -> str:
    """The names that each room offers."""
    rooms = (
        rahdari.kernel,
        rahdari.wire,
        rahdari.database,
        rahdari.access,
        rahdari.oversight,
        rahdari.credentials,
        rahdari.signals,
    )
    parts = ["# Front doors\n\nWhat each room offers to the floors above; all else may change unasked.\n"]
    for room in rooms:
        rows = [
            (f"`{name}`", _first_line(getattr(room, name)) if callable(getattr(room, name)) else "")
            for name in getattr(room, "__all__", ())
        ]
        parts.append(f"\n## `{room.__name__}`\n\n{_first_line(room)}\n")
        if rows:
            parts.append("\n" + _table(("name", "promise"), rows))
    return "".join(parts)


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "problems.md": problems_page,
    "cli.md": commands_page,
    "http.md": http_page,
    "life-cycle.md": life_cycle_page,
    "verification.md": verification_page,
    "products.md": products_page,
    "front-doors.md": front_doors_page,
}


def write_all(folder: Path) -> None:
    """Write every page into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(NOTE + page(), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1].startswith("-"):
        sys.exit("usage: docs/generate.py [FOLDER]")
    write_all(Path(sys.argv[1]) if len(sys.argv) > 1 else LOOK_UP)
