"""``rahdari product``: card products."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from rich.console import RenderableType

from rahdari.app.catalogue import read_catalogue
from rahdari.app.files import read_limited
from rahdari.app.product_files import find_product_faults
from rahdari.cli.authority import Given
from rahdari.cli.documents import product_document
from rahdari.cli.errors import BadProductFile
from rahdari.cli.session import Session
from rahdari.cli.terminal import count_of, pairs, table_of
from rahdari.credentials import CardProduct, read_product

# The largest of the shipped files has 3 KiB; the reader has its own limit, this one keeps a mistaken file out.
FILE_BYTES_MAX = 1 << 20


def list_products(*, session: Given) -> None:
    """List the card products."""
    found = read_catalogue(session.settings().home).list_current()
    session.terminal.answer(
        {"products": [product_document(one) for one in found]},
        table_of(
            ("product", "title", "", "features"),
            (
                (
                    one.ref,
                    one.title.get("en", ""),
                    one.title.get("ur", ""),
                    " ".join(spec.kind for spec in one.features),
                )
                for one in found
            ),
        ),
    )


def show(product: str, /, *, session: Given) -> None:
    """Show a card product.

    Args:
        product: Its id, as nic.
        session: This run.
    """
    found = read_catalogue(session.settings().home).get_current(product)
    session.terminal.answer(_full_document(found), *_lines(found))


def _full_document(product: CardProduct) -> dict[str, object]:
    return {
        **product_document(product),
        "mark_texts": {one.id: dict(one.text) for one in product.marks},
        "inscription_texts": {one.id: dict(one.text) for one in product.inscriptions},
    }


def _lines(product: CardProduct) -> Iterator[RenderableType]:
    texts = {"mark": product.marks, "inscription": product.inscriptions}
    document = product_document(product)
    yield pairs({name: value for name, value in document.items() if name not in {"marks", "inscriptions"}})
    for word, inscriptions in texts.items():
        for one in inscriptions:
            yield ""
            yield pairs({word: one.id, **one.text})


def check(file: Path, /, *, session: Given) -> None:
    """Check a product's data file before it is used.

    Every fault is listed; a file without one comes into use in the folder products of the home folder.

    Args:
        file: The TOML file.
        session: This run.
    """
    raw = read_limited(file, size_bytes_max=FILE_BYTES_MAX)
    faults = find_product_faults(raw, name=file.name)
    if faults:
        raise BadProductFile(
            faults,
            f"{file.name} has {count_of(len(faults), 'fault')}; mend the file, then check it again "
            "(docs/look-up/products.md tells every key)",
        )
    product = read_product(raw, name=file.name)
    session.terminal.answer(
        _full_document(product),
        f"{file.name} is good.",
        *_lines(product),
        "",
        *_next_step(session, file, product),
    )


def _next_step(session: Session, file: Path, product: CardProduct) -> tuple[str, ...]:
    home = session.settings().home
    believed = (
        f"Then let a new trust list name it, and hand that to verifiers: {session.command('trust export')}"
    )
    if file.resolve().parent == (home / "products").resolve():
        return "It is in use already.", believed.replace("Then", "If it is new,")
    known = {one.ref: one for one in read_catalogue(home).list_current()}.get(product.ref)
    if known is not None and known != product:
        return (
            f"Another file describes {product.ref}, and cards of it may be in hands.",
            "Raise the version of this one, then check it again.",
        )
    folder = shlex.quote(str(home / "products"))
    return f"Next: mkdir -p {folder} && cp {shlex.quote(str(file))} {folder}/", believed
