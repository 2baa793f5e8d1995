from causal_mtl.analysis import FinishedRun, consistency_tables
from causal_mtl.metrics import inconsistency_measures

NAME, GOLD = "charge/inconsistency_article", "charge/gold_inconsistency_article"


def run(seed, label="law", measured=True, **scores):
    described = {name: m.of_task("charge").to_json() for name, m in inconsistency_measures("article").items()}
    measures = {f"charge/{name}": record for name, record in described.items()}
    measures |= {
        "charge/accuracy": {"percent": True, "higher_is_better": True},
        "charge/macro_recall": {"percent": True, "higher_is_better": True, "main": False},
        "term/accuracy": {"percent": True, "higher_is_better": True},
    }
    values = {"charge/accuracy": 0.5, "charge/macro_recall": 0.5, "term/accuracy": 0.5}
    values |= {NAME: scores["share"], GOLD: 0.01} if measured else {}
    metrics = {f"validation_{name}": value for name, value in values.items()}
    config = {"validation_data_path": "dev.json"}
    return FinishedRun(f"{label}-{seed}", label, seed, config, metrics, {"measures": measures})


def test_one_row_per_configuration_beside_gold_and_scores_of_the_task():
    (table,) = consistency_tables(
        {"law": [run(1, share=0.2), run(2, share=0.4)], "other": [run(1, share=0.0)]}
    )
    assert table.title.startswith(
        "combinations of charge and article that never occur in training on dev.json"
    )
    assert table.header == ["configuration", "seeds", "never in training", "in gold", "accuracy"]
    assert table.rows == [
        ["law", "2", "30.0 ± 14.1", "1.0 ± 0.0", "50.0 ± 0.0"],
        ["other", "1", "0.0", "1.0", "50.0"],
    ]


def test_no_table_where_a_run_did_not_measure_it():
    measured, early = run(1, share=0.2), run(1, "early", measured=False)
    assert consistency_tables({"law": [measured], "early": [early]}) == []
    assert consistency_tables({"early": [early]}) == []
