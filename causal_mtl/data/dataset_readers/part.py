"""A part of a file, chosen by the ids of its records."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from math import isclose

from causal_mtl.common import ConfigurationError


@dataclass(frozen=True)
class Part:
    """One of several parts of a file that has no split of its own.

    Which part a record belongs to depends on its id, `seed` and the shares (in any order) alone. So parts do not
    overlap, are the same on every machine, and stay the same when records are added or reordered. Their sizes are
    near their shares.

    Args:
        name: of the part to read.
        shares: of all parts, by name, such as ``{"train": 0.85, "dev": 0.15}``; they add up to 1.
        seed: another one makes other parts.

    Raises:
        ConfigurationError: the part is not among the shares, or they do not add up to 1.
    """

    name: str
    shares: dict[str, float]
    seed: int = 0

    def __post_init__(self) -> None:
        if self.name not in self.shares:
            raise ConfigurationError(f"part: {self.name!r} is not among the shares: {', '.join(self.shares)}")
        if any(share <= 0 for share in self.shares.values()) or not isclose(sum(self.shares.values()), 1.0):
            raise ConfigurationError(f"part: the shares must be positive and add up to 1, got {self.shares}")

    def has(self, identifier: str) -> bool:
        """Whether the record with this id belongs to the part."""
        place = place_of(f"{self.seed}:{identifier}")
        # Jsonnet sorts keys and Python does not: a part must not depend on which of them gave the shares.
        for name, share in sorted(self.shares.items()):
            if place < share:
                return name == self.name
            place -= share
        return name == self.name  # the shares add up to 1 but for rounding


def place_of(text: str) -> float:
    """A number in [0, 1) that depends on `text` alone and is spread evenly over different texts."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
