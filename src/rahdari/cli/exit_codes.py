"""The table of exit codes: what a script learns without reading a word.

A problem code is looked up whole, then by its room and family. Nothing here imports the rooms, so that
``rahdari --help`` stays quick.

Example:
    >>> from rahdari.cli.exit_codes import exit_code_of, verdict_exit_code
    >>> exit_code_of("credentials.not_allowed"), verdict_exit_code("suspended")
    (<ExitCode.REFUSED: 3>, <ExitCode.SUSPENDED: 10>)
"""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

from rahdari.kernel import CounterpartFailed, Problem


class ExitCode(IntEnum):
    """How a command ended. The numbers are stable; scripts rely on them. ``MEANINGS`` tells each."""

    DONE = 0
    NEGATIVE = 1
    USAGE = 2
    REFUSED = 3
    NOT_FOUND = 4
    CONFLICT = 5
    COUNTERPART = 6
    SUSPENDED = 10
    REVOKED = 11
    EXPIRED = 12
    NOT_YET_VALID = 13
    UNKNOWN_ISSUER = 14
    TAMPERED = 15
    STALE = 16
    MALFORMED = 17
    LOCKED = 18
    # EX_SOFTWARE of sysexits.h.
    INTERNAL = 70
    # 128 + SIGINT, as shells count.
    INTERRUPTED = 130


MEANINGS: Mapping[ExitCode, str] = MappingProxyType(
    {
        ExitCode.DONE: "done; or the pass is valid",
        ExitCode.NEGATIVE: "done, and the answer is no: the log was altered, a list could not be synced",
        ExitCode.USAGE: "the command, a file or a value is not what it must be",
        ExitCode.REFUSED: "not allowed: a role is missing, the second officer is the first, a list is not trusted",
        ExitCode.NOT_FOUND: "there is no such holder, card, product, key or authority",
        ExitCode.CONFLICT: "the card or the register does not stand where this starts from",
        ExitCode.COUNTERPART: "something else failed: the database, the key store, a server, a folder",
        ExitCode.SUSPENDED: "the pass is suspended",
        ExitCode.REVOKED: "the pass is revoked or replaced",
        ExitCode.EXPIRED: "the pass has expired",
        ExitCode.NOT_YET_VALID: "the pass is not valid yet",
        ExitCode.UNKNOWN_ISSUER: "nobody trusted stands behind the pass",
        ExitCode.TAMPERED: "the pass was altered or forged",
        ExitCode.STALE: "the pass's status is not known freshly enough",
        ExitCode.MALFORMED: "this is no pass",
        ExitCode.LOCKED: "its holder has locked the pass for this use",
        ExitCode.INTERNAL: "a defect of this program",
        ExitCode.INTERRUPTED: "Ctrl-C",
    },
)

_VERDICTS: Mapping[str, ExitCode] = MappingProxyType(
    {
        "valid": ExitCode.DONE,
        "suspended": ExitCode.SUSPENDED,
        "revoked": ExitCode.REVOKED,
        "expired": ExitCode.EXPIRED,
        "not_yet_valid": ExitCode.NOT_YET_VALID,
        "unknown_issuer": ExitCode.UNKNOWN_ISSUER,
        "tampered": ExitCode.TAMPERED,
        "stale": ExitCode.STALE,
        "malformed": ExitCode.MALFORMED,
        "locked": ExitCode.LOCKED,
    },
)

