"""Refusals as RFC 9457 problems: one table from problem code to HTTP status, one document, its headers."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from rahdari.kernel import Problem

MEDIA_TYPE = "application/problem+json"

# RFC 9110, 15. A status is chosen by whose fault it is: 4xx the caller's, 5xx ours or a counterpart's.
STATUSES: Mapping[str, int] = MappingProxyType(
    {
        "access.bad_lifetime": 422,
        "access.bad_name": 422,
        "access.bad_role": 422,
        "access.card_gone": 403,
        "access.card_locked": 403,
        "access.card_suspended": 403,
        "access.ceremony_refused": 403,
        "access.name_taken": 409,
        "access.not_allowed": 403,
        "access.not_authenticated": 401,
        "access.not_signed_in": 401,
        "access.passkey_cloned": 403,
        "access.passkey_taken": 409,
        "access.refused": 403,
        "access.ticket_refused": 403,
        "access.too_many_ceremonies": 429,
        "access.too_many_passkeys": 409,
        "access.too_many_tickets": 409,
        "access.unknown_passkey": 403,
        "access.unknown_principal": 404,
        "access.unknown_token": 404,
        "app.already_initialised": 409,
        "app.file_exists": 409,
        "app.bad_file": 422,
        "app.bad_plan": 422,
        "app.bad_settings": 500,
        "app.bad_sheet": 422,
        "app.card_not_drawable": 422,
        "app.card_not_printable": 409,
        "app.chart_failed": 503,
        "app.folder_failed": 503,
        "app.no_code": 422,
        "app.not_initialised": 503,
        "app.output_taken": 409,
        "app.register_behind": 503,
        "app.qr_too_dense": 422,
        "app.report_failed": 503,
        "app.several_codes": 422,
        "credentials.bad_holder": 422,
        "credentials.bad_product": 500,
        "credentials.bad_question": 422,
        "credentials.bad_rows": 422,
        "credentials.card_taken": 409,
        "credentials.expired": 422,
        "credentials.holder_taken": 409,
        "credentials.key_locked": 503,
        "credentials.key_store_failed": 503,
        "credentials.malformed": 422,
        "credentials.no_trust": 503,
        "credentials.not_allowed": 403,
        "credentials.not_eligible": 422,
        "credentials.not_yet_valid": 422,
        "credentials.nothing_proposed": 409,
        "credentials.pass_refused": 422,
        "credentials.refused": 422,
        "credentials.revoked": 422,
        "credentials.same_officer": 403,
        "credentials.stale": 422,
        "credentials.status_list_refused": 422,
        "credentials.status_stream_refused": 422,
        "credentials.status_stream_forked": 422,
        "credentials.status_source_failed": 502,
        "credentials.suspended": 422,
        "credentials.locked": 422,
        "credentials.tampered": 422,
        "credentials.trust_expired": 503,
        "credentials.trust_refused": 422,
        "credentials.trust_rolled_back": 409,
        "credentials.trust_unsigned": 422,
        "credentials.unknown_card": 404,
        "credentials.unknown_feature": 404,
        "credentials.unknown_holder": 404,
        "credentials.unknown_issuer": 422,
        "credentials.unknown_key": 404,
        "credentials.unknown_product": 422,
        "credentials.wrong_reason": 422,
        "credentials.wrong_stage": 409,
        "database.bad_address": 500,
        "database.conflict": 409,
        "database.damaged": 500,
        "database.failed": 503,
        "database.full": 507,
        "database.locked": 503,
        "database.out_of_date": 503,
        "database.unreachable": 503,
        "exchange.act_refused": 409,
        "exchange.admission_refused": 403,
        "exchange.call_refused": 502,
        "exchange.configuration_refused": 422,
        "exchange.consent_refused": 403,
        "exchange.evidence_refused": 422,
        "exchange.folder_busy": 409,
        "exchange.join_refused": 422,
        "exchange.keys_locked": 503,
        "exchange.log_damaged": 503,
        "exchange.log_unwritable": 503,
        "exchange.offer_refused": 422,
        "exchange.refused": 422,
        "exchange.status_list_refused": 502,
        "exchange.subject_key_damaged": 503,
        "exchange.subject_unreadable": 422,
        "exchange.unknown_act": 404,
        "exchange.unknown_consent": 404,
        "exchange.unknown_exchange": 404,
        "exchange.unknown_recipient": 404,
        "exchange.withholding_refused": 422,
        "kernel.counterpart_failed": 502,
        "kernel.problem": 500,
        "kernel.refused": 422,
        "oversight.bad_decision": 422,
        "oversight.bad_place": 422,
        "oversight.flag_decided": 409,
        "oversight.not_allowed": 403,
        "oversight.refused": 422,
        "oversight.too_many_ages": 422,
        "oversight.unknown_flag": 404,
        "oversight.unknown_use": 404,
        "oversight.use_not_recorded": 503,
        "signals.bad_endpoint": 422,
        "signals.no_events": 422,
        "signals.not_kept": 409,
        "signals.pass_not_good": 422,
        "signals.refused": 422,
        "signals.too_many_streams": 409,
        "signals.too_many_subjects": 409,
        "signals.too_soon": 429,
        "signals.unknown_stream": 404,
        "signals.unknown_subject": 404,
        "signals.wrong_method": 409,
        "trade.bad_file": 400,
        "trade.bad_parameter": 422,
        "trade.bad_table": 422,
        "trade.data_damaged": 503,
        "trade.degenerate": 422,
        "trade.download_failed": 502,
        "trade.engine_failed": 503,
        "trade.infeasible": 422,
        "trade.mixed_revisions": 422,
        "trade.no_data": 404,
        "trade.nothing_traded": 422,
        "trade.refused": 422,
        "trade.unknown_country": 404,
        "trade.unknown_product": 404,
        "trade.unknown_year": 404,
        "web.bad_body": 400,
        "web.bad_parameter": 400,
        "web.body_too_large": 413,
        "web.broken": 500,
        "web.busy": 503,
        "web.cross_site": 403,
        "web.method_not_allowed": 405,
        "web.not_found": 404,
        "web.port_taken": 500,
        "web.refused": 400,
        "web.token_missing": 401,
        "web.too_many_requests": 429,
        "web.too_slow": 408,
        "web.wrong_media_type": 415,
        "wire.another_status_list": 422,
        "wire.bad_signature": 422,
        "wire.digest_mismatch": 422,
        "wire.key_binding_refused": 422,
        "wire.malformed": 422,
        "wire.not_covered": 422,
        "wire.seal_broken": 422,
        "wire.sealed_to_another": 422,
        "wire.signature_missing": 422,
        "wire.signature_not_in_force": 422,
        "wire.status_list_expired": 422,
        "wire.status_list_from_the_future": 422,
        "wire.timestamp_mismatch": 422,
        "wire.timestamp_not_granted": 502,
        "wire.timestamp_untrusted": 422,
        "wire.tlog_policy_not_met": 422,
        "wire.tlog_proof_refused": 422,
        "wire.tlog_split_view": 409,
        "wire.tlog_witness_refused": 502,
        "wire.too_large": 413,
        "wire.unknown_key": 422,
        "wire.unsupported_algorithm": 422,
        "wire.xroad_address_refused": 422,
        "wire.xroad_client_missing": 422,
        "wire.xroad_hash_mismatch": 422,
    }
)

# How soon it makes sense to come back, in seconds (RFC 9110, 10.2.3): a lock passes at once, a disk does not.
_RETRY_SECONDS = MappingProxyType(
    {
        "database.locked": 1,
        "database.unreachable": 10,
        "database.conflict": 1,
        "oversight.use_not_recorded": 1,
    }
)
_REALM = 'Bearer realm="rahdari"'


class RowFault(msgspec.Struct, frozen=True):
    """One bad cell of a file: the line counts from 1 with the heading, the column is the heading's word."""

    line: int
    column: str
    message: str


