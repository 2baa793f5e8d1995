"""Two models on the same texts: what they predict, and what speaks for it (figures 5 and 6 of the CMTL paper)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from causal_mtl.analysis.effects.ngrams import NGrams
from causal_mtl.analysis.effects.page import gram_table, scale, shaded
from causal_mtl.data import Annotation, LabelAnnotation, RelationAnnotation

RIGHT, WRONG = "✓", "×"


@dataclass(frozen=True)
class Side:
    """What one model makes of one text.

    Attributes:
        model: its name.
        predicted: by task.
        found: the effects of n-grams on the target.
    """

    model: str
    predicted: Mapping[str, Annotation]
    found: NGrams


def compared(sides: Sequence[Side], labels: Sequence[str], top: int) -> dict[str, Any]:
    """What the models predict of each task, whether gold agrees, and the strongest n-grams of each model.

    Args:
        sides: one per model, of the same text.
        labels: outcomes to show (none: the likeliest of each model and those of gold).
        top: n-grams of each model and outcome.
    """
    first = sides[0].found
    outcomes = shown(sides, labels)
    spans = {
        name: list(dict.fromkeys(s.found.spans[i] for s in sides for i in s.found.strongest(name, top)))
        for name in outcomes
    }
    return {
        "id": first.text.name,
        "text": first.text.instance.text,
        "target": first.target,
        "predictions": {side.model: _predictions(side) for side in sides},
        "ngrams": {
            name: [
                {
                    "tokens": list(span),
                    "text": first.words(span),
                    "effects": {side.model: effect(side.found, span, name) for side in sides},
                }
                for span in of
            ]
            for name, of in spans.items()
        },
    }


def shown(sides: Sequence[Side], labels: Sequence[str]) -> list[str]:
    """The outcomes that any model shows and all have, in their order."""
    wanted = {name for side in sides for name in side.found.shown(labels)}
    return [
        name
        for name in sides[0].found.outcomes
        if name in wanted and all(name in s.found.outcomes for s in sides)
    ]


def effect(found: NGrams, span: tuple[int, int], outcome: str) -> float:
    """Of one n-gram on one outcome."""
    return float(found.effects[found.spans.index(span), found.outcomes.index(outcome)])


def compare_section(sides: Sequence[Side], labels: Sequence[str], top: int) -> str:
    """One text as HTML."""
    report = compared(sides, labels, top)
    models = [side.model for side in sides]
    parts = [f"<h2>{escape(report['id'])}</h2>", _prediction_table(report["predictions"])]
    for outcome in shown(sides, labels):
        parts.append(f"<h3>{escape(report['target'])}: {escape(outcome)}</h3>")
        columns = [_column(side, outcome) for side in sides]
        parts.append(f'<div class="models">{"".join(columns)}</div>')
        rows = [(gram["text"], [gram["effects"][m] for m in models]) for gram in report["ngrams"][outcome]]
        parts.append(gram_table(["n-gram", *models], rows))
    return "\n".join(parts)


def _column(side: Side, outcome: str) -> str:
    found = side.found
    probability = found.probabilities[found.outcomes.index(outcome)]
    text = shaded(found.text.instance, found.by_token(outcome), scale(found, [outcome]))
    return f'<div><p class="small">{escape(side.model)}: {probability:.2f}</p>{text}</div>'


def _predictions(side: Side) -> dict[str, Any]:
    """Each task's labels in words, and whether they are those of gold (None: there is no gold)."""
    gold = side.found.text.gold
    return {
        task: {
            "labels": in_words(annotation, side.found),
            "right": _same(annotation, gold[task]) if task in gold else None,
        }
        for task, annotation in side.predicted.items()
    }


def in_words(annotation: Annotation, found: NGrams) -> list[str]:
    """Labels; mentions with their labels; relations between mentions."""
    if isinstance(annotation, LabelAnnotation):
        return list(annotation.labels)
    if isinstance(annotation, RelationAnnotation):
        return [
            f"{found.words((r.head.start, r.head.end))} – {r.label} – {found.words((r.tail.start, r.tail.end))}"
            for r in annotation.relations
        ]
    return [f"{found.words((span.start, span.end))} ({span.label})" for span in annotation.spans]


def _same(predicted: Annotation, gold: Annotation) -> bool:
    return set(_items(predicted)) == set(_items(gold)) and not getattr(gold, "unplaced", ())


def _items(annotation: Annotation) -> list[Any]:
    if isinstance(annotation, LabelAnnotation):
        return list(annotation.labels)
    if isinstance(annotation, RelationAnnotation):
        return [(r.label, r.head.start, r.head.end, r.tail.start, r.tail.end) for r in annotation.relations]
    return list(annotation.spans)


def _prediction_table(predictions: Mapping[str, Mapping[str, Any]]) -> str:
    tasks = list(dict.fromkeys(task for of in predictions.values() for task in of))
    lines = ["<tr><th></th>" + "".join(f"<th>{escape(task)}</th>" for task in tasks) + "</tr>"]
    for model, of in predictions.items():
        cells = "".join(f"<td>{_cell(of.get(task))}</td>" for task in tasks)
        lines.append(f"<tr><th>{escape(model)}</th>{cells}</tr>")
    return "<table>" + "\n".join(lines) + "</table>"


def _cell(predicted: Mapping[str, Any] | None) -> str:
    if predicted is None:
        return "–"
    mark = {True: f" ({RIGHT})", False: f" ({WRONG})", None: ""}[predicted["right"]]
    return escape(("; ".join(predicted["labels"]) or "none") + mark)