PROBLEMS: Mapping[str, ExitCode] = MappingProxyType(
    {f"credentials.{name}": code for name, code in _VERDICTS.items() if code}
    | {
        "credentials.pass_refused": ExitCode.MALFORMED,
        "credentials.not_allowed": ExitCode.REFUSED,
        "credentials.same_officer": ExitCode.REFUSED,
        "credentials.not_eligible": ExitCode.REFUSED,
        "credentials.trust_refused": ExitCode.REFUSED,
        "credentials.trust_unsigned": ExitCode.REFUSED,
        "credentials.trust_rolled_back": ExitCode.REFUSED,
        "credentials.trust_expired": ExitCode.REFUSED,
        "credentials.status_list_refused": ExitCode.REFUSED,
        "credentials.status_stream_refused": ExitCode.REFUSED,
        "credentials.status_stream_forked": ExitCode.REFUSED,
        "access.not_authenticated": ExitCode.REFUSED,
        "access.not_allowed": ExitCode.REFUSED,
        "access.card_suspended": ExitCode.REFUSED,
        "access.card_gone": ExitCode.REFUSED,
        "access.too_many_tickets": ExitCode.CONFLICT,
        "exchange.act_refused": ExitCode.CONFLICT,
        "exchange.admission_refused": ExitCode.REFUSED,
        "exchange.call_refused": ExitCode.COUNTERPART,
        "exchange.configuration_refused": ExitCode.REFUSED,
        "exchange.consent_refused": ExitCode.REFUSED,
        "exchange.evidence_refused": ExitCode.REFUSED,
        "exchange.folder_busy": ExitCode.CONFLICT,
        "exchange.join_refused": ExitCode.REFUSED,
        "exchange.keys_locked": ExitCode.COUNTERPART,
        "exchange.log_damaged": ExitCode.COUNTERPART,
        "exchange.log_unwritable": ExitCode.COUNTERPART,
        "exchange.offer_refused": ExitCode.USAGE,
        "exchange.refused": ExitCode.REFUSED,
        "exchange.status_list_refused": ExitCode.REFUSED,
        "exchange.subject_key_damaged": ExitCode.COUNTERPART,
        "exchange.subject_unreadable": ExitCode.USAGE,
        "exchange.unknown_act": ExitCode.NOT_FOUND,
        "exchange.unknown_consent": ExitCode.NOT_FOUND,
        "exchange.unknown_exchange": ExitCode.NOT_FOUND,
        "exchange.unknown_recipient": ExitCode.NOT_FOUND,
        "exchange.withholding_refused": ExitCode.REFUSED,
        "wire.bad_signature": ExitCode.REFUSED,
        "wire.timestamp_mismatch": ExitCode.REFUSED,
        "wire.timestamp_untrusted": ExitCode.REFUSED,
        "wire.tlog_policy_not_met": ExitCode.REFUSED,
        "wire.tlog_proof_refused": ExitCode.REFUSED,
        "wire.tlog_split_view": ExitCode.REFUSED,
        "wire.tlog_witness_refused": ExitCode.COUNTERPART,
        "wire.xroad_hash_mismatch": ExitCode.REFUSED,
        "credentials.unknown_holder": ExitCode.NOT_FOUND,
        "credentials.unknown_card": ExitCode.NOT_FOUND,
        "credentials.unknown_product": ExitCode.NOT_FOUND,
        "credentials.unknown_feature": ExitCode.NOT_FOUND,
        "credentials.unknown_key": ExitCode.NOT_FOUND,
        "credentials.no_trust": ExitCode.NOT_FOUND,
        "access.unknown_principal": ExitCode.NOT_FOUND,
        "access.unknown_token": ExitCode.NOT_FOUND,
        "app.not_initialised": ExitCode.NOT_FOUND,
        "oversight.not_allowed": ExitCode.REFUSED,
        "oversight.unknown_flag": ExitCode.NOT_FOUND,
        "oversight.flag_decided": ExitCode.CONFLICT,
        "credentials.wrong_stage": ExitCode.CONFLICT,
        "credentials.nothing_proposed": ExitCode.CONFLICT,
        "credentials.holder_taken": ExitCode.CONFLICT,
        "credentials.card_taken": ExitCode.CONFLICT,
        "access.name_taken": ExitCode.CONFLICT,
        "app.already_initialised": ExitCode.CONFLICT,
        "app.output_taken": ExitCode.CONFLICT,
        "app.file_exists": ExitCode.CONFLICT,
        "app.card_not_printable": ExitCode.CONFLICT,
        "cli.nothing_waits": ExitCode.CONFLICT,
        "cli.other_demo": ExitCode.CONFLICT,
        "signals.unknown_stream": ExitCode.NOT_FOUND,
        "signals.unknown_subject": ExitCode.NOT_FOUND,
        "signals.not_kept": ExitCode.CONFLICT,
        "trade.bad_file": ExitCode.USAGE,
        "trade.bad_parameter": ExitCode.USAGE,
        "trade.bad_table": ExitCode.USAGE,
        "trade.data_damaged": ExitCode.COUNTERPART,
        "trade.degenerate": ExitCode.USAGE,
        "trade.download_failed": ExitCode.COUNTERPART,
        "trade.engine_failed": ExitCode.COUNTERPART,
        "trade.infeasible": ExitCode.CONFLICT,
        "trade.mixed_revisions": ExitCode.USAGE,
        "trade.no_data": ExitCode.NOT_FOUND,
        "trade.nothing_traded": ExitCode.NOT_FOUND,
        "trade.refused": ExitCode.USAGE,
        "trade.unknown_country": ExitCode.NOT_FOUND,
        "trade.unknown_product": ExitCode.NOT_FOUND,
        "trade.unknown_year": ExitCode.NOT_FOUND,
        "database.conflict": ExitCode.CONFLICT,
        # The caller can mend it only by mending the key store.
        "credentials.key_locked": ExitCode.COUNTERPART,
    },
)


def exit_code_of(code: str, *, family: type[Problem] = Problem) -> ExitCode:
    """Find the exit code of a problem code; ``family`` is the problem's class where it is at hand."""
    if code in PROBLEMS:
        return PROBLEMS[code]
    return ExitCode.COUNTERPART if issubclass(family, CounterpartFailed) else ExitCode.USAGE


def verdict_exit_code(verdict: str) -> ExitCode:
    """Find the exit code of a verdict: 0 for valid, 10 to 17 for any other."""
    return _VERDICTS[verdict]
