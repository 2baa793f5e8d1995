"""How far what an explanation says lies from what a model does: CEBaB's errors of individual effects."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

NO_CHANGE = 1e-4
"""A change of probabilities (Euclidean norm) or of the expected value that is smaller is none; CEBaB's code
rounds to four decimals."""


def scores(
    actual: NDArray[np.float64], said: NDArray[np.float64], numbers: NDArray[np.float64] | None
) -> dict[str, NDArray[np.float64]]:
    """The error of each pair, `(pairs,)` by name; all but "order" are the better the smaller.

    - "l2": Euclidean norm of what lies between both changes.
    - "cosine": 1 − cosine of the angle between them; 1 where one of them is none.
    - "norm_difference": what lies between their Euclidean norms.
    - "expected": what lies between both changes of the expected value; with `numbers` only.
    - "order": 1 where the expected value changes in the same direction (up, down, not at all), else 0; with
      `numbers` only.

    Args:
        actual: change of the probability of each outcome, `(pairs, outcomes)`.
        said: what the explanation says that it is.
        numbers: the outcomes as numbers, `(outcomes,)`; None: they are no numbers.
    """
    norms = np.linalg.norm(actual, axis=1), np.linalg.norm(said, axis=1)
    found = {
        "l2": np.linalg.norm(actual - said, axis=1),
        "cosine": _cosine_distance(actual, said, *norms),
        "norm_difference": np.abs(norms[0] - norms[1]),
    }
    if numbers is not None:
        found["expected"] = np.abs((actual - said) @ numbers)
        found["order"] = (_direction(actual @ numbers) == _direction(said @ numbers)).astype(float)
    return found


def as_numbers(names: Sequence[str]) -> NDArray[np.float64] | None:
    """Outcomes as numbers; None if one is none."""
    try:
        numbers = np.array([float(name) for name in names])
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() else None


def _cosine_distance(
    actual: NDArray[np.float64],
    said: NDArray[np.float64],
    of_actual: NDArray[np.float64],
    of_said: NDArray[np.float64],
) -> NDArray[np.float64]:
    changed = (of_actual >= NO_CHANGE) & (of_said >= NO_CHANGE)
    lengths = np.where(changed, of_actual * of_said, 1.0)
    cosine = np.where(changed, (actual * said).sum(axis=1) / lengths, 0.0)
    distance: NDArray[np.float64] = 1 - np.clip(cosine, -1, 1)
    return distance


def _direction(change: NDArray[np.float64]) -> NDArray[np.float64]:
    direction: NDArray[np.float64] = np.where(np.abs(change) < NO_CHANGE, 0.0, np.sign(change))
    return direction
