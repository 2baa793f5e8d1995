"""From a config file to a trained model: resolve everything, then read, build, train, pack."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from causal_mtl.archive import FILES, StagedFiles, archive_sha256
from causal_mtl.common import (
    ConfigurationError,
    ConfigurationErrors,
    Params,
    Problem,
)
from causal_mtl.common.strict_json import in_order
from causal_mtl.data import Instance, Vocabulary
from causal_mtl.data.dataset_readers.part import place_of
from causal_mtl.data.loader import CountableInstance, Loader
from causal_mtl.data.report import Report
from causal_mtl.models import Model
from causal_mtl.training.checks import check
from causal_mtl.training.data_report import problems
from causal_mtl.training.gold import gold_errors, missing_labels
from causal_mtl.training.note import data_hashes
from causal_mtl.training.run import Run
from causal_mtl.training.seeds import seed_everything
from causal_mtl.training.settings import Settings, Split
from causal_mtl.training.warm_start import WarmStartReport, expand, start_from

logger = logging.getLogger(__name__)


class Experiment:
    """One training. Making it resolves the config; the rest happens when it is asked for, and once.

    Args:
        config: the content of a config file.

    Attributes:
        config: the same in full, as it is written down.
        initial: the trained model that this one starts from, if there is one.

    Raises:
        ConfigurationError: listing everything that is wrong with the config. No data has been read then.
    """

    def __init__(self, config: Params) -> None:
        expanded, self.initial = expand(config.as_dict(quiet=True))
        # As jsonnet orders keys, and `config.json` will be read again: components are made in that order, so it
        # decides which random weights each one starts with.
        self.config = Params(in_order(expanded))
        plan, self.tasks = check(self.config)
        self._reads = list(plan.reads())
        self.environment = config.environment
        self._files = StagedFiles()
        self.settings: Settings = plan.build(**self._files.extras)

    @cached_property
    def instances(self) -> dict[Split, list[Instance]]:
        """The data, by split, with gold for all tasks in each.

        Raises:
            ConfigurationError: it cannot be read, or lists what is wrong with the gold of all splits.
        """
        instances: dict[Split, list[Instance]] = {}
        errors: list[str] = []
        for split, path in self.settings.paths().items():
            instances[split] = self._read(split, path)
            source = f"{split} data ({path})"
            errors += gold_errors(instances[split], self.tasks, source, training=split == "train")
        if errors:
            raise ConfigurationError("\n".join(errors))
        return instances

    def vocabulary(self) -> Vocabulary:
        """Count the vocabulary anew, or extend that of the model that this one starts from.

        Raises:
            ConfigurationError: it lacks all labels of a task.
        """
        vocab = self._counted_vocabulary()
        list(missing_labels(self.instances["train"], self.tasks, vocab, "train data"))
        return vocab

    def problems(self, vocab: Vocabulary, reports: Mapping[Split, Report]) -> Iterator[str]:
        """A line for everything in the data that a person should know before trusting a score."""
        for split, report in reports.items():
            yield from problems(report, self.tasks, f"{split} data")
        yield from missing_labels(self.instances["train"], self.tasks, vocab, "train data")

    def _counted_vocabulary(self) -> Vocabulary:
        indexers = self.settings.dataset_reader.token_indexers
        counted = (
            CountableInstance(instance, indexers, self.tasks)
            for split in self.settings.datasets_for_vocab_creation
            for instance in self._instances_of(split)
        )
        if self.initial is not None:
            vocab = self.initial.vocab
            vocab.extend_from_instances(counted)
            return vocab
        return self.settings.vocabulary.construct(instances=counted)

    def model(self, vocab: Vocabulary) -> Model:
        """A new, untrained model; `vocab` gains the words of its pretrained vectors.

        Args:
            vocab: counted.
        """
        seed_everything(self.settings.random_seed, self.settings.trainer.deterministic)
        return self.settings.model.construct(vocab=vocab, **self._files.extras)

    def loader(self, split: Split, vocab: Vocabulary) -> Loader:
        """The data of `split`, indexed."""
        instances = self.instances[split]
        if split == "train" and self.settings.train_bootstrap:
            instances = _drawn(instances, self.settings.random_seed)
        return Loader(instances, vocab, self.settings.reader(split).token_indexers, self.tasks)

    def dry_run(self) -> tuple[Vocabulary, Model]:
        """Vocabulary and model as the training would start from; nothing is written.

        All that a training makes before its first step is made: indexed data, optimizer, scheduler.

        Raises:
            ConfigurationError: something does not fit the data or the model, such as a parameter group.
        """
        vocab = self.vocabulary()
        return vocab, self.ready(vocab)[0]

    def ready(self, vocab: Vocabulary) -> tuple[Model, dict[Split, Loader], WarmStartReport | None]:
        """The model as the training starts from it, on its device, and the indexed data; nothing is written.

        What else a training makes before its first step, optimizer and scheduler, is made and dropped again.

        Args:
            vocab: counted; gains the words of the model's pretrained vectors.

        Returns:
            Model, loaders, and what became of the archive that it starts from (None: it starts from chance).

        Raises:
            ConfigurationError: something does not fit the data or the model, such as a parameter group.
        """
        model = self.model(vocab)
        loaders = {split: self.loader(split, vocab) for split in self.instances}
        model.initialize(loaders["train"])
        report = None if self.initial is None else start_from(self.initial, model)
        self._try_start(model, loaders)
        return model, loaders, report

    def _try_start(self, model: Model, loaders: Mapping[Split, Loader]) -> None:
        settings, dev = self.settings, loaders.get("validation")
        with tempfile.TemporaryDirectory() as scratch:
            Run(
                settings.trainer,
                model,
                loaders["train"],
                dev,
                Path(scratch),
                settings.data_loader,
                settings.random_seed,
            )

    def hashes(self) -> dict[str, str]:
        """The SHA-256 of all that decides what comes out, by path or URL: data, and the archive it starts from."""
        initial = self.settings.initial_weights
        hashes = data_hashes(path for path in self.files() if path != initial)
        return {**hashes, initial: archive_sha256(initial)} if initial else hashes

    def files(self) -> list[str]:
        """The paths and URLs of all that decides what comes out."""
        settings = self.settings
        paths = [*settings.paths().values()]
        paths += [str(read.value) for read in self._reads if read.mark.is_local(str(read.value))]
        if "test" in settings.datasets_for_vocab_creation and settings.test_data_path:
            paths.append(settings.test_data_path)
        if settings.initial_weights:
            paths.append(settings.initial_weights)
        return list(dict.fromkeys(paths))

    def pretrained(self) -> dict[str, str | None]:
        """The versions of what components read that is no file: commits of hub models, versions of packages."""
        names = {str(read.value): read.mark for read in self._reads}
        return {name: mark.version(name) for name, mark in names.items() if not mark.is_local(name)}

    def copy_files(self, directory: Path) -> None:
        """Give a training's directory the files that components keep for the archive."""
        self._files.copy_to(directory / FILES)

    def _instances_of(self, split: Split) -> list[Instance]:
        if split in self.instances:
            return self.instances[split]
        return self._read(split, self.settings.test_data_path or "")

    def _read(self, split: Split, path: str) -> list[Instance]:
        try:
            instances = list(self.settings.reader(split).read(path))
        except OSError as error:  # a directory, say
            raise ConfigurationErrors([Problem(f"{split}_data_path", str(error))]) from error
        return self._share(instances) if split == "train" else instances

    def _share(self, instances: list[Instance]) -> list[Instance]:
        """The training data that `train_share` leaves."""
        share = self.settings.train_share
        kept = [one for one in instances if place_of(f"train_share:{one.metadata['id']}") < share]
        if instances and not kept:
            raise ConfigurationErrors(
                [Problem("train_share", f"{share} leaves none of {len(instances)} records: raise it")]
            )
        return kept


def _drawn(instances: list[Instance], seed: int) -> list[Instance]:
    """As many, with replacement; the same ones on every machine."""
    places = (place_of(f"train_bootstrap:{seed}:{number}") for number in range(len(instances)))
    return [instances[int(place * len(instances))] for place in places]
