"""A data set's report as lines for a terminal."""

from __future__ import annotations

from collections import Counter

from causal_mtl.data.instance import Instance, LabelAnnotation, RelationAnnotation, SpanAnnotation
from causal_mtl.data.report import Report, TaskReport

_MOST = 20  # labels shown of each task
_WIDTH = 600  # characters shown of an example


def render(report: Report, title: str = "") -> str:
    """The report as text, with the rendered examples at its end.

    In an example, mentions stand in brackets, with their label where the data has several.
    """
    lines = [
        f"{title + ': ' if title else ''}{report.sentences:,} sentences, {report.tokens:,} tokens",
        f"  tokens per sentence: mean {report.mean_length:.1f}, median {report.median_length:g}, "
        f"95% have at most {report.length_95}, longest {report.max_length}",
    ]
    for name, task in report.tasks.items():
        lines += _task_lines(name, task)
    if report.notes:
        lines.append("notes of the reader: " + _counts(report.notes))
    for number, instance in enumerate(report.examples, start=1):
        lines += [f"example {number}:", *(f"  {line}" for line in render_instance(instance))]
    return "\n".join(lines)


def _task_lines(name: str, task: TaskReport) -> list[str]:
    total = sum(task.labels.values())
    head = f"{name}: {total:,} {task.kind}, {len(task.labels):,} different, in {task.sentences:,} sentences"
    lines = [head, "  labels: " + (_counts(task.labels) or "none")]
    if task.kind != "spans":
        few = Counter({str(n) if n < 5 else "5 or more": 0 for n in sorted(task.per_sentence)})
        for n, sentences in task.per_sentence.items():
            few[str(n) if n < 5 else "5 or more"] += sentences
        lines.append("  in a sentence: " + ", ".join(f"{n}: {count:,}" for n, count in few.items()))
    if task.kind == "relations":
        kinds = ", ".join(f"{kind} {task.overlaps[kind]:,}" for kind in ("Normal", "EPO", "SEO"))
        lines.append(f"  overlap (a sentence can be EPO and SEO): {kinds}")
    if task.kind != "labels":
        share = f"{100 * task.ceiling:.1f}% ({task.flat:,} of {task.flat_of:,})"
        lines.append(f"  at most within reach of flat tags: {share}; not placed: {task.unplaced:,}")
    if task.unseen:
        lines.append("  not seen in training: " + _counts(task.unseen))
    return lines


def render_instance(instance: Instance) -> list[str]:
    """An instance as lines: its text with brackets around the mentions, its relations, its labels."""
    lines = []
    for name, annotation in instance.annotations.items():
        if isinstance(annotation, SpanAnnotation):
            lines.append(f"{name}: {_bracketed(instance, annotation)}")
            lines += [f"  not placed: {text} ({label})" for text, label in annotation.unplaced]
        elif isinstance(annotation, RelationAnnotation):
            lines.append(f"{name}:" if annotation.relations or annotation.unplaced else f"{name}: none")
            for relation in annotation.relations:
                head, tail = instance.span_text(relation.head), instance.span_text(relation.tail)
                lines.append(f"  ({head} | {relation.label} | {tail})")
            lines += [f"  ({' | '.join(triple)}): not placed" for triple in annotation.unplaced]
        elif isinstance(annotation, LabelAnnotation):
            lines.append(f"{name}: {', '.join(annotation.labels) or 'none'}")
    if not any(isinstance(annotation, SpanAnnotation) for annotation in instance.annotations.values()):
        lines.insert(0, _shortened(" ".join(token.text for token in instance.tokens)))
    return lines


def _bracketed(instance: Instance, annotation: SpanAnnotation) -> str:
    has_types = len({span.label for span in annotation.spans}) > 1
    words = [token.text for token in instance.tokens]
    for span in sorted(annotation.spans, key=lambda span: span.end - span.start):  # inner brackets first
        words[span.start] = "[" + words[span.start]
        words[span.end - 1] += f":{span.label}]" if has_types else "]"
    return _shortened(" ".join(words))


def _shortened(text: str) -> str:
    return text if len(text) <= _WIDTH else text[:_WIDTH] + " …"


def _counts(counter: Counter[str]) -> str:
    ranked = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{label} {count:,}" for label, count in ranked[:_MOST])
    return shown + (f" and {len(ranked) - _MOST} more" if len(ranked) > _MOST else "")
