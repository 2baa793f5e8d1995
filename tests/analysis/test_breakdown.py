import json
from dataclasses import replace

import numpy as np
import pytest

from causal_mtl.analysis import (
    FinishedRun,
    SentenceCounts,
    TripleGroups,
    breakdown_table,
    read_runs,
    with_counts,
    write_export,
)
from causal_mtl.common import ConfigurationError

MEASURE = "relations/exact_f1"
GROUPS = {"relations": TripleGroups([1, 2, 3, 0], ["N", "E", "ES", ""])}


def run(label, seed, *rows, groups=GROUPS):
    counts = SentenceCounts(
        "dev.json", "sha", "", {MEASURE: np.array(rows), "entities/f1": np.array(rows)}, groups
    )
    return FinishedRun(f"{label}.json", label, seed, {}, {}, {}, counts)


GOOD = run("good", 1, [1, 1, 1], [2, 2, 2], [3, 3, 3], [0, 0, 0])
WORSE = run("good", 2, [0, 1, 1], [1, 2, 2], [3, 3, 3], [0, 6, 0])
BAD = run("bad", 1, [0, 1, 1], [1, 2, 2], [0, 3, 3], [0, 0, 0])


def test_by_overlap():
    table = breakdown_table({"good": [GOOD, WORSE], "bad": [BAD]}, MEASURE, "overlap")
    assert table.title == (
        f"{MEASURE} by kind of overlap on dev.json, predicted anew "
        "(× 100, mean ± sd over seeds; in brackets the number of sentences)"
    )
    assert table.header == ["configuration", "seeds", "all (4)", "Normal (1)", "EPO (2)", "SEO (1)"]
    # of the second seed: 4 of 12 and 6, then 0 of 1, 4 of 5, 3 of 3
    assert table.rows == [
        ["good", "2", "72.2 ± 39.3", "50.0 ± 70.7", "90.0 ± 14.1", "100.0 ± 0.0"],
        ["bad", "1", "16.7", "0.0", "20.0", "0.0"],
    ]


def test_by_number_of_triples():
    table = breakdown_table({"bad": [BAD]}, MEASURE, "triples")
    assert table.header[2:] == ["all (4)", "1 (1)", "2 (1)", "3 (1)", "4 (0)", "5+ (0)"]
    assert table.rows == [["bad", "1", "16.7", "0.0", "50.0", "0.0", "–", "–"]]


def test_what_has_no_groups():
    with pytest.raises(
        ConfigurationError, match=r"'entities' has no triples .*\(tasks that have: relations\)"
    ):
        breakdown_table({"bad": [BAD]}, "entities/f1", "overlap")
    with pytest.raises(ConfigurationError, match="'relations/loss' cannot be counted by sentence"):
        breakdown_table({"bad": [BAD]}, "relations/loss", "overlap")


def test_other_sentences():
    other = replace(BAD, counts=replace(BAD.counts, groups={"relations": TripleGroups([1] * 4, ["N"] * 4)}))
    with pytest.raises(ConfigurationError, match="good-1 and bad-1 were not counted on the same sentences"):
        breakdown_table({"good": [GOOD], "bad": [other]}, MEASURE, "overlap")


def test_exports_have_the_groups(copies, tmp_path):
    runs = [with_counts(run) for run in read_runs([copies("a-1", 1)])]
    write_export(tmp_path / "e.json", runs)
    exported = read_runs([tmp_path / "e.json"])
    for by in ("overlap", "triples"):
        table = breakdown_table({"a": exported}, MEASURE, by)
        assert table == breakdown_table({"a": runs}, MEASURE, by)
        assert table.header[2] == "all (60)"
        assert "–" not in table.rows[0][2:4]


def test_an_export_without_groups(copies, tmp_path):
    path = tmp_path / "e.json"
    write_export(path, [with_counts(run) for run in read_runs([copies("a-1", 1)])])
    content = json.loads(path.read_text())
    del content["runs"][0]["counts"]["groups"]
    path.write_text(json.dumps(content))
    (run,) = read_runs([path])
    assert with_counts(run).counts_of(MEASURE).shape == (60, 3)
    with pytest.raises(ConfigurationError, match=r"e\.json: .*export it again from the directories"):
        breakdown_table({"a": [run]}, MEASURE, "overlap")
