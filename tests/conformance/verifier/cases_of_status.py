"""What is known of a pass, and how freshly: steps 13 and 14."""

from typing import Any

from rahdari.wire import cose
from rahdari.wire.status_stream import Change, Delta, digest_of
from tests.conformance.verifier.case import Case, bare, place
from tests.conformance.verifier.workshop import (
    DAY,
    GOOD_PLACE,
    LATER_PLACE,
    LISTED,
    NOW,
    PASS_ES,
    POLICY,
    PREFIX,
    REVOKED_PLACE,
    STATUS,
    STATUS_ED,
    STRANGER,
    SUSPENDED_PLACE,
    Stream,
    content,
    issue,
    list_entry,
    listed,
    text64,
)


def _on_list(index: int, number: int = 1) -> str:
    return issue(content(place=index, uri=f"{LISTED}{number}"))


def status() -> list[Case]:
    future = list_entry(listed(f"{LISTED}1", [], at=NOW + 50))
    older = [
        list_entry(listed(f"{LISTED}1", [(SUSPENDED_PLACE, 2)])),
        list_entry(listed(f"{LISTED}1", [], at=NOW - 7200)),
    ]
    twin = [older[0], list_entry(listed(f"{LISTED}1", []))]
    forged = [list_entry(listed(f"{LISTED}1", []), signer=PASS_ES)]
    moved = [list_entry(listed(f"{LISTED}9", []), uri=f"{LISTED}1")]
    foreign = [list_entry(listed("https://bare.example/1", []))]
    return [
        Case("list_good", _on_list(GOOD_PLACE), "valid", shared="lists"),
        Case("list_good_by_jwt", _on_list(GOOD_PLACE, 2), "valid", shared="lists"),
        Case("step_14_list_suspended", _on_list(SUSPENDED_PLACE), "suspended", 14, shared="lists"),
        Case("step_14_list_revoked", _on_list(REVOKED_PLACE), "revoked", 14, shared="lists"),
        Case("step_14_list_revoked_by_jwt", _on_list(REVOKED_PLACE, 2), "revoked", 14, shared="lists"),
        Case("step_14_status_without_meaning", _on_list(12), "revoked", 14, shared="lists"),
        Case("step_13_list_not_held", _on_list(GOOD_PLACE, 3), "stale", 13, shared="lists"),
        Case("step_13_index_outside", _on_list(4096), "stale", 13, shared="lists"),
        Case("step_13_list_too_old", _on_list(GOOD_PLACE), "stale", 13, shared="lists", at=NOW + DAY),
        Case(
            "step_13_list_expired",
            _on_list(GOOD_PLACE, 2),
            "stale",
            13,
            shared="lists",
            at=NOW + 2 * DAY,
            changes={"policy": POLICY | {"status_age_max": 9 * DAY}},
        ),
        Case(
            "sticky_suspension_by_an_old_list",
            _on_list(SUSPENDED_PLACE),
            "suspended",
            14,
            shared="lists",
            at=NOW + 20 * DAY,
        ),
        Case(
            "step_13_clock_behind_the_list", _on_list(GOOD_PLACE), "stale", 13, shared="lists", at=NOW - 3661
        ),
        Case("clock_behind_within_the_skew", _on_list(GOOD_PLACE), "valid", shared="lists", at=NOW - 3660),
        Case(
            "list_dated_within_the_skew",
            _on_list(GOOD_PLACE),
            "valid",
            shared="lists",
            changes={"lists": [future]},
        ),
        Case(
            "older_list_is_not_taken",
            _on_list(SUSPENDED_PLACE),
            "suspended",
            14,
            shared="lists",
            changes={"lists": older},
        ),
        Case(
            "other_list_of_one_second",
            _on_list(SUSPENDED_PLACE),
            "suspended",
            14,
            shared="lists",
            changes={"lists": twin},
        ),
        Case(
            "list_of_a_pass_key", _on_list(GOOD_PLACE), "stale", 13, shared="lists", changes={"lists": forged}
        ),
        Case(
            "list_of_another_address",
            _on_list(GOOD_PLACE),
            "stale",
            13,
            shared="lists",
            changes={"lists": moved},
        ),
        Case(
            "list_of_no_publisher",
            _on_list(GOOD_PLACE),
            "stale",
            13,
            shared="lists",
            changes={"lists": foreign},
        ),
        Case("step_13_no_reference_where_required", issue(content(place=None)), "stale", 13),
        Case("step_13_reference_to_a_foreign_list", bare(place(GOOD_PLACE)), "stale", 13),
        Case("status_not_asked", _on_list(SUSPENDED_PLACE), "valid", shared="not_asked"),
    ]


