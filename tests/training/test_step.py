from itertools import pairwise

import pytest
import torch
from training_fakes import TASKS, FakeLoader, FakeModel

from causal_mtl.training import Engine
from causal_mtl.training.losses import LossSums, NonFiniteLossError
from causal_mtl.training.step import forward_backward


def gradient(micro_batches, loader):
    model = FakeModel()
    losses = forward_backward(model, loader, micro_batches, Engine("cpu"))
    return [p.grad for p in model.parameters()], losses.means()


@pytest.mark.parametrize("cuts", [[4], [1, 2], [3, 4, 7], [1, 2, 3, 4, 5, 6, 7]])
def test_micro_batches_give_the_gradient_of_one_batch(cuts):
    loader = FakeLoader(8, seed=3)
    assert any(len(instance.annotations) < len(TASKS) for instance in loader.instances)
    bounds = [0, *cuts, 8]
    whole, whole_losses = gradient([list(range(8))], loader)
    parts, part_losses = gradient([list(range(i, j)) for i, j in pairwise(bounds)], loader)
    for one, other in zip(whole, parts, strict=True):
        torch.testing.assert_close(one, other)
    assert part_losses == pytest.approx(whole_losses)


def test_objective_is_the_weighted_sum_of_means_over_annotated_sentences():
    loader, model = FakeLoader(8, seed=3), FakeModel()
    indices = list(range(8))
    output = model(loader.batch(indices))
    counts = loader.counts(indices)
    wanted = sum(loss.weight * loss.total / counts[loss.task] for loss in output.losses.values())
    found = forward_backward(model, loader, [indices], Engine("cpu")).means()
    assert found["loss"] == pytest.approx(wanted.item())
    assert found["size/loss"] == pytest.approx((output.losses["size"].total / counts["size"]).item())


def test_a_step_without_annotations_does_nothing():
    loader, model = FakeLoader(2), FakeModel()
    for instance in loader.instances:
        instance.annotations = {}
    assert forward_backward(model, loader, [[0], [1]], Engine("cpu")).means() == {}
    assert all(p.grad is None for p in model.parameters())


def test_non_finite_loss_names_task_and_place():
    sums = LossSums()
    sums.add("colour", 1.0, 1.0, 2)
    sums.add("size", float("nan"), 1.0, 2)
    with pytest.raises(NonFiniteLossError, match=r"'size' is nan at step 3 of epoch 2"):
        sums.check_finite("at step 3 of epoch 2")
