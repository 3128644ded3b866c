"""A planner's story: the sample, a plan of one's own, its refusals, and the score of what was foretold."""

import json
from pathlib import Path

from rahdari.app.roadmap.plan import SAMPLE
from tests.journeys.commands import CommandLine


def test_a_roadmap_is_made_kept_and_scored(rahdari: CommandLine, tmp_path: Path) -> None:
    out = tmp_path / "roadmap"
    made = rahdari("roadmap", "--out", out)
    assert made.code == 0, made.err
    assert "Pakistan's minerals to China" in made.out
    assert "select ..." in made.err
    assert (out / "roadmap.html").is_file()
    assert (out / "roadmap.pdf").read_bytes().startswith(b"%PDF-")

    again = rahdari.json("roadmap", "--out", out)
    assert (again.code, again.problem) == (5, "app.output_taken")

    scored = rahdari.json("roadmap", "score", "--noted", out, "--release", "carried")
    assert scored.code == 0
    waiting = scored.document["waiting"]
    assert isinstance(waiting, list)
    assert len(waiting) == json.loads((out / "manifest.json").read_bytes())["ledger"]["count"] > 0


def test_a_plan_with_a_mistake_is_refused_before_anything_is_done(
    rahdari: CommandLine, tmp_path: Path
) -> None:
    plan = tmp_path / "mine.toml"
    plan.write_text(SAMPLE.read_text("utf-8").replace("land_acres = 6000", "land_acres = -1"), "utf-8")
    ended = rahdari.json("roadmap", plan, "--out", tmp_path / "out")
    assert (ended.code, ended.problem) == (2, "app.bad_plan")
    assert "budgets" in ended.out
    assert not (tmp_path / "out").exists()


def test_limits_that_contradict_one_another_are_named(rahdari: CommandLine, tmp_path: Path) -> None:
    plan = tmp_path / "mine.toml"
    plan.write_text(SAMPLE.read_text("utf-8").replace("programme_slots = 12", "programme_slots = 1"), "utf-8")
    ended = rahdari.json("roadmap", plan, "--out", tmp_path / "out", "--release", "carried")
    assert (ended.code, ended.problem) == (5, "trade.infeasible")
    assert "programme_slots" in ended.out
    assert not [one for one in tmp_path.iterdir() if "out" in one.name]


def test_a_ledger_that_lost_what_was_noted_is_found(rahdari: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "earlier"
    folder.mkdir()
    noted = {"ledger": {"count": 10_000, "digest": "ab" * 32}}
    (folder / "manifest.json").write_text(json.dumps(noted), "utf-8")
    ended = rahdari.json("roadmap", "score", "--noted", folder, "--release", "carried")
    assert (ended.code, ended.problem) == (2, "trade.bad_file")


def test_a_folder_that_is_no_roadmap_has_nothing_noted(rahdari: CommandLine, tmp_path: Path) -> None:
    ended = rahdari.json("roadmap", "score", "--noted", tmp_path)
    assert (ended.code, ended.problem) == (2, "app.bad_file")
