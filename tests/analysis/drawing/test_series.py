import pytest

from causal_mtl.analysis import FinishedRun, series
from causal_mtl.common import ConfigurationError


def run(label, seed=1, sha="1", **model):
    config = {"model": {"type": "pmei", "alpha": 1.0, **model}, "random_seed": seed}
    return FinishedRun(label, label, seed, config, {}, {"data_sha256": {"train.json": sha}})


def seeds(found):
    return {
        name: {value: [(run.label, run.seed) for run in runs] for value, runs in points.items()}
        for name, points in found.items()
    }


def test_one_line_of_ascending_values_each_with_its_seeds():
    runs = [run(f"pmei,beta={beta}", seed, beta=beta) for beta in (1, 0.01, 0.1) for seed in (2, 1)]
    found = seeds(series(runs, "model.beta"))
    assert list(found) == ["pmei"]
    assert list(found["pmei"]) == [0.01, 0.1, 1]
    assert found["pmei"][0.1] == [("pmei,beta=0.1", 1), ("pmei,beta=0.1", 2)]


def test_one_line_a_remaining_configuration():
    runs = [
        run(f"pmei,alpha={alpha},beta={beta}", alpha=alpha, beta=beta)
        for alpha in (0.5, 0.1)
        for beta in (1, 2)
    ]
    assert list(series(runs, "model.beta")) == ["pmei,alpha=0.5", "pmei,alpha=0.1"]
    assert list(series(runs, "model.alpha")) == ["pmei,beta=1", "pmei,beta=2"]


def test_the_config_that_the_values_vary_is_a_point_too():
    found = series([run("pmei", beta=3), run("pmei,model.beta=4", beta=4)], "model.beta")
    assert seeds(found) == {"pmei": {3: [("pmei", 1)], 4: [("pmei,model.beta=4", 1)]}}


def test_labels_of_another_making():
    assert list(series([run("b_low", beta=1), run("b_high", beta=2)], "model.beta")) == ["b"]
    assert list(series([run("low", beta=1), run("high", beta=2)], "model.beta")) == ["low"]


def test_items_of_lists():
    runs = [run(f"a,tasks.0.weight={w}", tasks=[{"weight": w}]) for w in (1, 2)]
    for key in ("model.tasks.0.weight", "model.tasks[0].weight"):
        assert {name: list(points) for name, points in series(runs, key).items()} == {"a": [1, 2]}


@pytest.mark.parametrize("beta", [{}, {"beta": "0.1"}, {"beta": True}, {"beta": {"entities": 1.0}}])
def test_no_number(beta):
    with pytest.raises(ConfigurationError, match=r"pmei: its config has no number at model\.beta"):
        series([run("pmei", **beta)], "model.beta")


def test_a_key_that_is_not_there():
    with pytest.raises(ConfigurationError, match=r"model\.alhpa; did you mean 'model\.alpha'\?"):
        series([run("pmei")], "model.alhpa")


def test_runs_that_differ_in_more():
    with pytest.raises(ConfigurationError) as error:
        series([run("p,beta=1", beta=1), run("p,beta=2", beta=2, alpha=7)], "model.beta")
    assert str(error.value).splitlines() == [
        "p: runs differ in more than model.beta and the seed:",
        "  model.alpha: 1.0, 7",
    ]
    with pytest.raises(ConfigurationError, match=r"data\.train\.json: 'SHA-256 1', 'SHA-256 2'"):
        series([run("p,beta=1", beta=1), run("p,beta=2", beta=2, sha="2")], "model.beta")


def test_one_seed_twice():
    with pytest.raises(
        ConfigurationError, match=r"p-1 and p,beta=1-1 have one config and seed: leave one out"
    ):
        series([run("p", beta=1), run("p,beta=1", beta=1)], "model.beta")


def test_keys_that_change_along_the_line():
    runs = [run(f"a,share={share}", share=share, epochs=epochs) for share, epochs in ((0.1, 80), (0.5, 40))]
    assert set(series(runs, "model.share", along=["model.epochs"])) == {"a"}
    with pytest.raises(ConfigurationError, match=r"differ in more than model\.share"):
        series(runs, "model.share")


def test_the_value_of_configs_that_leave_the_key_out():
    runs = [run("a"), run("a,share=0.5", share=0.5)]
    assert list(series(runs, "model.share", default=1.0)["a"]) == [0.5, 1.0]
    with pytest.raises(ConfigurationError, match="no number at"):
        series([run("a", share="much")], "model.share", default=1.0)


def test_one_file_below_two_paths():
    def below(root, share):
        config = {"train_data_path": f"{root}/train.json", "model": {"share": share}, "random_seed": 1}
        return FinishedRun("a", "a", 1, config, {}, {"data_sha256": {f"{root}/train.json": "1"}})

    assert list(series([below("here", 0.5), below("there", 1)], "model.share")["a"]) == [0.5, 1]
