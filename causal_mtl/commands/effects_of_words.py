"""``causal-mtl effects ngrams`` and ``causal-mtl effects compare``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causal_mtl.commands.options import add_batch_size, add_device, positive
from causal_mtl.commands.output import STANDARD, as_line, check_outputs, open_output, write_text

if TYPE_CHECKING:
    from causal_mtl.analysis.effects import NGrams, Side, Text
    from causal_mtl.predictors import Predictor


def add_texts(kinds: Any) -> list[argparse.ArgumentParser]:
    """Add the parsers of both kinds."""
    ngrams = kinds.add_parser(
        "ngrams",
        help="of words on labels",
        description="Hide each n-gram of a text in turn and see what becomes of a prediction (equation 11 of the "
        "CMTL paper): f(b | X) − f(b | X without g). Labels that are not given are predicted anew.",
    )
    ngrams.add_argument("archive", metavar="ARCHIVE", help="a model.tar.gz, or the directory of a training")
    ngrams.set_defaults(effects=_run_ngrams)
    compare = kinds.add_parser(
        "compare",
        help="two models on the same texts",
        description="What each of two models predicts of the same texts, and the effects of the n-grams that are "
        "strongest in either (figures 5 and 6 of the CMTL paper).",
    )
    for name in ("first", "second"):
        compare.add_argument(name, metavar="ARCHIVE", help="a model.tar.gz, or the directory of a training")
    compare.set_defaults(effects=_run_compare)
    for parser in (ngrams, compare):
        _add_common(parser)
    return [ngrams, compare]


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "input",
        metavar="INPUT",
        help='JSON lines or a list, as predict takes them; labels under "given" are kept, "annotations" are gold',
    )
    parser.add_argument("--target", metavar="TASK", required=True, help="whose predictions are looked at")
    parser.add_argument(
        "--n",
        metavar="N-M",
        type=_sizes,
        default=[1, 2, 3, 4],
        help="lengths of n-grams in tokens (default: 1-4)",
    )
    parser.add_argument(
        "--labels",
        metavar="LABEL",
        nargs="+",
        default=[],
        help="outcomes of the target to show (default: the three likeliest and those of gold)",
    )
    parser.add_argument(
        "--top",
        metavar="N",
        type=positive,
        default=10,
        help="strongest n-grams per label (default: %(default)s)",
    )
    parser.add_argument(
        "--output-file", metavar="FILE", help="JSON lines; - is standard output (the default)"
    )
    parser.add_argument("--html", metavar="FILE", help="a page of the texts, shaded by effect")
    add_batch_size(parser, "texts at a time")
    add_device(parser)


def _sizes(text: str) -> list[int]:
    """A number, or two with a hyphen between: the first and the last."""
    first, _, last = text.partition("-")
    sizes = list(range(int(first), int(last or first) + 1))
    if not sizes or sizes[0] < 1:
        raise ValueError
    return sizes


def _run_ngrams(options: argparse.Namespace) -> None:
    from causal_mtl.analysis.effects import page, read_texts, text_section

    _check(options)
    (predictor,) = _predictors(options, [options.archive])
    sections = []
    with open_output(options.output_file) as output:
        for text in read_texts(predictor, Path(options.input)):
            found = _effects(predictor, text, options)
            output.write(as_line(found.as_json(options.labels, options.top)))
            if options.html:
                sections.append(text_section(found, options.labels, options.top))
    if options.html:
        write_text(options.html, page(f"{options.archive}: {options.target}", sections))


def _run_compare(options: argparse.Namespace) -> None:
    from causal_mtl.analysis.effects import compare_section, compared, page
    from causal_mtl.common import ConfigurationError

    _check(options)
    if options.first == options.second:
        raise ConfigurationError("effects compare: both models are the same")
    models = [options.first, options.second]
    sections = []
    with open_output(options.output_file) as output:
        for sides in _sides(_predictors(options, models), models, options):
            output.write(as_line(compared(sides, options.labels, options.top)))
            if options.html:
                sections.append(compare_section(sides, options.labels, options.top))
    if options.html:
        write_text(options.html, page(f"{' and '.join(models)}: {options.target}", sections))


def _sides(
    predictors: list[Predictor], models: list[str], options: argparse.Namespace
) -> Iterator[list[Side]]:
    """Each text as all models see it."""
    from causal_mtl.analysis.effects import Side, read_texts
    from causal_mtl.common import ConfigurationError

    readers = [read_texts(predictor, Path(options.input)) for predictor in predictors]
    for texts in zip(*readers, strict=True):
        if len({tuple(token.text for token in text.instance.tokens) for text in texts}) > 1:
            raise ConfigurationError(
                f'{options.input}: {texts[0].name}: the models cut this text into different tokens: give "tokens"'
            )
        yield [
            Side(model, predictor.annotate([text.instance])[0], _effects(predictor, text, options))
            for model, predictor, text in zip(models, predictors, texts, strict=True)
        ]


def _effects(predictor: Predictor, text: Text, options: argparse.Namespace) -> NGrams:
    from causal_mtl.analysis.effects import Interventions, ngram_effects

    asked = Interventions(predictor.archive, [options.target], options.batch_size)
    return ngram_effects(asked, text, options.n)[0]


def _predictors(options: argparse.Namespace, models: list[str]) -> list[Predictor]:
    """The models, if they have the target and the labels."""
    from causal_mtl.common import ConfigurationError
    from causal_mtl.predictors import load

    predictors = [load(path, device=options.device, batch_size=options.batch_size) for path in models]
    for predictor in predictors:
        predictor.model.tasks.check_names([options.target], "--target")
        names = predictor.model.tasks[options.target].outcome_names(predictor.archive.vocab)
        for label in options.labels:
            if label not in names:
                known = ", ".join(names)
                raise ConfigurationError(
                    f"--labels: {options.target!r} has no outcome {label!r} (outcomes: {known})"
                )
    return predictors


def _check(options: argparse.Namespace) -> None:
    from causal_mtl.common import ConfigurationError

    if not Path(options.input).is_file():
        raise ConfigurationError(f"effects: there is no file {options.input!r}")
    check_outputs(output_file=options.output_file or STANDARD, html=options.html)
    print(f"hiding n-grams of {options.n[0]} to {options.n[-1]} tokens", file=sys.stderr)
