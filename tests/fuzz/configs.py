"""Mutate configs and see that each mistake is refused in words, with its path, before anything is trained.

    python tests/fuzz/configs.py --runs 5000 --seed 1

A finding is

- an exception other than `ConfigurationError`;
- a refusal that names neither the changed key nor one above or below it;
- a config that a dry run accepts and that then does not train (one accepted config in `--dry-runs` is tried).

Prints findings and exits with 1 if there are any.
"""

from __future__ import annotations

import argparse
import copy
import io
import json
import logging
import random
import re
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from causal_mtl.common import ConfigurationError, Params
from causal_mtl.common.text import join
from causal_mtl.training import NonFiniteError
from causal_mtl.training.config_file import read_config
from causal_mtl.training.experiment import Experiment
from causal_mtl.training.train import train

ROOT = Path(__file__).parents[2]
DATA = {
    "train_data_path": str(ROOT / "fixtures/triples/train.json"),
    "validation_data_path": str(ROOT / "fixtures/triples/dev.json"),
}
NAMES = (
    "type",
    "items",
    "a.b",
    "__class__",
    "",
    "a/b",
    "%",
    "é",
    " ",
    "training",
    "x" * 300,
    "a\nb",
    "\ud800",
)
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 3, 0.5, -0.5, 1e-300, 1e300, 2**31, 2**63, 2**64, 10**30, "", " ", "x",
    "1", "none", "cpu", "..x", ".", "os.getcwd", "builtins.int", "os.path", "a.b.c", "gold", "identity", "sgd",
    "+loss", [], {}, [1], ["x"], [[]], [None], {"x": 1}, {"type": "x"}, {"type": "..x"}, {"type": None},
    {"type": 3}, {"": {}},
    [0.9, 2.0], [0.9, 0.999], {"type": "step", "step_size": 0}, {"type": "one_cycle", "max_lr": -1}, *NAMES,
)  # fmt: skip
SIZES = frozenset({"hidden_size", "embedding_dim", "num_filters", "label_dim", "num_layers", "num_epochs"})
"""Of these no large values are tried: they are legal, and take all memory or time."""
LARGEST = 50


@dataclass(frozen=True)
class Mutation:
    """What was changed: the paths it concerns, and in words."""

    paths: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class Finding:
    """A mutation that was not answered as it should be."""

    kind: str
    mutation: Mutation
    detail: str


def configs() -> list[dict[str, Any]]:
    """The quick start and small configs of each model, which all train."""
    quickstart = read_config(ROOT / "training_config/quickstart.jsonnet").as_dict(quiet=True)
    small = {
        **quickstart,
        **DATA,
        "dataset_reader": {**quickstart["dataset_reader"], "max_instances": 8},
        "data_loader": {"batch_size": 4},
        "trainer": {**quickstart["trainer"], "num_epochs": 1, "device": "cpu"},
    }
    small["model"] = {**small["model"], "encoder": {"type": "bilstm", "hidden_size": 4}}
    return [small, *(_with_model(small, model) for model in MODELS)]


MODELS: tuple[dict[str, Any], ...] = (
    {
        "type": "cmtl",
        "architecture": {"type": "hierarchical"},
        "label_transfer": {"type": "lstm", "label_dim": 4},
        "label_sampler": {
            "type": "gumbel",
            "temperature": {"type": "linear", "start": 1, "end": 0.5, "epochs": 2},
        },
        "inference": {"type": "marginal", "budget": 4, "draws": 2},
        "paths": "both",
        "stochastic_map": {"type": "gru", "prior_hidden_size": 4},
        "kl_weight": 1e-3,
    },
    {
        "type": "pmei",
        "stochastic_map": {"type": "gru", "deviation_offset": -3},
        "interaction": "all",
        "alpha": 0.1,
        "beta": {"entities": 1e-3, "relations": 1e-3},
    },
)


def _with_model(small: dict[str, Any], model: dict[str, Any]) -> dict[str, Any]:
    config = copy.deepcopy(small)
    config["model"] |= model
    config["trainer"] |= {
        "lr_scheduler": {"type": "reduce_on_plateau", "factor": 0.5, "patience": 2},
        "optimizer": {"type": "adamw", "lr": 0.01, "betas": [0.9, 0.999], "weight_decay": 0.01},
        "parameter_groups": [{"regexes": ["bias$"], "weight_decay": 0.0}],
        "moving_average": {"type": "exponential", "decay": 0.9},
        "patience": 3,
        "grad_norm": 5.0,
    }
    config["model"]["tasks"][1] |= {
        "threshold": 0.4,
        "anchor": "last",
        "diagonal": True,
        "metrics": ["exact"],
    }
    config["vocabulary"] = {"min_count": {"tokens": 1}, "oov_token": "@@UNKNOWN@@"}
    config["datasets_for_vocab_creation"] = ["train"]
    config["dataset_reader"]["tokenizer"] = {"type": "spacy", "language": "en", "split_hyphens": False}
    config["random_seed"] = 1
    return config


