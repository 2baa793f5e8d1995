import pytest
import torch
from training_fakes import TASKS, FakeLoader, FakeModel, same_weights, weights

from causal_mtl.nn.precision import choose_precision
from causal_mtl.training import Batching, Engine, evaluate


def test_results_do_not_depend_on_the_batches():
    model, loader = FakeModel(dropout=0.5), FakeLoader(30)
    one = evaluate(model, loader, Engine("cpu"), Batching(batch_size=1))
    other = evaluate(model, loader, Engine("cpu"), Batching(max_tokens=40))
    assert one.pop("seconds") > 0
    other.pop("seconds")
    assert one == pytest.approx(other)
    assert set(one) == {"loss", *(f"{t}/{m}" for t in TASKS for m in ("loss", "accuracy"))}


def test_predictions_and_metrics_can_be_had():
    model, loader, found = FakeModel(), FakeLoader(30), {}
    metrics = {task.name: task.metric() for task in model.tasks}

    def collect(indices, batch, predictions):
        assert len(indices) == len(batch)
        found.update(zip(indices, predictions, strict=True))

    results = evaluate(model, loader, Engine("cpu"), metrics=metrics, on_batch=collect)
    assert sorted(found) == list(range(30))
    gold = [i.annotations.get("size") for i in loader.instances]
    right = [found[i]["size"].labels == g.labels for i, g in enumerate(gold) if g]
    assert results["size/accuracy"] == sum(right) / len(right)
    assert metrics["size"].counts["all",] == len(right)


@pytest.mark.parametrize("mode", [True, False])
def test_the_model_is_left_as_it_was(mode):
    model = FakeModel(dropout=0.5).train(mode)
    before, state = weights(model), torch.get_rng_state()
    evaluate(model, FakeLoader(10), Engine("cpu"))
    assert model.training is mode
    assert same_weights(before, weights(model))
    assert torch.equal(state, torch.get_rng_state())


def test_an_engine_tells_what_results_depend_on():
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(threads + 1)
        described = Engine("cpu", "auto").describe()
    finally:
        torch.set_num_threads(threads)
    assert described == {
        "device": "cpu",
        "mixed_precision": choose_precision("auto", "cpu"),
        "processes": 1,
        "threads": threads + 1,
    }


@pytest.mark.usefixtures("needs_bf16")
def test_engines_of_different_settings_follow_each_other():
    for precision in ("no", "bf16", "no"):
        engine = Engine("cpu", precision)
        with engine.autocast():
            product = torch.ones(2, 2) @ torch.ones(2, 2)
        assert product.dtype == (torch.bfloat16 if precision == "bf16" else torch.float32)
