from dataclasses import replace

import pytest
import torch

from causal_mtl.common import ConfigurationError
from causal_mtl.data.instance import Span, SpanAnnotation
from causal_mtl.data.loader import Loader, TaskLabels


def outputs(model, batch):
    output = model(batch).outputs
    return output["entities"].logits, output["relations"]


def test_padding_and_batch_composition_change_no_score(model, loader):
    model.eval()
    tags, scores = outputs(model, loader.batch([0, 1, 2, 3]))
    for row, number in enumerate([0, 1, 2, 3]):
        length = loader.lengths[number]
        own_tags, own_scores = outputs(model, loader.batch([number]))
        torch.testing.assert_close(tags[row, :length], own_tags[0], rtol=1e-5, atol=1e-5)
        pairs = torch.cartesian_prod(torch.arange(length), torch.arange(length))
        here = torch.cat([torch.full((len(pairs), 1), row), pairs], 1)
        alone = torch.cat([torch.zeros(len(pairs), 1, dtype=torch.long), pairs], 1)
        torch.testing.assert_close(
            scores.cells(0.0, here)[1], own_scores.cells(0.0, alone)[1], rtol=1e-5, atol=1e-5
        )


def test_losses_are_sums_over_sentences(model, loader):
    model.eval()
    together = model(loader.batch([0, 1, 2, 3])).losses
    alone = [model(loader.batch([number])).losses for number in range(4)]
    assert set(together) == {"entities", "relations"}
    for name, loss in together.items():
        torch.testing.assert_close(loss.total, sum(one[name].total for one in alone), rtol=1e-4, atol=1e-4)


def test_weights_and_missing_annotations(model, loader, instances, vocab, indexers, tasks):
    del instances[0].annotations["relations"]
    tasks[1].weight = 0.5
    loader = Loader(instances, vocab, indexers, tasks)
    batch = loader.batch([0, 1])
    assert batch.counts == {"entities": 2, "relations": 1}
    assert model(batch).losses["relations"].weight == 0.5
    assert "relations" not in loader.batch([0]).labels
    assert set(model(loader.batch([0])).losses) == {"entities"}


def test_it_learns_its_training_sentences(model, loader):
    model.initialize(loader)
    batch = loader.batch(range(len(loader)))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        optimizer.zero_grad()
        sum(loss.total for loss in model(batch).losses.values()).backward()
        optimizer.step()
    model.eval()
    decoded = model.decode(model(batch), batch)
    for found, instance in zip(decoded, batch.instances, strict=True):
        assert found["entities"].spans == instance.annotations["entities"].spans
        assert sorted(found["relations"].relations) == sorted(instance.annotations["relations"].relations)


def test_labels_that_are_set_are_kept_and_used_by_the_tasks_that_need_them(model, loader, tasks):
    model.eval()
    model.heads["relations"].scorer.bias.data.fill_(20.0)  # everything is related to everything
    batch = loader.batch([0])
    given = SpanAnnotation((Span(1, 2, "entity"), Span(4, 5, "entity")))
    target = tasks[0].targets(replace(batch.instances[0], annotations={"entities": given}), model.vocab)
    labels = {"entities": TaskLabels([given], tasks[0].collate([target], [5]))}
    (found,) = model.decode(model(batch, labels), batch, labels)
    assert found["entities"] == given
    pairs = {(relation.head.start, relation.tail.start) for relation in found["relations"].relations}
    assert pairs == {(1, 1), (1, 4), (4, 1), (4, 4)}


def test_a_label_of_an_unknown_task_cannot_be_set(model, loader):
    batch = loader.batch([0])
    with pytest.raises(ConfigurationError, match="no task 'entity' to set"):
        model.decode(model.eval()(batch), batch, {"entity": batch.labels["entities"]})


def test_initialize_starts_at_the_prior(model, loader):
    model.initialize(loader)
    tags = model.heads["entities"].layer.bias.softmax(0)
    assert float(tags[0].detach()) == pytest.approx((16 - 7 + 1) / (16 + 5))
    pairs = 5 * 5 + 1 + 8 * 8 + 2 * 2
    assert float(model.heads["relations"].scorer.bias.detach().sigmoid()) == pytest.approx(
        (4 + 1) / (pairs + 2)
    )


def test_a_task_may_start_without_priors(model, loader, tasks):
    before = model.heads["entities"].layer.bias.clone()
    tasks[0].prior_bias = False
    model.initialize(loader)
    assert torch.equal(model.heads["entities"].layer.bias, before)
    assert float(model.heads["relations"].scorer.bias[0].detach()) < -1


def test_one_seed_one_result(model, loader):
    torch.manual_seed(3)
    first = model(loader.batch([0, 2])).losses["relations"].total
    torch.manual_seed(3)
    assert torch.equal(first, model(loader.batch([0, 2])).losses["relations"].total)
