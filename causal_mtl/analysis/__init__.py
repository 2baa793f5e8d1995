"""What finished trainings say together: runs, counts by sentence, intervals, tables, drawings."""

from causal_mtl.analysis.bootstrap import Interval, micro_f1, paired_bootstrap
from causal_mtl.analysis.breakdown import breakdown_table
from causal_mtl.analysis.configurations import configurations
from causal_mtl.analysis.consistency import consistency_tables
from causal_mtl.analysis.drawing import (
    figure_bytes,
    plot_against,
    plot_bars,
    plot_curves,
    save_figure,
    series,
)
from causal_mtl.analysis.groups import TripleGroups, triple_groups
from causal_mtl.analysis.measures import deciding
from causal_mtl.analysis.run import FinishedRun, with_counts
from causal_mtl.analysis.runs import as_export, read_runs, write_export
from causal_mtl.analysis.sentence_counts import SentenceCounts, sentence_counts
from causal_mtl.analysis.tables import Table, check_labels, comparison_table, render, score_table

__all__ = [
    "FinishedRun",
    "Interval",
    "SentenceCounts",
    "Table",
    "TripleGroups",
    "as_export",
    "breakdown_table",
    "check_labels",
    "comparison_table",
    "configurations",
    "consistency_tables",
    "deciding",
    "figure_bytes",
    "micro_f1",
    "paired_bootstrap",
    "plot_against",
    "plot_bars",
    "plot_curves",
    "read_runs",
    "render",
    "save_figure",
    "score_table",
    "sentence_counts",
    "series",
    "triple_groups",
    "with_counts",
    "write_export",
]
