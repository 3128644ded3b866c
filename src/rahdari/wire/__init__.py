"""The standards' formats: bytes to frozen values and back. No clock, no network, no storage.

One module a standard; import the module and speak its words:

Example:
    >>> from rahdari.wire import base45
    >>> base45.decode(base45.encode(b"rahdari"))
    b'rahdari'
"""
