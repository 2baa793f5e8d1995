"""Effects of the aspects of a restaurant review on its rating, against what people's edits show (CEBaB).

causal-mtl sweep training_config/cebab/*.jsonnet -s runs/cebab --seeds 3
python benchmarks/cebab.py --runs runs/cebab

What an aspect that turns from Negative to Positive adds to the stars. The truth is of the development data: of
all versions of a review that differ in this aspect and in no other, the difference of the mean votes; averaged
over the pairs of a review, then over reviews. All else is learned from reviews as they are (the training data):
the difference of means, least squares on gold aspects, and each configuration in `--runs` with its seeds, by
`effects labels --expected` over the originals of the same reviews as the truth. These learn the rating of the
majority, which is further from the middle than the mean vote: "on ratings" has the error of what they learn, where
the truth is of such ratings too. Intervals are of 95%: a
bootstrap over reviews, and over seeds.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median_low
from typing import Any

import machine
import numpy as np

ASPECTS = ("food", "service", "ambiance", "noise")
"""In the order of their effects."""
BEFORE, AFTER = "Negative", "Positive"
Record = Mapping[str, Any]


def stars(record: Record) -> float:
    """The mean of all votes."""
    votes = record["review_label_distribution"]
    return sum(int(rating) * count for rating, count in votes.items()) / sum(votes.values())


def rated(records: Sequence[Record]) -> list[Record]:
    """With one vote each: that of the majority, without one the median, as the models' reader has it."""
    found = []
    for record in records:
        votes = record["review_label_distribution"]
        rating = record["review_majority"]
        if rating == "no majority":
            rating = median_low([stars for stars, count in sorted(votes.items()) for _ in range(count)])
        found.append({**record, "review_label_distribution": {rating: 1}})
    return found


def label(record: Record, aspect: str) -> str:
    found: str = record[f"{aspect}_aspect_majority"]
    return found


def of_reviews(records: Sequence[Record], aspect: str) -> dict[str, float]:
    """What the aspect adds in each review that has such versions, by "original_id"."""
    versions: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        versions[record["original_id"]].append(record)
    found = {}
    for original, group in versions.items():
        differences = [
            stars(after) - stars(before)
            for before in group
            for after in group
            if (label(before, aspect), label(after, aspect)) == (BEFORE, AFTER)
            and all(label(before, other) == label(after, other) for other in ASPECTS if other != aspect)
        ]
        if differences:
            found[original] = float(np.mean(differences))
    return found


def difference_of_means(records: Sequence[Record]) -> dict[str, float]:
    """Of reviews with the one label and the other, whatever else differs."""
    return {
        aspect: float(
            np.mean([stars(r) for r in records if label(r, aspect) == AFTER])
            - np.mean([stars(r) for r in records if label(r, aspect) == BEFORE])
        )
        for aspect in ASPECTS
    }


def least_squares(records: Sequence[Record]) -> dict[str, float]:
    """Of a linear model of the labels of all aspects; one that is not annotated counts as a label of its own."""
    values = {aspect: sorted({label(r, aspect) for r in records} - {BEFORE}) for aspect in ASPECTS}
    columns = [(aspect, value) for aspect in ASPECTS for value in values[aspect]]
    design = np.array([[1.0, *(label(r, aspect) == value for aspect, value in columns)] for r in records])
    weights = np.linalg.lstsq(design, np.array([stars(r) for r in records]), rcond=None)[0]
    return {aspect: float(weights[1 + columns.index((aspect, AFTER))]) for aspect in ASPECTS}


def bootstrapped(
    estimate: Callable[[Sequence[Record]], Mapping[str, float]], records: Sequence[Record], samples: int
) -> dict[str, dict[str, Any]]:
    """Each aspect's estimate with its interval over reviews."""
    generator = np.random.default_rng(0)
    drawn = [
        list(estimate([records[i] for i in generator.integers(len(records), size=len(records))]).values())
        for _ in range(samples)
    ]
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    return {
        aspect: {"effect": effect, "low": float(low[i]), "high": float(high[i])}
        for i, (aspect, effect) in enumerate(estimate(records).items())
    }


def truth(records: Sequence[Record], samples: int) -> dict[str, dict[str, Any]]:
    """By people's edits, and of how many reviews."""
    from causal_mtl.analysis.effects.intervals import Bootstrap

    found = {}
    for aspect in ASPECTS:
        values = list(of_reviews(records, aspect).values())
        of = Bootstrap(samples).means(np.array(values)[None, :, None], range(len(values)))
        found[aspect] = {
            "effect": of.mean.item(),
            "low": of.low.item(),
            "high": of.high.item(),
            "reviews": len(values),
        }
    return found


def originals(records: Sequence[Record], folder: Path) -> dict[str, Path]:
    """For each aspect a file of the reviews whose versions show its effect, as they were before all edits."""
    files = {}
    for aspect in ASPECTS:
        reviews = of_reviews(records, aspect)
        files[aspect] = folder / f"{aspect}.json"
        kept = [r for r in records if r["is_original"] and r["original_id"] in reviews]
        files[aspect].write_text(json.dumps(kept), encoding="utf-8")
    return files


