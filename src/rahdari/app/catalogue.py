"""The card products of a house: those that are shipped, and those in its own folder. Needs no database."""

from pathlib import Path

from rahdari.app.files import read_limited
from rahdari.credentials.rules.products import PRODUCT_BYTES_MAX, Catalogue, read_product
from rahdari.credentials.values.products import CardProduct

_SHIPPED = Path(__file__).parent.parent / "credentials" / "products"
PRODUCTS_MAX = 256


def read_catalogue(home: Path) -> Catalogue:
    """Read the products that are shipped, and those in the folder ``products`` of the home.

    A file of the home with the id and version of a shipped one takes its place.

    Raises:
        BadProduct: one of the files is not right.
    """
    shipped = {product.ref: product for product in map(_read, sorted(_SHIPPED.glob("*.toml")))}
    own = [_read(path) for path in sorted((home / "products").glob("*.toml"))[:PRODUCTS_MAX]]
    Catalogue(own)
    return Catalogue((shipped | {product.ref: product for product in own}).values())


def _read(path: Path) -> CardProduct:
    return read_product(read_limited(path, size_bytes_max=PRODUCT_BYTES_MAX + 1), name=path.name)
