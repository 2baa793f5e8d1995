"""What labels are drawn by."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from hashlib import blake2b

import torch
from torch import Tensor

from causal_mtl.nn.inference.distribution import Distribution


class Noise(ABC):
    """Numbers between 0 and 1."""

    @abstractmethod
    def draw(self, distribution: Distribution, copies: int, width: int) -> Tensor:
        """Uniform numbers, `(worlds · copies, batch, positions, width)`.

        Args:
            distribution: what is drawn from; the worlds are those of its logits.
            copies: draws for each world.
            width: numbers for each draw.
        """

    @abstractmethod
    def offsets(self, distribution: Distribution) -> Tensor:
        """One uniform number for each text, `(batch,)`: that by which worlds are chosen."""


class FreshNoise(Noise):
    """From torch's global generator, as everything that training draws."""

    def draw(self, distribution: Distribution, copies: int, width: int) -> Tensor:
        """Independent numbers, on the device of the logits; shapes as in `Noise.draw`."""
        worlds, batch, positions, _ = distribution.logits.shape
        return torch.rand(worlds * copies, batch, positions, width, device=distribution.logits.device)

    def offsets(self, distribution: Distribution) -> Tensor:
        """Independent numbers, `(batch,)`, on the device of the logits."""
        return torch.rand(distribution.logits.shape[1], device=distribution.logits.device)


class TextNoise(Noise):
    """From generators of its own, one per text and task: a function of seed, text and task alone.

    The draws of one number are stratified (Latin hypercube sampling): of n draws, one lies in each of n equal
    parts of (0, 1), in an order of its own at each position. Each is uniform; averages over them vary less than
    over independent ones.

    Args:
        texts: of the batch.
        lengths: positions of each at the level of tokens.
        seed: of all.
    """

    def __init__(self, texts: Sequence[str], lengths: Sequence[int], seed: int) -> None:
        self._texts, self._lengths, self._seed = texts, lengths, seed
        self._drawn: dict[tuple[str, int], Tensor] = {}

    def draw(self, distribution: Distribution, copies: int, width: int) -> Tensor:
        """On the CPU; shapes as in `Noise.draw`."""
        worlds, _, positions, _ = distribution.logits.shape
        key = distribution.name, distribution.total
        if key not in self._drawn:  # some worlds after others ask for parts of the same
            found = torch.zeros(distribution.total * copies, len(self._texts), positions, width)
            for number, (text, length) in enumerate(zip(self._texts, self._lengths, strict=True)):
                size = min(positions, length)
                generator = torch.Generator().manual_seed(self._seed_of(text, distribution.name))
                found[:, number, :size] = _stratified(distribution.total, copies, size, width, generator)
            self._drawn[key] = found
        start = distribution.first * copies
        return self._drawn[key][start : start + worlds * copies]

    def offsets(self, distribution: Distribution) -> Tensor:
        """On the CPU, `(batch,)`."""
        found = torch.empty(len(self._texts))
        for number, text in enumerate(self._texts):
            generator = torch.Generator().manual_seed(self._seed_of(text, f"{distribution.name}/worlds"))
            found[number] = torch.rand((), generator=generator)
        return found

    def _seed_of(self, text: str, task: str) -> int:
        name = f"{self._seed}\0{task}\0{text}".encode(errors="surrogatepass")
        return int.from_bytes(blake2b(name, digest_size=8).digest(), "big") >> 1


def _stratified(worlds: int, copies: int, positions: int, width: int, generator: torch.Generator) -> Tensor:
    """`(worlds · copies, positions, width)`, stratified over the copies of a world, or else over the worlds."""
    shape = (worlds, copies) if copies > 1 else (1, worlds)
    order, inside = torch.rand(2, *shape, positions, width, generator=generator)
    ranks = order.argsort(dim=1).to(inside.dtype)
    return ((ranks + inside) / shape[1]).flatten(0, 1)
