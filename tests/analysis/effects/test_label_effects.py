import pytest

from causal_mtl.analysis.effects.label_effects import label_effects
from causal_mtl.analysis.effects.question import LabelQuestion

ASKED = {"source": "A", "target": "B", "samples": 200}


def effects(report, population="all", path="total"):
    return {
        (row["label"], row["outcome"]): row["paths"][path]["effect"]
        for row in report["effects"]
        if row["population"] == population
    }


def asked(archives, world, **options):
    return label_effects(archives, str(world / "dev.jsonl"), LabelQuestion(**{**ASKED, **options}))


def test_gold_labels_give_the_true_effect(of_world, world):
    report = asked([of_world(seed=1), of_world(seed=2)], world, nulls=[("C", "")])
    for (label, outcome), effect in effects(report).items():
        truth = 0.5 if label[1] == outcome[1] else -0.25
        assert effect == pytest.approx(truth, abs=0.12)
    assert all(abs(row["paths"]["total"]["effect"]) < 0.12 for row in report["known_nulls"])
    assert all(row["above_null"] for row in report["effects"])
    assert all(row["found"] for row in report["effects"])
    assert len(report["effects"]) == 3 * 3 * 2
    for row in report["effects"]:
        parts = row["paths"]
        assert parts["total"]["effect"] == pytest.approx(
            parts["direct"]["effect"] + parts["indirect"]["effect"]
        )
        assert parts["total"]["low"] <= parts["total"]["effect"] <= parts["total"]["high"]
        assert len(row["by_model"]) == 2
    assert not any("decides" in text for text in report["warnings"])
    assert report["overlap"][0]["entropy_bits"] == pytest.approx(1.18, abs=0.2)


@pytest.mark.parametrize(("paths", "closed"), [("direct", "indirect"), ("indirect", "direct")])
def test_a_path_that_is_closed_has_no_effect(of_world, world, paths, closed):
    report = asked([of_world(paths, paths=paths)], world)
    assert all(value == 0 for value in effects(report, path=closed).values())
    assert effects(report, path=paths) == effects(report)
    assert max(effects(report).values()) > 0.3


def test_without_transfer_there_is_no_effect(of_world, world):
    report = asked([of_world("none", label_transfer="none", label_sampler=None)], world)
    assert set(effects(report).values()) == {0}
    assert not any(row["found"] for row in report["effects"])
    assert all(row["p"] == 1 for row in report["effects"])
