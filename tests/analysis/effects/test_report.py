"""Effects as tables."""

from causal_mtl.analysis.effects import effect_tables


def row(target, outcome, population, effect):
    total = {"effect": effect, "low": effect - 0.1, "high": effect + 0.1}
    return {
        "label": "a", "target": target, "outcome": outcome, "population": population, "units": 3,
        "paths": {"total": total}, "q": None, "found": False,
    }  # fmt: skip


ASKED = {"source": "A", "target": "B", "against": "", "weights": "uniform", "between": "predicted"}


def test_a_table_for_each_task_and_population():
    effects = [row("B", "b", population, 0.5) for population in ("labelled", "all")]
    nulls = [row(t, o, p, 0.01) for t, o in ("Cc", "Cd", "De") for p in ("labelled", "all")]
    report = {"effects": effects, "known_nulls": nulls, "question": ASKED, "data": "dev", "models": ["m"]}
    tables = effect_tables(report)
    rest = "of dev; against the other labels (uniform); predicted between; 1 models"
    assert [table.title for table in tables] == [
        f"Effect of A on B, cases that have the label {rest}",
        f"Effect of A on B, all cases {rest}",
        "Known to be none: effect of A on C, cases that have the label",
        "Known to be none: effect of A on D, cases that have the label",
        "Known to be none: effect of A on C, all cases",
        "Known to be none: effect of A on D, all cases",
    ]
    assert [[line[1] for line in table.rows] for table in tables[2:]] == [["c", "d"], ["e"]] * 2


def test_strongest_effects_come_first():
    effects = [row("B", outcome, "all", effect) for outcome, effect in (("x", 0.1), ("y", -0.9), ("z", 0.4))]
    report = {"effects": effects, "known_nulls": [], "question": ASKED, "data": "dev", "models": ["m"]}
    (table,) = effect_tables(report)
    assert [line[1] for line in table.rows] == ["y", "z", "x"]
