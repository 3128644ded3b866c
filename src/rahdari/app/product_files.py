"""Checking a product's data file before it is used: every fault at once, where the reader stops at the first."""

from typing import get_args

import msgspec
import stdnum

from rahdari.credentials import FEATURES, CardProduct, HolderKind, Organisation, Person
from rahdari.credentials.errors import BadProduct
from rahdari.credentials.rules.products import PRODUCT_BYTES_MAX, ProductFile, read_product
from rahdari.wire.errors import MalformedInput
from rahdari.wire.strict_toml import read_toml


def find_product_faults(raw: bytes, *, name: str) -> tuple[str, ...]:
    """Find what is wrong with a product's data file; empty if it can be used.

    ``name`` is the file's name for the sentences.
    """
    try:
        written = read_toml(raw, bytes_max=PRODUCT_BYTES_MAX)
    except MalformedInput as error:
        return (f"this is no TOML 1.0 in UTF-8: {error.message}",)
    faults = _find_wrong_keys(written)
    if faults:
        return faults
    try:
        product = read_product(raw, name=name)
    except BadProduct as refusal:
        return tuple(refusal.message.removeprefix(f"product file {name}: ").split("; "))
    return _find_unknown_words(product)


def _find_wrong_keys(written: dict[str, object]) -> tuple[str, ...]:
    """Convert each key by itself, so that the first wrong one does not hide the others."""
    known = {one.name: one for one in msgspec.structs.fields(ProductFile)}
    faults = [f"{key[:64]}: there is no such key" for key in written if key not in known]
    for key, field in known.items():
        if key not in written:
            if field.required:
                faults.append(f"{key}: is missing")
            continue
        faults += _find_wrong_value(key, written[key], field.type)
    return tuple(faults)


def _find_wrong_value(key: str, value: object, wanted: object) -> list[str]:
    """Tell what is wrong with one value; of a list, with each of its entries."""
    kinds = get_args(wanted)
    if isinstance(value, list) and len(kinds) > 1 and kinds[1] is ...:
        listed = enumerate(value)
        return [fault for at, one in listed for fault in _find_wrong_value(f"{key}[{at}]", one, kinds[0])]
    try:
        msgspec.convert(value, wanted, strict=True)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$")
        return [f"{key}{place.rstrip('`')}: {what}"]
    return []


def _find_unknown_words(product: CardProduct) -> tuple[str, ...]:
    """Find words that the house does not know: a number shape, a feature, a field of the holder."""
    shape, faults = product.number, list[str]()
    if stdnum.get_cc_module(shape.country, shape.kind) is None:
        faults.append(f"number: python-stdnum knows no {shape.country}.{shape.kind}")
    faults += [
        f"features.{spec.kind}: no such feature; there are {', '.join(FEATURES)}"
        for spec in product.features
        if spec.kind not in FEATURES
    ]
    party = Person if product.holder is HolderKind.PERSON else Organisation
    fields = set(party.__dataclass_fields__)
    faults += [
        f"required: a {product.holder} has no {name}; there are {', '.join(sorted(fields))}"
        for name in product.required
        if name not in fields
    ]
    return tuple(faults)