def _at(place: int, number: int = 1) -> str:
    return issue(content(place=place, uri=f"{PREFIX}{number}"))


def _messages(*raw: bytes) -> dict[str, Any]:
    return {"messages": [text64(one) for one in raw]}


def streams() -> list[Case]:
    stream = Stream()
    suspend = stream.delta(Change(1, LATER_PLACE, 2))
    lift = Delta(
        4, NOW - 3, digest_of(suspend.payload()), (Change(1, LATER_PLACE, 0), Change(2, LATER_PLACE, 1))
    )
    sign, fork = stream.sign, stream.delta(Change(1, LATER_PLACE, 0), previous=bytes(15) + b"\1")
    rival = stream.delta(Change(1, LATER_PLACE, 1))
    elsewhere = stream.delta(Change(3, GOOD_PLACE, 0), Change(3, LATER_PLACE, 2))
    late, ahead = stream.head(at=NOW + 61), stream.head(at=NOW + 60)
    low = stream.bundle(lists=[listed(f"{PREFIX}1", [], sequence=1), stream.lists[1]])
    raw = sign(suspend)
    return [
        Case("stream_good", _at(GOOD_PLACE), "valid"),
        Case("step_14_stream_suspended", _at(SUSPENDED_PLACE), "suspended", 14),
        Case("step_14_stream_revoked", _at(REVOKED_PLACE), "revoked", 14),
        Case("stream_delta_suspends", _at(LATER_PLACE), "suspended", 14, changes=_messages(raw)),
        Case("stream_delta_suspends_another", _at(GOOD_PLACE), "valid", changes=_messages(raw)),
        Case("stream_delta_lifts", _at(LATER_PLACE), "valid", changes=_messages(raw, sign(lift))),
        Case(
            "stream_delta_touches_two_lists",
            _at(LATER_PLACE, 2),
            "revoked",
            14,
            changes=_messages(raw, sign(lift)),
        ),
        Case(
            "stream_delta_of_a_list_not_held",
            _at(LATER_PLACE, 3),
            "suspended",
            14,
            changes=_messages(sign(elsewhere)),
        ),
        Case(
            "step_13_list_known_by_deltas_alone",
            _at(GOOD_PLACE, 3),
            "stale",
            13,
            changes=_messages(sign(elsewhere)),
        ),
        Case("stream_delta_twice", _at(LATER_PLACE), "suspended", 14, changes=_messages(raw, raw)),
        Case(
            "stream_old_delta",
            _at(SUSPENDED_PLACE),
            "suspended",
            14,
            changes=_messages(*map(sign, stream.earlier)),
        ),
        Case("stream_gap", _at(LATER_PLACE), "valid", changes=_messages(sign(lift))),
        Case(
            "stream_gap_closed",
            _at(LATER_PLACE, 2),
            "revoked",
            14,
            changes=_messages(sign(lift), raw, sign(lift)),
        ),
        Case("stream_fork_by_its_chain", _at(GOOD_PLACE), "valid", changes=_messages(sign(fork))),
        Case(
            "stream_fork_by_its_number",
            _at(LATER_PLACE),
            "suspended",
            14,
            changes=_messages(raw, sign(rival)),
        ),
        Case(
            "stream_fork_by_a_head",
            _at(GOOD_PLACE),
            "valid",
            changes=_messages(sign(stream.head(digest=bytes(16)))),
        ),
        Case(
            "stream_head_keeps_fresh",
            _at(GOOD_PLACE),
            "valid",
            at=NOW + 55,
            changes=_messages(sign(stream.head())),
        ),
        Case("step_13_stream_stale_without_it", _at(GOOD_PLACE), "stale", 13, at=NOW + 55),
        Case(
            "stream_old_head",
            _at(GOOD_PLACE),
            "stale",
            13,
            at=NOW + 55,
            changes=_messages(sign(stream.head(sequence=1))),
        ),
        Case(
            "stream_head_of_what_is_not_held",
            _at(GOOD_PLACE),
            "stale",
            13,
            at=NOW + 55,
            changes=_messages(sign(stream.head(sequence=9))),
        ),
        Case(
            "step_13_stream_dated_in_the_future", _at(GOOD_PLACE), "stale", 13, changes=_messages(sign(late))
        ),
        Case("stream_dated_within_the_skew", _at(GOOD_PLACE), "valid", changes=_messages(sign(ahead))),
        Case("step_13_clock_set_back", _at(GOOD_PLACE), "stale", 13, at=NOW - 111),
        Case("sticky_suspension_by_an_old_stream", _at(SUSPENDED_PLACE), "suspended", 14, at=NOW + 9 * DAY),
        Case(
            "sticky_suspension_by_a_stream_of_the_future",
            _at(SUSPENDED_PLACE),
            "suspended",
            14,
            changes=_messages(sign(late)),
        ),
        Case(
            "stream_delta_of_a_pass_key", _at(LATER_PLACE), "valid", changes=_messages(sign(suspend, PASS_ES))
        ),
        Case(
            "stream_delta_of_the_second_status_key",
            _at(LATER_PLACE),
            "suspended",
            14,
            changes=_messages(sign(suspend, STATUS_ED)),
        ),
        Case(
            "stream_delta_damaged",
            _at(LATER_PLACE),
            "valid",
            changes=_messages(raw[:-1] + bytes((raw[-1] ^ 1,))),
        ),
        Case("stream_delta_not_deterministic", _at(LATER_PLACE), "valid", changes=_messages(_loose(suspend))),
        Case("stream_delta_tagged_61", _at(LATER_PLACE), "valid", changes=_messages(b"\xd8\x3d" + raw)),
        Case(
            "stream_manifest_among_deltas", _at(GOOD_PLACE), "valid", changes=_messages(sign(stream.manifest))
        ),
        Case(
            "stream_bundle_of_a_stranger",
            _at(GOOD_PLACE),
            "stale",
            13,
            changes={"bundle": Stream(STRANGER).bundle()},
        ),
        Case("stream_bundle_with_an_old_list", _at(GOOD_PLACE), "stale", 13, changes={"bundle": low}),
        Case(
            "stream_bundle_that_lacks_a_list",
            _at(GOOD_PLACE),
            "stale",
            13,
            changes={"bundle": stream.bundle(lists=stream.lists[:1])},
        ),
        Case(
            "stream_bundle_in_another_order",
            _at(GOOD_PLACE),
            "stale",
            13,
            changes={"bundle": stream.bundle(lists=stream.lists[::-1])},
        ),
        Case(
            "stream_speaks_for_its_lists_alone",
            _at(GOOD_PLACE, 4),
            "stale",
            13,
            changes={"lists": [list_entry(listed(f"{PREFIX}4", [], at=NOW - 10))]},
        ),
        Case(
            "stream_signed_by_eddsa",
            _at(SUSPENDED_PLACE),
            "suspended",
            14,
            changes={"bundle": Stream(STATUS_ED).bundle()},
        ),
    ]


def _loose(delta: Delta) -> bytes:
    payload = delta.payload()
    assert payload[:3] == b"\x85\x01\x03"
    return cose.sign(STATUS, b"\x85\x01\x18\x03" + payload[3:])
