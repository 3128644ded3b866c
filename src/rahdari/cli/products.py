"""``rahdari product``: card products."""

from pathlib import Path

from rahdari.app.files import read_limited
from rahdari.app.foundation import read_catalogue
from rahdari.cli.authority import Given
from rahdari.cli.documents import product_document
from rahdari.cli.terminal import pairs, table_of
from rahdari.credentials import read_product

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
    document = product_document(read_catalogue(session.settings().home).get_current(product))
    session.terminal.answer(document, pairs(document))


def check(file: Path, /, *, session: Given) -> None:
    """Check a product's data file before it is used.

    Args:
        file: The TOML file; it comes into use in the folder products of the home folder.
        session: This run.
    """
    product = read_product(read_limited(file, size_bytes_max=FILE_BYTES_MAX), name=file.name)
    document = product_document(product)
    session.terminal.answer(
        document,
        f"{file.name} is good.",
        pairs(document),
        f"Copy it into {session.settings().home / 'products'}",
    )
