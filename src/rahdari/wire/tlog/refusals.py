"""What a verifier of logs can say beyond "malformed" and "bad signature"."""

from typing import ClassVar

from rahdari.kernel import Refused
from rahdari.wire.tlog.tree import TreeHead


class ProofRefused(Refused):
    """The proof is well written, yet does not lead from this leaf or tree to that root."""

    code: ClassVar[str] = "wire.tlog_proof_refused"


class PolicyNotMet(Refused):
    """The log, its post-quantum key or enough witnesses have not signed this checkpoint."""

    code: ClassVar[str] = "wire.tlog_policy_not_met"


class SplitView(Refused):
    """Two checkpoints of one log do not belong to one history: keep both, with their signatures.

    ``is_conclusive`` tells that the two alone convict the log: one size, two roots. Otherwise the proof given does
    not connect them: ask the log for another proof, and if it has none, it has shown two histories.
    """

    code: ClassVar[str] = "wire.tlog_split_view"

    def __init__(self, origin: str, *, old: TreeHead, new: TreeHead) -> None:
        """Take what was seen before and what is shown now."""
        self.origin, self.old, self.new = origin, old, new
        self.is_conclusive = old.size == new.size
        verdict = (
            "one size has one root, so the log has lied; trust neither and tell the others"
            if self.is_conclusive
            else "this proof does not connect them; stay with the old one and ask the log for another proof"
        )
        super().__init__(
            f"{origin} showed root {old.root.hex()} at size {old.size} and now shows root {new.root.hex()} at size "
            f"{new.size}: {verdict}. Keep both signed checkpoints, they are the evidence"
        )
