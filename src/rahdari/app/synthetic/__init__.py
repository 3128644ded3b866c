"""People who do not exist, for demonstrations and tests: names, numbers, places and drawn faces.

Names are common ones put together by chance; streets are called "Sample Street"; passport numbers begin
with ZZ, localities of the national number with 0000; the portraits are drawings. Nobody is meant.

Example:
    >>> from rahdari.app import synthetic
    >>> synthetic.draw_portrait(7)[6:10]
    b'JFIF'
"""

from rahdari.app.synthetic.drawing import draw_portrait
from rahdari.app.synthetic.people import SyntheticPerson, synthetic_people
from rahdari.app.synthetic.register import as_person

__all__ = ["SyntheticPerson", "as_person", "draw_portrait", "synthetic_people"]
