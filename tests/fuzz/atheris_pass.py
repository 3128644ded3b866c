"""Coverage-guided fuzzing of the pass parsers, for Python 3.11: ``python -m tests.fuzz.atheris_pass -runs=200000``.

Ends with an error on the first input that is neither a value nor a refusal of ``rahdari.wire.errors``.
"""

import sys

SUPPORTED = sys.version_info < (3, 12)  # the fuzzer has no wheels for later versions


def one_input(raw: bytes) -> None:
    """Give the bytes to every parser of the road from text to identity."""
    from tests.fuzz.test_fuzz_passes import attempt  # noqa: PLC0415 - imported under instrumentation

    attempt(raw, raw.decode("latin-1"))


def main() -> int:
    """Fuzz until told to stop, or say why not."""
    if not SUPPORTED:
        sys.stdout.write("skipped: the fuzzer needs Python 3.11\n")
        return 0
    import atheris  # noqa: PLC0415 - has no wheels from 3.12 on

    with atheris.instrument_imports(include=["rahdari.wire"]):
        import tests.fuzz.test_fuzz_passes  # noqa: F401, PLC0415
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