class ProblemDocument(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A refusal (RFC 9457, 3.1), with our own members ``code``, ``field`` and ``rows`` (3.2)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str
    field: str | None = None
    rows: list[RowFault] | None = None


def status_of(problem: Problem) -> int:
    """Tell the HTTP status of a problem; one that the table lacks is our own fault."""
    return STATUSES.get(problem.code, 500)


def make_document(problem: Problem, *, title: str, instance: str) -> ProblemDocument:
    """Write a problem down. ``instance`` is the path that was asked for, without its query."""
    rows = getattr(problem, "rows", None)
    return ProblemDocument(
        # A relative reference is resolved against the address of the request (RFC 9457, 3.1.1).
        type=f"/problems/{problem.code}",
        title=title,
        status=status_of(problem),
        detail=problem.message,
        code=problem.code,
        instance=instance,
        field=getattr(problem, "field", None),
        rows=None if rows is None else [RowFault(one.line, one.column, one.message) for one in rows],
    )


def headers_of(problem: Problem) -> dict[str, str]:
    """List the headers that a refusal must carry, by its status."""
    status, headers = status_of(problem), dict[str, str]()
    if problem.code == "web.token_missing":
        # RFC 6750, 3.1: a request without any authentication gets no error code.
        headers["www-authenticate"] = _REALM
    elif problem.code == "access.not_signed_in":
        # RFC 9110, 15.5.2 asks for a challenge; that of a bearer would be wrong, and passkeys have no scheme.
        headers["www-authenticate"] = 'Passkey realm="rahdari"'
    elif status == 401:
        headers["www-authenticate"] = f'{_REALM}, error="invalid_token"'
    elif problem.code.endswith(".not_allowed"):
        headers["www-authenticate"] = f'{_REALM}, error="insufficient_scope"'
    wait = getattr(problem, "wait_seconds", _RETRY_SECONDS.get(problem.code))
    if wait is not None:
        headers["retry-after"] = str(wait)
    if problem.code == "web.too_slow":
        # RFC 9110, 15.5.9: the rest of the body, should it ever come, is nobody's request.
        headers["connection"] = "close"
    if (allowed := getattr(problem, "allowed", None)) is not None:
        headers["allow"] = allowed
    return headers


def find_problems() -> tuple[type[Problem], ...]:
    """List every kind of refusal that the running house can raise, by code."""
    found: dict[str, type[Problem]] = {}
    todo: list[type[Problem]] = [Problem]
    while todo:
        one = todo.pop()
        if one.code in STATUSES:
            found.setdefault(one.code, one)
        todo.extend(one.__subclasses__())
    return tuple(found[code] for code in sorted(found))
