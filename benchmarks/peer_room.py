"""Talks to the peers' side (``benchmarks/peers/verify_peer.py``) in its own environment, ``.venv-peers``."""

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from rahdari.wire.keys import PublicKey

REPOSITORY = Path(__file__).resolve().parent.parent
PYTHON = REPOSITORY / ".venv-peers" / "bin" / "python"
ABSENT = "skipped: run make peers"


def is_present() -> bool:
    """Tell whether the second environment has been made."""
    return PYTHON.exists()


class PeerRoom:
    """A running peers' side; use it in a ``with`` statement."""

    def __enter__(self) -> Self:
        """Start the peers' side."""
        script = REPOSITORY / "benchmarks" / "peers" / "verify_peer.py"
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            [str(PYTHON), str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close its input, upon which it ends."""
        self._process.communicate()

    def ask(self, peer: str, text: str, key: PublicKey, times: int = 0) -> dict[str, object]:
        """Let ``peer`` read and verify ``text``; raises AssertionError if the peers' side has died."""
        sec1 = (b"\x04" + key.x + key.y if key.y else key.x).hex()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"peer": peer, "text": text, "sec1": sec1, "kid": key.as_jwk()["kid"], "times": times}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or "null")
        assert isinstance(answer, dict), "the peers' side has ended; run it by hand to see why"
        return answer

    def seconds(self, peer: str, text: str, key: PublicKey, times: int) -> float:
        """Measure the CPU seconds of one read by ``peer``."""
        answer = self.ask(peer, text, key, times)
        assert answer["ok"], answer
        return float(str(answer["seconds"]))
