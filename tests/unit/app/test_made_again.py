"""Manifests as files: made again to the last digit, or refused."""

import json
from pathlib import Path

import pytest

from rahdari.app.analyst import Analyst, open_analyst
from rahdari.app.made_again import make_again
from rahdari.trade import BadParameter, PathWish, SelectWish


@pytest.fixture(scope="module")
def analyst(tmp_path_factory: pytest.TempPathFactory) -> Analyst:
    return open_analyst(tmp_path_factory.mktemp("no-releases"), release="carried")


def test_an_answer_is_made_again_to_the_last_digit(analyst: Analyst, tmp_path: Path) -> None:
    answer = analyst.path(PathWish(start_usd=30e9, target_usd=150e9, draws=100), level="hs4")
    (tmp_path / "path.json").write_bytes(analyst.manifest(answer).to_json())
    again = make_again(analyst, tmp_path / "path.json")
    assert again.table.equals(answer.table)
    assert again.notes[-1].code == "made_the_same"


def test_a_choice_with_prerequisites_is_made_again(analyst: Analyst, tmp_path: Path) -> None:
    wish = SelectWish(after={"260111": ("261000",)}, draws=0, redraws=0, front_points=0)
    answer = analyst.select(wish)
    (tmp_path / "select.json").write_bytes(analyst.manifest(answer).to_json())
    assert answer.parameters["after"] == {"260111": ("261000",)}
    assert make_again(analyst, tmp_path / "select.json").notes[-1].code == "made_the_same"


def test_what_comes_out_otherwise_is_named(analyst: Analyst, tmp_path: Path) -> None:
    document = json.loads(analyst.manifest(analyst.screen()).to_json())
    document["outputs_sha256"]["table"] = "0" * 64
    (tmp_path / "screen.json").write_text(json.dumps(document))
    note = make_again(analyst, tmp_path / "screen.json").notes[-1]
    assert (note.code, note.values["tables"]) == ("made_otherwise", "table")


@pytest.mark.parametrize("raw", [b"", b"[1]", b"[" * 100_000, b"{}", b"\xff"])
def test_what_is_no_manifest_is_refused(analyst: Analyst, tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "none.json").write_bytes(raw)
    with pytest.raises(BadParameter, match="no manifest"):
        make_again(analyst, tmp_path / "none.json")
