"""The members of log entries as msgspec writes and reads them, in the order of their names (RFC 8785, 3.2.3)."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from rahdari.wire.ndel.records import Role, WithholdingAct


class MarkForm(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A message signature."""

    input: str
    key: str
    sig: str


class SubjectForm(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A pseudonym."""

    hmac: str
    period: str


class ExchangeForm(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, rename={"type": "@type"}):
    """One exchange."""

    type: Literal["exchange-1"]
    began: int
    client: str
    conf: int
    consent: str | UnsetType = UNSET
    consent_digest: str | UnsetType = UNSET
    ended: int
    fault: str | UnsetType = UNSET
    hash: str
    id: str
    message: str
    op: str
    purpose: str
    req: MarkForm
    req_base: str
    req_digest: str
    role: Role
    rsp: MarkForm | UnsetType = UNSET
    rsp_base: str | UnsetType = UNSET
    rsp_digest: str | UnsetType = UNSET
    sealed: bool | UnsetType = UNSET
    service: str
    status: int
    strict: bool | UnsetType = UNSET
    subject: SubjectForm | UnsetType = UNSET


class ReceiptForm(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, rename={"type": "@type"}):
    """A proof of receipt."""

    type: Literal["receipt-1"]
    at: int
    id: str
    receipt: MarkForm


class WithholdingForm(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, rename={"type": "@type"}):
    """An order to withhold, or its lifting."""

    type: Literal["withholding-1"]
    act: WithholdingAct
    at: int
    by: str
    client: str | UnsetType = UNSET
    id: str
    kind: str
    order: str
    subject: SubjectForm | UnsetType = UNSET
    until: int


class ParticularsForm(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is kept beside the log."""

    consent: str | UnsetType = UNSET
    header: str | UnsetType = UNSET
    request: str
    response: str | UnsetType = UNSET
