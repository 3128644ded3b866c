"""Run manifests: all that is needed to make a figure again, written beside it as JSON."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

import msgspec
import polars as pl

from rahdari.trade import BadParameter
from rahdari.trade.rules.answers import Answer

FORMAT: Final = "rahdari-run-1"
# A manifest holds parameters, not data; a whole tariff schedule of a large market is some megabytes.
MANIFEST_BYTES_MAX: Final = 32 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A run: the program, the data, the question with every parameter, and the digest of each table as CSV.

    ``outputs`` are SHA-256 by name in hexadecimal: ``table``, each other table by its name, and ``figures``.
    ``files`` are those of what was written beside it, by file name.
    """

    question: str
    program: str
    made_at: datetime
    source: Mapping[str, str]
    scope: Mapping[str, object]
    parameters: Mapping[str, object]
    outputs: Mapping[str, str]
    notes: tuple[Mapping[str, object], ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, object]:
        """Give it as JSON holds it."""
        return {
            "format": FORMAT,
            "question": self.question,
            "program": self.program,
            "made_at": self.made_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "source": dict(self.source),
            "scope": dict(self.scope),
            "parameters": dict(self.parameters),
            "outputs_sha256": dict(self.outputs),
            "files_sha256": dict(self.files),
            "notes": [dict(one) for one in self.notes],
        }

    def to_json(self) -> bytes:
        """Write it; the same run gives the same bytes but for its time."""
        told = json.dumps(self.document(), ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
        return (told + "\n").encode()


def manifest_of(answer: Answer, *, made_at: datetime) -> Manifest:
    """Tell how an answer was made."""
    source = answer.source
    tables = {"table": answer.table, **answer.tables}
    outputs = {name: digest_of(csv_bytes(table)) for name, table in tables.items()}
    return Manifest(
        question=answer.question,
        program=f"rahdari {version('rahdari')}",
        made_at=made_at,
        source={
            "name": source.name,
            "release": source.release,
            "revision": source.revision.value,
            "sha256": source.digest,
            "attribution": source.attribution,
        },
        scope=scope_document(answer),
        parameters=answer.parameters,
        outputs=outputs | {"figures": digest_of(json.dumps(dict(answer.figures), sort_keys=True).encode())},
        notes=tuple({"code": one.code, "values": dict(one.values)} for one in answer.notes),
    )


def scope_document(answer: Answer) -> dict[str, object]:
    """Give a scope as JSON holds it."""
    scope = answer.scope
    return {
        "exporter": str(scope.exporter),
        "market": str(scope.market),
        "years": list(scope.years),
        "level": scope.level.value,
    }


def csv_bytes(table: pl.DataFrame) -> bytes:
    """Write a table as CSV (RFC 4180 quoting, UTF-8, one newline a row): the same table gives the same bytes."""
    words = [name for name, kind in flat(table).schema.items() if kind == pl.String]
    # A spreadsheet runs a cell that begins with one of these (OWASP, CSV Injection); an apostrophe keeps it text.
    guarded = (
        pl.when(pl.col(name).str.contains(r"^[=+\-@\t\r]"))
        .then("'" + pl.col(name))
        .otherwise(pl.col(name))
        .alias(name)
        for name in words
    )
    return flat(table).with_columns(guarded).write_csv().encode()


def flat(table: pl.DataFrame) -> pl.DataFrame:
    """Turn lists in cells into words with spaces between, which every format can hold."""
    lists = [name for name, kind in table.schema.items() if isinstance(kind, pl.List)]
    return table.with_columns(pl.col(name).cast(pl.List(pl.String)).list.join(" ") for name in lists)


def digest_of(raw: bytes) -> str:
    """Give the SHA-256 in hexadecimal."""
    return hashlib.sha256(raw).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a manifest says about how to make its answer again."""

    question: str
    source_digest: str
    exporter: str
    market: str
    years: tuple[int, ...]
    level: str
    parameters: Mapping[str, object]


def recipe_of(document: Mapping[str, object]) -> Recipe:
    """Read a manifest. Raises ``BadParameter`` for what is none."""
    try:
        read = msgspec.convert(document, _ManifestFile)
    except msgspec.ValidationError as wrong:
        raise BadParameter(f"this is no manifest of a run: {wrong}") from None
    if read.format != FORMAT or not read.scope.years:
        raise BadParameter(f"a manifest of the form {read.format[:40]!r}; this program reads {FORMAT}")
    scope = read.scope
    return Recipe(
        question=read.question,
        source_digest=read.source.get("sha256", ""),
        exporter=scope.exporter,
        market=scope.market,
        years=scope.years,
        level=scope.level,
        parameters=read.parameters,
    )


class _ScopeFile(msgspec.Struct):
    exporter: str
    market: str
    years: tuple[int, ...]
    level: str


class _ManifestFile(msgspec.Struct):
    format: str
    question: str
    source: dict[str, str]
    scope: _ScopeFile
    parameters: dict[str, object]