def places(value: Any, path: str = "") -> Iterator[tuple[Any, Any, str]]:
    """All keys and indices of a config: the container, the key, the path."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        here = join(path, key)
        yield value, key, here
        yield from places(value[key], here)


def mutate(config: dict[str, Any], rng: random.Random) -> Mutation:
    """Change one thing in `config`."""
    container, key, path = rng.choice(list(places(config)))
    kind = rng.choice(("replace", "replace", "replace", "delete", "rename", "add", "wrap", "swap"))
    if kind == "delete":
        del container[key]
        return Mutation((path,), f"delete {path}")
    if kind in ("rename", "add") and isinstance(container, dict):
        above = path[: len(path) - len(join("", key)) - 1] if path != join("", key) else ""
        name = rng.choice((*NAMES, *(_misspelt(key, rng) for _ in range(len(NAMES)))))
        if name not in container:
            items = [(name if k == key and kind == "rename" else k, v) for k, v in container.items()]
            container.clear()
            container.update(items)
            if kind == "add":
                container[name] = rng.choice(VALUES)
            return Mutation((path, join(above, name)), f"{kind} {path} as {name!r}")
    if kind == "wrap":
        container[key] = rng.choice(([container[key]], {"type": container[key]}, str(container[key])))
        return Mutation((path,), f"wrap {path}: {shown(container[key])}")
    if kind == "swap":
        other, other_key, other_path = rng.choice(list(places(config)))
        if not other_path.startswith(path) and not path.startswith(other_path):
            container[key] = copy.deepcopy(other[other_key])
            return Mutation((path,), f"{path} = that of {other_path}")
    value = rng.choice([v for v in VALUES if not (key in SIZES and _is_large(v))])
    container[key] = copy.deepcopy(value)
    return Mutation((path,), f"{path} = {shown(value)}")


def _misspelt(key: str, rng: random.Random) -> str:
    at = rng.randrange(len(key)) if key else 0
    return rng.choice((key[:at] + key[at + 1 :], key + "s", key[:at] + "x" + key[at:], key.upper()))


def _is_large(value: Any) -> bool:
    return isinstance(value, int | float) and value > LARGEST


def shown(value: Any) -> str:
    """A value in short."""
    text = json.dumps(value)
    return text if len(text) < 80 else text[:77] + "..."


def is_named(mutation: Mutation, message: str) -> bool:
    """Whether a message names a changed key, one below it or (but for the top) one above it."""
    places = [place for path in mutation.paths for place in (path, *_above(path))]
    return any(place in message for place in places)


def _above(path: str) -> list[str]:
    """The paths above a key: of ``a.b[0].c`` these are ``a.b[0]`` and ``a.b``."""
    cuts = [match.start() for match in re.finditer(r"[.\[]", path)]
    return [path[:cut] for cut in cuts[1:] if path[:cut]] or [path[:cut] for cut in cuts]


def attempt(config: dict[str, Any], mutation: Mutation, dry: bool) -> tuple[str, Finding | None]:
    """Resolve a mutated config; with `dry`, go on to a dry run and a training. What came of it, and a finding."""
    stage = "resolve"
    try:
        experiment = Experiment(Params(copy.deepcopy(config)))
        if not dry:
            return "accepted", None
        stage = "dry run"
        experiment.dry_run()
        stage = "training"
        with tempfile.TemporaryDirectory() as directory, redirect_stderr(io.StringIO()):
            train(copy.deepcopy(config), Path(directory) / "run")
    except NonFiniteError:
        return "trained to infinity", None
    except ConfigurationError as error:
        if stage == "training":
            return stage, Finding("accepted by the dry run, refused in training", mutation, str(error))
        if not is_named(mutation, str(error)):
            return stage, Finding(f"refused without the key ({stage})", mutation, str(error))
        return f"refused ({stage})", None
    except Exception:
        return stage, Finding(f"traceback ({stage})", mutation, traceback.format_exc(limit=-4))
    return "trained", None


def fuzz(runs: int, seed: int, dry_runs: int) -> tuple[Counter[str], list[Finding]]:
    """Try `runs` mutations.

    Args:
        runs: how many.
        seed: of the choices.
        dry_runs: of the configs that resolve, one in so many is dry-run and trained.

    Returns:
        How many came to what end, and the findings.
    """
    rng = random.Random(seed)
    originals = configs()
    ends: Counter[str] = Counter()
    findings: list[Finding] = []
    for _ in range(runs):
        config = copy.deepcopy(rng.choice(originals))
        mutation = mutate(config, rng)
        end, finding = attempt(config, mutation, dry=rng.randrange(dry_runs) == 0)
        ends["finding" if finding else end] += 1
        if finding:
            findings.append(finding)
    return ends, findings


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--dry-runs", type=int, default=20, help="dry-run and train one accepted config in so many"
    )
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    ends, findings = fuzz(options.runs, options.seed, options.dry_runs)
    for finding in findings:
        print(
            f"{finding.kind}: {finding.mutation.words}\n    {finding.detail.strip()[-900:]}".replace(
                "\n", "\n    "
            )
        )
    print(
        f"configs, seed {options.seed}:", ", ".join(f"{number} {end}" for end, number in sorted(ends.items()))
    )
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
