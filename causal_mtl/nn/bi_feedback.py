"""Predictions that condition on each other forwards and backwards along a graph of tasks (Yang et al. 2019)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from causal_mtl.nn.named_modules import NamedModules

OWN = "own"
"""The one perspective of a task without parents."""


class BiFeedback(nn.Module):
    """Log probabilities of the labels of all tasks from one feature of each text.

    Forward prediction, in the order of the graph, with f the feature and p_k the first prediction of task k:

        s_k = relu(V_k W_k p_k),  f_k = f * s_k              what task k says of the feature
        p_k ∝ Π over parents j of softmax(U_kj f_j + b_kj)   one perspective for each parent
        p_k = softmax(U_k relu(R_k f) + b_k)                 without parents

    Backward verification by the first predictions of the tasks that depend on k:

        q_k ∝ p_k Π over children c of σ(G_kc W_c p_c + g_kc)

    Args:
        feature_size: width of f.
        label_sizes: for each task, in order, how many labels it has.
        parents: of each task, in order.
        label_dim: width of label embeddings W_k p_k.
    """

    def __init__(
        self,
        feature_size: int,
        label_sizes: Mapping[str, int],
        parents: Mapping[str, Sequence[str]],
        label_dim: int = 256,
    ) -> None:
        super().__init__()
        self.parents = {task: tuple(parents[task]) for task in label_sizes}
        self.dependents = {
            task: tuple(child for child in label_sizes if task in parents[child]) for task in label_sizes
        }
        tied = [task for task in label_sizes if self.parents[task] or self.dependents[task]]
        perspectives = {task: self.parents[task] or (OWN,) for task in label_sizes}
        self.roots = NamedModules(
            {
                task: nn.Linear(feature_size, feature_size, bias=False)
                for task in label_sizes
                if not self.parents[task]
            }
        )
        self.embeddings = NamedModules(
            {task: nn.Linear(label_sizes[task], label_dim, bias=False) for task in tied}
        )
        self.semantics = NamedModules(
            {task: nn.Linear(label_dim, feature_size, bias=False) for task in tied if self.dependents[task]}
        )
        self.outputs = _linear_maps(feature_size, label_sizes, perspectives)
        self.gates = _linear_maps(label_dim, label_sizes, self.dependents)

    def forward(self, feature: Tensor, given: Mapping[str, tuple[Tensor, Tensor]]) -> dict[str, Tensor]:
        """The logarithm of q_k for each task, `(batch, labels)`.

        Args:
            feature: f, `(batch, feature_size)`.
            given: labels that are set, `(batch, labels)` by task, and for which texts, `(batch,)`: they take the
                place of p_k for other tasks.
        """
        first: dict[str, Tensor] = {}
        embedded: dict[str, Tensor] = {}
        seen: dict[str, Tensor] = {}
        for task, parents in self.parents.items():
            views = [seen[parent] for parent in parents] or [self.roots[task](feature).relu()]
            first[task] = _product(
                output(view).log_softmax(dim=-1)
                for output, view in zip(_values(self.outputs, task), views, strict=True)
            )
            if task in self.embeddings:
                label = first[task].exp()
                if task in given:
                    labels, known = given[task]
                    label = torch.where(known.unsqueeze(1), labels.to(label.dtype), label)
                embedded[task] = self.embeddings[task](label)
            if task in self.semantics:
                seen[task] = feature * self.semantics[task](embedded[task]).relu()
        return {task: self._verified(task, first[task], embedded) for task in self.parents}

    def label_rows(self) -> dict[str, str]:
        """The weights with a row for each label of a task: that task, by the weight's name."""
        of_tasks = [*self.outputs.items(), *self.gates.items()]
        task_of = {parameter: task for task, maps in of_tasks for parameter in maps.parameters()}
        return {name: task_of[one] for name, one in self.named_parameters() if one in task_of}

    def _verified(self, task: str, first: Tensor, embedded: Mapping[str, Tensor]) -> Tensor:
        """From p_k to q_k, as logarithms `(batch, labels)`; `embedded` predictions are `(batch, label_dim)`."""
        gates = zip(_values(self.gates, task), self.dependents[task], strict=True)
        weights = [nn.functional.logsigmoid(gate(embedded[child])) for gate, child in gates]
        return _product([first, *weights])


def _values(maps: NamedModules, task: str) -> Iterable[nn.Module]:
    return cast(NamedModules, maps[task]).values()


def _product(factors: Iterable[Tensor]) -> Tensor:
    """The normalised product of distributions or weights, all as logarithms, `(batch, labels)`."""
    return torch.stack(list(factors)).sum(dim=0).log_softmax(dim=-1)


def _linear_maps(
    input_size: int, label_sizes: Mapping[str, int], others: Mapping[str, Sequence[str]]
) -> NamedModules:
    """For each task an affine map to its labels for each name in `others`."""
    return NamedModules(
        {
            task: NamedModules({name: nn.Linear(input_size, size) for name in others[task]})
            for task, size in label_sizes.items()
        }
    )
