"""What finished trainings say together: runs, counts by sentence, intervals, tables."""

from causal_mtl.analysis.bootstrap import Interval, micro_f1, paired_bootstrap
from causal_mtl.analysis.configurations import configurations
from causal_mtl.analysis.run import Run, with_counts
from causal_mtl.analysis.runs import read_runs, write_export
from causal_mtl.analysis.sentence_counts import SentenceCounts, sentence_counts
from causal_mtl.analysis.tables import Table, comparison_table, render, score_table

__all__ = [
    "Interval",
    "Run",
    "SentenceCounts",
    "Table",
    "comparison_table",
    "configurations",
    "micro_f1",
    "paired_bootstrap",
    "read_runs",
    "render",
    "score_table",
    "sentence_counts",
    "with_counts",
    "write_export",
]
