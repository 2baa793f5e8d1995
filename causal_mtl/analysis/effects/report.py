"""Reports of effects as text and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from causal_mtl.analysis.tables import Table

COLUMNS = (
    "source", "label", "against", "target", "outcome", "population", "units", "cases",
    "total", "total_low", "total_high", "direct", "direct_low", "direct_high",
    "indirect", "indirect_low", "indirect_high", "p", "q", "found", "above_null",
)  # fmt: skip
_WHICH = {"labelled": "cases that have the label", "all": "all cases"}
SHOWN = 0.0005
"""Effects that are smaller are a dash, as in table 5 of the CMTL paper."""


def as_csv(report: Mapping[str, Any]) -> str:
    """One line per effect, those that are known to be none at the end."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in [*report["effects"], *report["known_nulls"]]:
        flat = {key: row[key] for key in COLUMNS if key in row}
        flat["source"] = report["question"]["source"]
        flat["against"] = " ".join(f"{value}:{weight:.4g}" for value, weight in row["against"].items())
        for path, found in row["paths"].items():
            flat |= {path: found["effect"], f"{path}_low": found["low"], f"{path}_high": found["high"]}
        writer.writerow(flat)
    return file.getvalue()


def effect_tables(report: Mapping[str, Any]) -> list[Table]:
    """One table per population, strongest effects first; then of each task what is known to be none."""
    asked = report["question"]
    how = f"{report['data']}; {_against(asked)}; {asked['between']} between; {len(report['models'])} models"
    return [
        *_tables(f"Effect of {asked['source']} on", report["effects"], f" of {how}"),
        *_tables(f"Known to be none: effect of {asked['source']} on", report["known_nulls"]),
    ]


def _tables(title: str, effects: Iterable[Mapping[str, Any]], end: str = "") -> list[Table]:
    """One table per task and population."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in sorted(effects, key=lambda row: -abs(row["paths"]["total"]["effect"])):
        found.setdefault((row["target"], row["population"]), []).append(row)
    return [
        _table(f"{title} {task}, {_WHICH[population]}{end}", rows)
        for (task, population), rows in sorted(found.items(), key=lambda of: of[0][1] == "all")
    ]


def edit_tables(report: Mapping[str, Any]) -> list[Table]:
    """The errors of all pairs and of each task's; and how the expected value changes."""
    title = (
        f"Changes of {report['question']['target']} in edited texts of {report['data']}: what setting the label "
        f"says against what the model does; {len(report['models'])} models, means with 95% intervals"
    )
    errors = list(report["scores"]["set label"])
    parts = {"all": report["scores"], **report["by_task"]}
    tables = [Table(title, ["edited", "pairs", "explanation", *errors], _error_rows(parts, errors), words=3)]
    if changes := report.get("changes"):
        rows = [
            [
                row["task"],
                row["before"],
                row["after"],
                str(row["pairs"]),
                _estimate(row["actual"]),
                _estimate(row["said"]),
            ]
            for row in sorted(changes, key=lambda row: (row["task"], row["before"], row["after"]))
        ]
        header = ["edited", "from", "to", "pairs", "actual", "said"]
        tables.append(Table("Change of the expected value", header, rows, words=3))
    return tables


def _error_rows(parts: Mapping[str, Mapping[str, Any]], errors: list[str]) -> list[list[str]]:
    return [
        [name, str(of["pairs"]), explanation, *(_estimate(of[explanation][error]) for error in errors)]
        for name, of in parts.items()
        for explanation in of
        if explanation != "pairs"
    ]


def _estimate(found: Mapping[str, Any]) -> str:
    return f"{found['mean']:.3f} {_interval(found)}"


def _interval(found: Mapping[str, Any]) -> str:
    """Both ends; a dash where one case leaves them unknown."""
    return "–" if found["low"] is None else f"[{found['low']:.3f}, {found['high']:.3f}]"


def _against(asked: Mapping[str, Any]) -> str:
    return (
        f"against {asked['against']}"
        if asked["against"]
        else f"against the other labels ({asked['weights']})"
    )


def _table(title: str, rows: list[Mapping[str, Any]]) -> Table:
    paths = list(rows[0]["paths"])
    header = ["label", "outcome", "units", "total", "95%", *paths[1:], "q", "found"]
    return Table(title, header, [_cells(row, paths) for row in rows], words=2)


def _cells(row: Mapping[str, Any], paths: list[str]) -> list[str]:
    total = row["paths"]["total"]
    return [
        row["label"],
        row["outcome"],
        str(row["units"]),
        number(total["effect"]),
        _interval(total),
        *(number(row["paths"][path]["effect"]) for path in paths[1:]),
        "–" if row["q"] is None else f"{row['q']:.3f}",
        "yes" if row["found"] else "no",
    ]


def number(effect: float) -> str:
    """Three digits; a dash for what rounds to nothing."""
    return "–" if abs(effect) < SHOWN else f"{effect:+.3f}"
