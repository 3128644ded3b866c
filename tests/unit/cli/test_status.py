"""What ``status follow`` says of a line that is lost: why once, then one short line for each attempt."""

from pathlib import Path

import pytest

from rahdari.app.following import Followed, Turn
from rahdari.cli.session import Session
from rahdari.cli.status import _tell
from rahdari.cli.terminal import Terminal
from rahdari.credentials.errors import StatusSourceFailed

PREFIX = "https://id.example/s/"


def lost(why: str, again_in: float) -> Followed:
    return Followed(PREFIX, Turn.LOST, 3, 1_800_000_000, StatusSourceFailed(why), again_in)


def test_each_further_attempt_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(is_json=False, is_quiet=False)
    session = Session(tmp_path, officer=None, terminal=terminal, environment={})
    why = "the server cannot be reached; what is held is kept, and the line is taken up again"
    begin = Followed(PREFIX, Turn.LOST, 0, 0)
    _tell(session, lost(why, 0.7), begin)
    first = " ".join(capsys.readouterr().out.split())
    assert why in first
    assert first.endswith("trying again in 1 s")
    _tell(session, lost(why, 4.2), lost(why, 0.7))
    assert capsys.readouterr().out == f"{PREFIX}: trying again in 5 s\n"
    _tell(session, lost("its certificate has ended", 4.2), lost(why, 0.7))
    assert "its certificate has ended" in " ".join(capsys.readouterr().out.split())
