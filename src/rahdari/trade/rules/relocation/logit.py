"""A conditional logit: which of several countries takes what another gives up.

P(c) = exp(z_c b) / sum over the rivals c' of exp(z_c' b), McFadden (1974), textbook form; the chapter was not
consulted. What a donor lost is split among many, so the outcome of an occasion is shares that add up to 1, and
what is maximised is a quasi-likelihood; hence the robust ("sandwich") errors beside the classical ones.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from rahdari.trade.errors import BadParameter, BadTable, Degenerate
from rahdari.trade.rules.relocation.panel import Booleans
from rahdari.trade.values import Amounts

# Of the mean gradient of an occasion, in standardised features.
GRADIENT_MAX = 1e-6
# A feature whose coefficient passes this many standard deviations tells winners from losers without fail.
COEFFICIENT_MAX = 20.0
# The smallest curvature, in standardised features, that still fixes a coefficient.
CURVATURE_MIN = 1e-6
# The penalty that is added, half of it times the squared coefficients, where the data alone fix none.
RIDGE = 0.01
# What the screen knows of a country in a product is a handful of numbers.
FEATURES_MAX = 50


class FitNote(StrEnum):
    """How the maximum was found, and why a penalty was needed where it was."""

    PLAIN = "maximum_likelihood"
    SEPARABLE = "penalised_because_separable"
    COLLINEAR = "penalised_because_collinear"


@dataclass(frozen=True, slots=True, eq=False)
class Choices:
    """Occasions to learn from: ``features[n, c, k]``, ``won[n, c]`` (adds up to 1), ``is_rival[n, c]``.

    Raises:
        BadTable: shapes that do not fit, a number that is not finite, a row that does not add up to 1, or a win of
            somebody who was no rival.
    """

    names: tuple[str, ...]
    features: Amounts
    won: Amounts
    is_rival: Booleans

    def __post_init__(self) -> None:
        """Check."""
        if len(self.names) > FEATURES_MAX:
            raise BadTable(f"{len(self.names)} features are more than {FEATURES_MAX}")
        shape = (*self.won.shape, len(self.names))
        if self.features.shape != shape or self.is_rival.shape != self.won.shape:
            raise BadTable(
                f"features are {self.features.shape} and rivals {self.is_rival.shape}, not {shape}"
            )
        if not np.isfinite(self.features).all() or not np.isfinite(self.won).all() or (self.won < 0).any():
            raise BadTable("a feature is not finite, or a share that was won is not finite or negative")
        if (self.won[~self.is_rival] > 0).any() or not np.allclose(self.won.sum(axis=1), 1.0, atol=1e-9):
            raise BadTable("what was won must add up to 1 in each occasion, and only rivals can win it")


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The coefficients of largest likelihood; arrays read-only, in the order of ``names``.

    ``errors`` are robust to the fractions that were won, ``errors_classical`` are the inverse of the information
    alone. A feature in ``dropped`` is the same for all rivals of each occasion: its coefficient and errors are 0.
    ``gradient`` is the largest part of the mean gradient where the search ended.
    """

    names: tuple[str, ...]
    coefficients: Amounts
    errors: Amounts
    errors_classical: Amounts
    occasions: int
    log_likelihood: float
    log_likelihood_even: float
    gradient: float
    note: FitNote
    dropped: tuple[str, ...]

    @property
    def is_regularised(self) -> bool:
        """Tell whether a penalty was needed: the coefficients are then held small, not measured."""
        return self.note is not FitNote.PLAIN

    @property
    def pseudo_r_squared(self) -> float:
        """Give McFadden's 1 - L/L0, against rivals that all have the same chance; 0 where there is no choice."""
        even = self.log_likelihood_even
        return 1.0 - self.log_likelihood / even if even < 0 else 0.0


def fit(choices: Choices) -> Fit:
    """Find the coefficients of largest likelihood, and say when the data alone do not fix them.

    The search is SciPy's trust region with our gradient and Hessian; the likelihood is concave, so what it finds
    is the maximum, and the gradient there is checked.

    Raises:
        BadParameter: there is no occasion, or no feature that differs between rivals.
        Degenerate: the search did not reach a maximum.
    """
    if not len(choices.won):
        raise BadParameter("no occasion to learn from; take the present shares as chances")
    z, scale = _standardised(choices)
    is_kept = scale > 0
    if not is_kept.any():
        raise BadParameter(
            f"none of {', '.join(choices.names)} differs between rivals, so nothing can be learned"
        )
    problem = _Likelihood(z[:, :, is_kept], choices.won, choices.is_rival)
    coefficients, note = _maximum(problem)
    return _told(choices, problem, (coefficients, note), scale)


def chances(found: Fit, features: Amounts, is_rival: Booleans) -> Amounts:
    """Give P of each rival by occasion, adding up to 1 over the rivals; 0 for who is none.

    Args:
        found: what ``fit`` gave.
        features: occasions by countries by features.
        is_rival: occasions by countries.

    Raises:
        Degenerate: an occasion without a rival.
    """
    if not is_rival.any(axis=1).all():
        raise Degenerate("an occasion has no rival who could take anything")
    return _softmax(features @ found.coefficients, is_rival)


