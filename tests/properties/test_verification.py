"""Whatever comes in: a verdict, never an exception, and ``valid`` only for what the authority signed."""

from datetime import timedelta
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from rahdari.credentials import Act, Card, Outcome, Report, VerdictKind, Verifier, examine
from rahdari.wire import base45
from rahdari.wire.compression import Compression, compress, expand
from tests.unit.credentials.scene import Office

NOTHING_TO_TELL = {verdict for verdict in VerdictKind if verdict is not VerdictKind.VALID}


@cache
def scene() -> tuple[Office, Card, Verifier]:
    office = Office()
    return office, office.issued(), office.verifier()


@cache
def texts() -> tuple[str, str]:
    office, card, _ = scene()
    return office.text(card, "qr"), office.text(card, "sd-jwt-vc")


def check(report: Report) -> None:
    """A report holds together: one failed step, everything before it passed, nothing of the holder."""
    outcomes = [one.outcome for one in report.checks]
    assert (report.verified is None) == (report.verdict is not VerdictKind.VALID)
    assert (report.code is None) == (report.verdict is VerdictKind.VALID)
    if report.verdict is VerdictKind.VALID:
        assert Outcome.FAILED not in outcomes
        return
    at = outcomes.index(Outcome.FAILED)
    assert outcomes[:at] == [Outcome.PASSED] * at
    assert outcomes[at + 1 :] == [Outcome.NOT_REACHED] * (len(outcomes) - at - 1)


@given(st.text(max_size=300) | st.text("0123456789ABCDEF$%*+-./: ", max_size=300))
def test_any_text_gets_a_verdict_and_none_is_valid(raw: str) -> None:
    office, _, by = scene()
    report = examine(raw, by=by, at=office.clock.now())
    check(report)
    assert report.verdict is VerdictKind.MALFORMED


@given(st.binary(max_size=400), st.sampled_from(Compression))
def test_any_bytes_in_the_clothes_of_a_pass_get_a_verdict(raw: bytes, kind: Compression) -> None:
    office, _, by = scene()
    report = examine(base45.encode(compress(b"\xd2\x84" + raw, kind)), by=by, at=office.clock.now())
    check(report)
    assert report.verdict in NOTHING_TO_TELL


@settings(max_examples=300)
@given(st.data(), st.integers(1, 4))
def test_a_pass_with_bytes_changed_is_never_valid(draw: st.DataObject, count: int) -> None:
    office, _, by = scene()
    signed = bytearray(expand(base45.decode(texts()[0]), size_bytes_max=1 << 16)[0])
    before = bytes(signed)
    for _ in range(count):
        signed[draw.draw(st.integers(0, len(signed) - 1))] = draw.draw(st.integers(0, 255))
    report = examine(base45.encode(compress(bytes(signed), Compression.ZLIB)), by=by, at=office.clock.now())
    check(report)
    assert (report.verdict is VerdictKind.VALID) == (bytes(signed) == before)


@settings(max_examples=200)
@given(st.data())
def test_a_wallet_file_cut_and_joined_anew_is_valid_only_with_its_own_disclosures(
    draw: st.DataObject,
) -> None:
    office, _, by = scene()
    token, *disclosures = texts()[1].rstrip("~").split("~")
    kept = draw.draw(st.lists(st.sampled_from(disclosures), max_size=len(disclosures)))
    report = examine("~".join([token, *kept, ""]), by=by, at=office.clock.now())
    check(report)
    assert (report.verdict is VerdictKind.VALID) == (len(set(kept)) == len(kept))


@given(st.integers(-4_000_000, 400_000_000), st.sampled_from([0, 1]))
def test_at_no_other_time_than_the_lists_own_is_a_pass_valid(seconds: int, place: int) -> None:
    office, card, by = scene()
    at = office.clock.now() + timedelta(seconds=seconds)
    report = examine(texts()[place], by=by, at=at)
    check(report)
    is_in_time = -by.policy.clock_skew <= timedelta(seconds=seconds) <= by.policy.status_age_max
    assert (report.verdict is VerdictKind.VALID) == is_in_time
    assert card.expires is not None


@given(st.lists(st.sampled_from([Act.SUSPEND, Act.REINSTATE]), max_size=6))
def test_the_last_acknowledged_act_decides_the_verdict(acts: list[Act]) -> None:
    office, card, _ = scene()
    stage_is_active = True
    for act in acts:
        if (act is Act.SUSPEND) == stage_is_active:
            office.act(card, act)
            stage_is_active = not stage_is_active
    verdict = office.examine(texts()[0]).verdict
    assert verdict is (VerdictKind.VALID if stage_is_active else VerdictKind.SUSPENDED)
    if not stage_is_active:
        office.act(card, Act.REINSTATE)
