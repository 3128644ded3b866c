"""``python -m rahdari`` is the command ``rahdari``."""

from rahdari.cli import main

if __name__ == "__main__":
    main()
