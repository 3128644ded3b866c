"""What a context believes, whoever else uses OpenSSL in this process."""

import _ssl
import ctypes
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rahdari.app.exchange.tls import trust
from tests.fakes.certificates import make_certificate

# ERR_LIB_PROV and PROV_R_BAD_DECRYPT (openssl/err.h, openssl/proverr.h): as a module with a wrong PIN leaves them.
LEFT_BEHIND = (57, 100)


def leave_an_error_behind() -> None:
    library = ctypes.CDLL(_ssl.__file__)
    if not hasattr(library, "ERR_set_error"):
        pytest.skip("this interpreter's OpenSSL shows nobody its queue of errors")
    library.ERR_new()
    library.ERR_set_error(*LEFT_BEHIND, None)


def test_what_others_left_in_the_librarys_queue_of_errors_is_nobodys_fault(tmp_path: Path) -> None:
    made = make_certificate(tmp_path, "one", begins=datetime.now(UTC) - timedelta(1), life=timedelta(days=3))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    leave_an_error_behind()
    trust(context, [made.der])
    assert context.cert_store_stats()["x509"] == 1


def test_what_is_no_certificate_is_not_believed() -> None:
    with pytest.raises(ssl.SSLError):
        trust(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), [b"no certificate"])
