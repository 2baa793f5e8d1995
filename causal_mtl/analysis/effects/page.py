"""HTML pages of texts shaded by effects: everything in one file, all text escaped, no script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from causal_mtl.analysis.effects.ngrams import NGrams
from causal_mtl.analysis.effects.report import number
from causal_mtl.data import Instance

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
body { font: 16px/1.6 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
h1 { font-size: 1.3rem } h2 { font-size: 1.1rem; margin: 2.5rem 0 .3rem }
h3 { font-size: 1rem; margin: 1rem 0 .2rem }
p.text { white-space: pre-wrap; overflow-wrap: anywhere; margin: .3rem 0 } p.text span { border-radius: 2px }
table { border-collapse: collapse; margin: .5rem 0 } td, th { padding: .1rem .8rem .1rem 0; text-align: left }
td.number { text-align: right; font-variant-numeric: tabular-nums } .small { color: #666; font-size: .85rem }
.models { display: flex; flex-wrap: wrap; gap: 0 2rem } .models > div { flex: 1 1 22rem }
"""
_FOR, _AGAINST = (214, 96, 20), (0, 114, 178)
"""Colours of what speaks for a label, and against it."""
_DEEPEST = 0.75


def page(title: str, sections: Iterable[str]) -> str:
    """A whole page."""
    return (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n"
        '<p class="small">Orange words speak for the label, blue ones against it: the mean effect of all n-grams '
        "that a word is in.</p>\n" + "\n".join(sections) + "\n</body></html>\n"
    )


def text_section(found: NGrams, labels: Sequence[str], top: int) -> str:
    """One text: for each outcome that is shown its probability, the shaded text and the strongest n-grams."""
    shown = found.shown(labels)
    parts = [f"<h2>{escape(found.text.name)}</h2>"]
    parts += [outcome_part(found, outcome, scale(found, shown), top) for outcome in shown]
    return "\n".join(parts)


def outcome_part(found: NGrams, outcome: str, deepest: float, top: int) -> str:
    """One outcome of one text."""
    probability = found.probabilities[found.outcomes.index(outcome)]
    rows = [
        (found.words(found.spans[index]), [found.effects[index, found.outcomes.index(outcome)]])
        for index in found.strongest(outcome, top)
    ]
    return (
        f"<h3>{escape(found.target)}: {escape(outcome)} ({probability:.2f})</h3>\n"
        + shaded(found.text.instance, found.by_token(outcome), deepest)
        + "\n"
        + gram_table(["n-gram", "effect"], rows)
    )


def scale(found: NGrams, outcomes: Sequence[str]) -> float:
    """The effect of the deepest colour: one for all outcomes of a text, so that they can be compared."""
    return max((float(np.abs(found.by_token(name)).max()) for name in outcomes), default=0.0)


def shaded(instance: Instance, effects: NDArray[np.float64], deepest: float) -> str:
    """The text as it is, each token with a background that says its effect."""
    pieces, at = [], 0
    for token, effect in zip(instance.tokens, effects, strict=True):
        pieces.append(escape(instance.text[at : token.start]))
        words = escape(instance.text[token.start : token.end])
        depth = min(1.0, abs(effect) / deepest) * _DEEPEST if deepest > 0 else 0.0
        red, green, blue = _FOR if effect > 0 else _AGAINST
        colour = f"rgba({red},{green},{blue},{depth:.2f})"
        pieces.append(f'<span style="background:{colour}" title="{effect:+.3f}">{words}</span>')
        at = token.end
    pieces.append(escape(instance.text[at:]))
    return f'<p class="text">{"".join(pieces)}</p>'


def gram_table(header: Sequence[str], rows: Iterable[tuple[str, Sequence[float]]]) -> str:
    """N-grams and numbers."""
    lines = ["<tr>" + "".join(f"<th>{escape(name)}</th>" for name in header) + "</tr>"]
    for words, numbers in rows:
        cells = "".join(f'<td class="number">{number(value)}</td>' for value in numbers)
        lines.append(f"<tr><td>{escape(words)}</td>{cells}</tr>")
    return "<table>" + "\n".join(lines) + "</table>"