def of_models(
    archives: Sequence[Path], data: Mapping[str, Path], options: argparse.Namespace
) -> dict[str, dict[str, Any]]:
    """By `effects labels`, of models that differ in their seeds; `data` has the texts of each aspect."""
    from causal_mtl.analysis.effects import LabelQuestion, label_effects

    found = {}
    for aspect in ASPECTS:
        question = LabelQuestion(
            aspect,
            "rating",
            labels=[AFTER],
            against=BEFORE,
            expected=True,
            split=False,
            min_support=1,
            samples=options.samples,
            batch_size=64,
        )
        report = label_effects(archives, str(data[aspect]), question)
        (effect,) = (
            row
            for row in report["effects"]
            if row["population"] == "all" and row["outcome"] == "(expected value)"
        )
        found[aspect] = {
            **effect["paths"]["total"],
            "by_seed": effect["by_model"],
            "decided": report["overlap"][0]["decided"],
        }
    return found


def judged(found: Mapping[str, Mapping[str, Any]], true: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """How far the effects are from the truth, whether they are in its order and whether the intervals hold it."""
    judgement: dict[str, Any] = {
        "effects": found,
        "mean_error": mean_error(found, true),
        "order_right": order_right({aspect: of["effect"] for aspect, of in found.items()}, true),
        "covered": [a for a in ASPECTS if found[a]["low"] <= true[a]["effect"] <= found[a]["high"]],
    }
    if "by_seed" in found[ASPECTS[0]]:
        count = len(found[ASPECTS[0]]["by_seed"])
        seeds = [{aspect: found[aspect]["by_seed"][i] for aspect in ASPECTS} for i in range(count)]
        judgement["by_seed"] = [
            {
                "mean_error": mean_error({a: {"effect": of[a]} for a in ASPECTS}, true),
                "order_right": order_right(of, true),
            }
            for of in seeds
        ]
    return judgement


def mean_error(found: Mapping[str, Mapping[str, Any]], true: Mapping[str, Mapping[str, Any]]) -> float:
    return float(np.mean([abs(found[aspect]["effect"] - true[aspect]["effect"]) for aspect in ASPECTS]))


def order_right(effects: Mapping[str, float], true: Mapping[str, Mapping[str, Any]]) -> bool:
    values = [effects[aspect] for aspect in sorted(ASPECTS, key=lambda aspect: -true[aspect]["effect"])]
    return values == sorted(values, reverse=True) and len(set(values)) == len(values)


def trainings(root: Path) -> dict[str, list[Path]]:
    """Finished ones, as `sweep` names them (NAME-SEED), by name."""
    found: dict[str, list[Path]] = defaultdict(list)
    for archive in sorted(root.glob("*-*/model.tar.gz")):
        found[archive.parent.name.rpartition("-")[0]].append(archive.parent)
    return dict(found)


def row(name: str, of: Mapping[str, Any]) -> str:
    """One line of the table."""
    seeds = of.get("by_seed", [])
    if seeds:
        order = f"{sum(seed['order_right'] for seed in seeds)} of {len(seeds)}"
    else:
        order = "yes" if of["order_right"] else "no"
    errors = ", ".join(f"{seed['mean_error']:.2f}" for seed in seeds)
    cells = [*map(interval, of["effects"].values()), f"{of['mean_error']:.2f}", errors, order]
    on_ratings = f"{of['mean_error_on_ratings']:.2f}" if "mean_error_on_ratings" in of else ""
    return f"| {name} | {' | '.join(cells)} | {len(of['covered'])} of {len(ASPECTS)} | {on_ratings} |"


def interval(of: Mapping[str, float]) -> str:
    return f"{of['effect']:.2f} [{of['low']:.2f}, {of['high']:.2f}]"


def main() -> None:
    options = machine.parser(__doc__, "cebab_effects")
    options.add_argument("--runs", type=Path, help="trainings of `sweep` (default: no models)")
    options.add_argument("--samples", type=int, default=2000, help="of bootstraps (default: %(default)s)")
    given = options.parse_args()
    described = machine.describe(given.threads)
    root = Path(os.environ.get("CAUSAL_MTL_DATA", machine.ROOT.parent / "shared/data")) / "cebab"
    train, dev = (
        json.loads((root / f"{name}.json").read_text(encoding="utf-8")) for name in ("train", "dev")
    )
    true, on_ratings = truth(dev, given.samples), truth(rated(dev), given.samples)
    results = {
        "difference of means": judged(bootstrapped(difference_of_means, train, given.samples), true),
        "least squares on gold aspects": judged(bootstrapped(least_squares, train, given.samples), true),
    }
    print(f"| | {' | '.join(ASPECTS)} | mean error | by seed | right order | covered | on ratings |")
    print("|---|" + "---|" * 9)
    for name, of in (("edits", true), ("edits, on ratings", on_ratings)):
        print(f"| {name} | {' | '.join(map(interval, of.values()))} | | | | | |")
    for name, of in results.items():
        print(row(name, of))
    with tempfile.TemporaryDirectory() as folder:
        data = originals(dev, Path(folder))
        for name, archives in trainings(given.runs).items() if given.runs else ():
            results[name] = judged(of_models(archives, data, given), true)
            results[name]["mean_error_on_ratings"] = mean_error(results[name]["effects"], on_ratings)
            print(row(name, results[name]), flush=True)
    machine.write(
        given.output, described, {"truth": true, "truth_on_ratings": on_ratings, "estimates": results}
    )


if __name__ == "__main__":
    main()
