"""Names that another party chose become no paths."""

from pathlib import Path

import pytest

from rahdari.cli.exchange.evidence_words import file_word


@pytest.mark.parametrize("request_id", ["0191d4c5-7b1e-7cc1-9f4e-1a2b3c4d5e6f", "a_b-1"])
def test_a_plain_id_names_its_file(request_id: str) -> None:
    assert file_word(request_id) == request_id


@pytest.mark.parametrize(
    "request_id", ["../../etc/cron.d/x", "a/b", "..", "a\x00b", "a\nb", "x" * 300, "", "\u0627"]
)
def test_an_id_that_is_a_path_stays_in_the_folder(request_id: str, tmp_path: Path) -> None:
    name = file_word(request_id)
    assert (tmp_path / f"evidence-{name}.json").resolve().parent == tmp_path.resolve()
    assert len(name) == 16
    assert name != file_word(f"{request_id}/")
