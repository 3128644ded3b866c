"""An answer made again from the manifest beside it, held against the digests that stand there."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rahdari.app.analyst import Analyst
from rahdari.app.files import read_limited
from rahdari.app.manifests import MANIFEST_BYTES_MAX
from rahdari.trade import BadParameter
from rahdari.trade.rules.answers import Answer, Note


def make_again(analyst: Analyst, manifest: Path) -> Answer:
    """Make the answer of a manifest again; its last note tells whether every digest is the same.

    Raises:
        FolderFailed, BadFile: the file cannot be read, or is larger than any manifest.
        BadParameter: it is no manifest of a question, or of other data than the analyst's.
    """
    document = _document(read_limited(manifest, size_bytes_max=MANIFEST_BYTES_MAX), manifest.name)
    answer = analyst.again(document)
    told, made = document.get("outputs_sha256"), analyst.manifest(answer).outputs
    before = told if isinstance(told, Mapping) else {}
    others = sorted(name for name in {*before, *made} if before.get(name) != made.get(name))
    note = Note("made_otherwise", {"tables": ", ".join(others)}) if others else Note("made_the_same")
    return replace(answer, notes=(*answer.notes, note))


def _document(raw: bytes, name: str) -> Mapping[str, object]:
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise BadParameter(f"{name} is no manifest of a run: it is no JSON object")
    return document