class _Likelihood:
    """The mean negative log-likelihood of an occasion, its gradient and Hessian, with a penalty or without."""

    def __init__(self, z: Amounts, won: Amounts, is_rival: Booleans) -> None:
        self.z, self.won, self.is_rival = z, won, is_rival
        self.ridge = 0.0

    def value(self, b: Amounts) -> float:
        logs = _log_softmax(self.z @ b, self.is_rival)
        lost = float((self.won * np.where(self.is_rival, logs, 0.0)).sum()) / len(self.won)
        return -lost + 0.5 * self.ridge * float(b @ b)

    def scores(self, b: Amounts) -> Amounts:
        """Give the score of each occasion: sum over c of (won - P) z."""
        rest = self.won - _softmax(self.z @ b, self.is_rival)
        scores: Amounts = np.einsum("nc,nck->nk", rest, self.z)
        return scores

    def gradient(self, b: Amounts) -> Amounts:
        slope: Amounts = -self.scores(b).mean(axis=0) + self.ridge * b
        return slope

    def hessian(self, b: Amounts) -> Amounts:
        odds = _softmax(self.z @ b, self.is_rival)
        centred = self.z - np.einsum("nc,nck->nk", odds, self.z)[:, None, :]
        weighted = (centred * odds[:, :, None]).reshape(-1, len(b))
        curve: Amounts = weighted.T @ centred.reshape(-1, len(b)) / len(self.won)
        return curve + self.ridge * np.eye(len(b))


def _maximum(problem: _Likelihood) -> tuple[Amounts, FitNote]:
    start = np.zeros(problem.z.shape[2])
    # At no knowledge the curvature is that of the features themselves: flat means that they repeat one another.
    if np.linalg.eigvalsh(problem.hessian(start))[0] < CURVATURE_MIN:
        problem.ridge = RIDGE
        return _checked(problem, _search(problem, start)), FitNote.COLLINEAR
    found = _search(problem, start)
    is_flat = np.linalg.eigvalsh(problem.hessian(found))[0] < CURVATURE_MIN
    if is_flat or np.abs(found).max() > COEFFICIENT_MAX:
        problem.ridge = RIDGE
        return _checked(problem, _search(problem, start)), FitNote.SEPARABLE
    return _checked(problem, found), FitNote.PLAIN


def _search(problem: _Likelihood, start: Amounts) -> Amounts:
    from scipy.optimize import minimize  # noqa: PLC0415 - a server that only verifies does without it

    result = minimize(
        problem.value, start, jac=problem.gradient, hess=problem.hessian, method="trust-exact",
        options={"gtol": GRADIENT_MAX / 100, "maxiter": 200},
    )  # fmt: skip
    return np.asarray(result.x, dtype=np.float64)


def _checked(problem: _Likelihood, found: Amounts) -> Amounts:
    left = float(np.abs(problem.gradient(found)).max())
    if left > GRADIENT_MAX:
        raise Degenerate(f"the search for the likelihood's maximum ended at a gradient of {left:.1e}")
    return found


def _standardised(choices: Choices) -> tuple[Amounts, Amounts]:
    """Divide each feature by its spread within occasions, which is 0 where it tells no rival from another."""
    counts = np.maximum(choices.is_rival.sum(axis=1), 1)[:, None, None]
    inside = np.where(choices.is_rival[:, :, None], choices.features, 0.0)
    centred = np.where(choices.is_rival[:, :, None], inside - inside.sum(axis=1, keepdims=True) / counts, 0.0)
    spread = np.sqrt((centred**2).sum(axis=(0, 1)) / max(int(choices.is_rival.sum()), 1))
    size = np.abs(inside).max(axis=(0, 1))
    scale = np.where(spread > 1e-12 * np.maximum(size, 1.0), spread, 0.0)
    return centred / np.where(scale > 0, scale, 1.0), scale


def _told(choices: Choices, problem: _Likelihood, found: tuple[Amounts, FitNote], scale: Amounts) -> Fit:
    b, note = found
    is_kept = scale > 0
    inverse = np.linalg.inv(problem.hessian(b))
    scores = problem.scores(b)
    n = len(choices.won)
    classical = np.sqrt(np.diag(inverse) / n)
    robust = np.sqrt(np.diag(inverse @ (scores.T @ scores / n) @ inverse) / n)
    gradient = float(np.abs(problem.gradient(b)).max())
    problem.ridge = 0.0
    return Fit(
        names=choices.names,
        coefficients=_placed(b / scale[is_kept], is_kept),
        errors=_placed(robust / scale[is_kept], is_kept),
        errors_classical=_placed(classical / scale[is_kept], is_kept),
        occasions=n,
        log_likelihood=-problem.value(b) * n,
        log_likelihood_even=-problem.value(np.zeros(len(b))) * n,
        gradient=gradient,
        note=note,
        dropped=tuple(name for name, kept in zip(choices.names, is_kept, strict=True) if not kept),
    )


def _placed(values: Amounts, is_kept: Booleans) -> Amounts:
    placed = np.zeros(len(is_kept))
    placed[is_kept] = values
    placed.flags.writeable = False
    return placed


def _softmax(utility: Amounts, is_rival: Booleans) -> Amounts:
    odds: Amounts = np.where(is_rival, np.exp(_log_softmax(utility, is_rival)), 0.0)
    return odds


def _log_softmax(utility: Amounts, is_rival: Booleans) -> Amounts:
    """Give ln P; of no meaning, but finite, for who is no rival."""
    top = np.where(is_rival, utility, -np.inf).max(axis=1, keepdims=True)
    raised = np.where(is_rival, utility - top, 0.0)
    total = np.where(is_rival, np.exp(raised), 0.0).sum(axis=1, keepdims=True)
    logs: Amounts = raised - np.log(total)
    return logs
