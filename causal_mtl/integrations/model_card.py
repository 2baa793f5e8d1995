"""The model card of an archive: what the model predicts, how well, from which data, and what it is not for."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causal_mtl.archive import ARCHIVE, RUN, Archive, located, unpacked
from causal_mtl.common import ConfigurationError, sha256
from causal_mtl.common.strict_json import read_json_object
from causal_mtl.integrations.published import published_note
from causal_mtl.predictors import load

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

CARD = "README.md"
METRICS = "metrics.json"
_SHOWN_LABELS = 30
_KINDS = {
    "spans": "token-classification",
    "relations": "token-classification",
    "labels": "text-classification",
}
"""The Hub's name of a task, by what it yields; the Hub has none for relations."""


def write_card(packed: Path, trained: str | PathLike[str], repo_id: str, license: str | None) -> str:
    """The card of a published archive, as Markdown with a head in YAML.

    Args:
        packed: the ``model.tar.gz`` that is published; it is loaded, so that nothing broken is.
        trained: where it comes from; scores are read from the ``metrics.json`` there, if that is of the same
            training.
        repo_id: ``ORG/NAME``.
        license: an identifier of the Hub.

    Raises:
        ConfigurationError: the archive cannot be loaded.
    """
    from huggingface_hub import ModelCard, ModelCardData

    archive = load(packed).archive
    note = _note(packed)
    scores = _scores(trained, note)
    data = ModelCardData(
        license=license,
        library_name="causal-mtl",
        tags=["causal-mtl", "multi-task-learning", *_yields(archive), "spacy"],
        pipeline_tag=next(_KINDS[task.yields] for task in archive.model.tasks),
        model_name=repo_id,
        eval_results=_eval_results(archive, scores, note) or None,
    )
    sections = [
        _head(archive, repo_id),
        _use(repo_id),
        _score_table(scores, note),
        _training(archive, note, packed),
        _LIMITS,
        _config(archive),
    ]
    return str(ModelCard(f"---\n{data.to_yaml()}\n---\n\n" + "\n\n".join(sections) + "\n"))


_LIMITS = """## Intended use and limits

The model predicts the labels above in text like that of its training data: same language, kind of text, and way
of tokenizing. How it does on other text has not been measured. Its labels, errors and bias are those of the
training data. Scores of single predictions are the model's own and not calibrated. Decisions on people, such as in
law, hiring, health or credit, need a person who checks each prediction.

Loading the archive runs no code from it and opens no other file."""


def _note(packed: Path) -> dict[str, Any]:
    with unpacked(packed) as directory:
        return read_json_object(directory / RUN) if (directory / RUN).is_file() else {}


def _scores(trained: str | PathLike[str], note: Mapping[str, Any]) -> dict[str, float]:
    """The validation scores that the training left beside its archive, by name of the measure."""
    here = located(trained)
    directory = here if here.is_dir() else here.parent
    if not (directory / METRICS).is_file() or not (directory / RUN).is_file():
        return {}
    try:
        if published_note(read_json_object(directory / RUN)) != note:
            return {}  # of another training, or the archive was changed after it
        metrics = read_json_object(directory / METRICS)
    except ConfigurationError:
        return {}
    found = ((name, metrics.get(f"validation_{name}")) for name in note.get("measures") or ())
    return {name: value for name, value in found if isinstance(value, int | float) and math.isfinite(value)}


def _yields(archive: Archive) -> Iterable[str]:
    names = {
        "spans": "span-classification",
        "relations": "relation-extraction",
        "labels": "text-classification",
    }
    return dict.fromkeys(names[task.yields] for task in archive.model.tasks)


def _eval_results(archive: Archive, scores: Mapping[str, float], note: Mapping[str, Any]) -> list[EvalResult]:
    from huggingface_hub import EvalResult

    data = _text(archive.config.as_dict(quiet=True).get("validation_data_path")) or "validation data"
    yields = {task.name: task.yields for task in archive.model.tasks}
    return [
        EvalResult(
            task_type=_KINDS.get(yields.get(name.rpartition("/")[0], ""), "other"),
            task_name=name.rpartition("/")[0],
            dataset_type=Path(data).name,
            dataset_name=data,
            dataset_split="validation",
            metric_type=name.rpartition("/")[2],
            metric_name=name,
            metric_value=round(value, 4),
        )
        for name, value in scores.items()
        if note["measures"][name].get("main", True)
    ]


def _head(archive: Archive, repo_id: str) -> str:
    config = archive.config.as_dict(quiet=True)
    types = {task.get("name"): task.get("type") for task in config["model"].get("tasks", ())}
    rows = [
        (f"`{task.name}`", str(types.get(task.name, "")), _labels(task.label_names(archive.vocab)))
        for task in archive.model.tasks
    ]
    model = _text(config["model"].get("type"))
    return (
        f"# {repo_id.rpartition('/')[2]}\n\n"
        f"A `{model}` model of causal-mtl that predicts these tasks together:\n\n"
        + _table(("task", "kind", "labels"), rows)
    )


def _labels(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_SHOWN_LABELS])
    return shown + (f" and {len(names) - _SHOWN_LABELS} more" if len(names) > _SHOWN_LABELS else "")


def _use(repo_id: str) -> str:
    return f"""## Use

```python
from causal_mtl.integrations.hub import from_pretrained

model = from_pretrained("{repo_id}")
model.predict("Some text.")
```

```bash
causal-mtl predict hf://{repo_id}/{ARCHIVE} sentences.jsonl
```

```python
import spacy

nlp = spacy.blank("en")  # the language of the texts
nlp.add_pipe("causal_mtl", config={{"archive": "hf://{repo_id}/{ARCHIVE}"}})
```"""


def _score_table(scores: Mapping[str, float], note: Mapping[str, Any]) -> str:
    if not scores:
        return "## Scores\n\nNone are known of this archive: `causal-mtl evaluate` measures them."
    measures = note["measures"]
    rows = [
        (f"`{name}`", f"{value * 100:.1f}" if measures[name].get("percent") else f"{value:.4g}")
        for name, value in scores.items()
    ]
    return (
        "## Scores\n\nOn the validation data, by which the epoch was chosen; they are no scores on a test set.\n\n"
        + _table(("measure", "value"), rows)
    )


def _training(archive: Archive, note: Mapping[str, Any], packed: Path) -> str:
    versions = note.get("versions") or {}
    facts = [
        ("started", _text(note.get("started"))),
        ("seed", _text(note.get("seed"))),
        ("command", f"`{note['command']}`" if note.get("command") else ""),
        ("commit", _text(note.get("git_commit"))),
        ("versions", ", ".join(f"{name} {version}" for name, version in versions.items())),
        ("parameters", f"{sum(weight.numel() for weight in archive.model.parameters()):,}"),
        (f"SHA-256 of `{ARCHIVE}`", f"`{sha256(packed)}`"),
    ]
    hashes = [(f"`{name}`", f"`{digest}`") for name, digest in (note.get("data_sha256") or {}).items()]
    data = "\n\n" + _table(("data", "SHA-256"), hashes) if hashes else ""
    return "## Training\n\n" + _table(("", ""), [fact for fact in facts if fact[1]]) + data


def _config(archive: Archive) -> str:
    config = json.dumps(archive.config.as_dict(quiet=True), indent=2, ensure_ascii=False)
    return f"## Config\n\n```json\n{config}\n```"


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
