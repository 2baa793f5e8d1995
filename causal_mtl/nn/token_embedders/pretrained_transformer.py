"""Word vectors from a transformer, frozen or tuned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from torch import Tensor, nn

from causal_mtl.common import ConfigurationError, Construct, HubModel, Probability, Problem, Range
from causal_mtl.common.pretrained_models import max_pieces, pretrained_model, weights_problem
from causal_mtl.nn.scalar_mix import ScalarMix
from causal_mtl.nn.token_embedders.fixed_features import FixedFeatures
from causal_mtl.nn.token_embedders.frozen import Frozen
from causal_mtl.nn.token_embedders.token_embedder import TokenEmbedder
from causal_mtl.nn.transformers import (
    depends_on_padding,
    kept_settings,
    kept_transformer,
    new_transformer,
    number_of_layers,
    read_settings,
    read_transformer,
    write_files,
)
from causal_mtl.nn.word_pieces import Pooling, alike, pool_pieces, without_pieces

_FROZEN_WASTE: float | None = 0.25
"""So much padding, as a share of what is real, is cheaper than running a frozen transformer once more."""
_FROZEN_PIECES = 8192
"""So many run at once at most: a long text has many windows."""

Layer = Annotated[int, Range(ge=-1, le=1000)]


@TokenEmbedder.register("pretrained_transformer")
class PretrainedTransformerEmbedder(TokenEmbedder):
    """Vectors from an encoder of transformers. Registered with name "pretrained_transformer".

    It works in two stages. `features` runs the transformer: the chosen layers at each token. `combine` is the
    rest, which is trained in any case: it mixes the layers, and gives tokens that the tokenizer drops a vector of
    their own.

    A frozen transformer is not part of the model's weights: it is in no checkpoint, and in the archive once, among
    the files of this component. It is never in training mode, and copies of the embedder (one per task) share it.
    A tuned one is a part of the model like any other, called ``transformer``.

    Args:
        model_name: a local folder, or a model of the Hugging Face hub: ``owner/name`` or ``owner/name@revision``;
            as in the token indexer. Its weights must be safetensors.
        archive_files: filled in: where the transformer's files are kept.
        layers: which layers to mix: 0 is the embeddings below the first layer, -1 the last layer; or "all".
        pooling: a token's vector is that of its "first" piece, or the "mean" of its pieces.
        trainable: tune the transformer. False: it stays as it is ("frozen").
        dropout: on the vectors.
        cache: keep the features of a frozen transformer on disk and read them in every further epoch and
            training of the same data (docs/frozen_cache.md). Default: True when it is frozen.
        load_pretrained: filled in as False when a trained model is loaded: it is in the archive.

    Raises:
        ConfigurationError: there is no such transformer, or it has no such layers.
    """

    def __init__(
        self,
        model_name: HubModel,
        archive_files: Path,
        layers: tuple[Layer, ...] | Literal["all"] = (-1,),
        pooling: Pooling = "first",
        trainable: bool = False,
        dropout: Probability = 0.0,
        cache: bool | None = None,
        load_pretrained: bool = True,
    ) -> None:
        super().__init__()
        self._cache = not trainable and cache is not False
        self.model_name, self.pooling, self.trainable = model_name, pooling, trainable
        settings = read_settings(model_name) if load_pretrained else kept_settings(archive_files)
        self._settings = settings
        transformer = _transformer(model_name, settings, archive_files, trainable, load_pretrained)
        config: Any = transformer.config
        self.layers = _layers(layers, config.num_hidden_layers)
        self._all_layers = self.layers != (config.num_hidden_layers,)
        self._num_pieces: int = config.vocab_size
        self._max_pieces = max_pieces(config)
        self._padding: int = config.pad_token_id or 0
        self._waste = 0.0 if depends_on_padding(transformer) else None if trainable else _FROZEN_WASTE
        if trainable:
            self.transformer = transformer
        else:
            self._frozen = Frozen(transformer.requires_grad_(False))
        self.mix = ScalarMix(len(self.layers))
        self.dropped = nn.Parameter(torch.zeros(config.hidden_size))
        self.dropout = nn.Dropout(dropout)

    @classmethod
    def config_problems(cls, config: Construct) -> Iterator[Problem]:
        """A transformer that cannot be read, or lacks the layers: known before any data is read."""
        if config.get("trainable") and config.get("cache"):
            yield config.problem(
                "cache", "has no effect, as the transformer is tuned: leave it out", "trainable"
            )
        try:
            settings = read_settings(config.get("model_name"))
            number = number_of_layers(settings)
        except ConfigurationError as error:
            yield config.problem("model_name", str(error))
            return
        if problem := weights_problem(pretrained_model(config.get("model_name"))):
            yield config.problem("model_name", problem)
        try:
            _layers(config.get("layers"), number)
        except ConfigurationError as error:
            yield config.problem("layers", str(error).removeprefix("layers: "), "model_name")

    def get_output_dim(self) -> int:
        """The width of the transformer's states."""
        return len(self.dropped)

    def forward(self, mask: Tensor, **inputs: Tensor) -> Tensor:
        """Vectors ``(batch, tokens, output_dim)``.

        Args:
            mask: True at real tokens, ``(batch, tokens)``.
            **inputs: what `PretrainedTransformerIndexer` collated, or what was kept of it: ``features`` and
                ``dropped``, see `FixedFeatures`.
        """
        if "features" in inputs:
            return self.combine(inputs["features"], inputs["dropped"])
        return self.combine(self.features(mask, **inputs), without_pieces(inputs["piece_tokens"], mask))

    def fixed_features(self) -> FixedFeatures | None:
        """The chosen layers of a frozen transformer, unless they shall not be kept."""
        if not self._cache:
            return None
        return FixedFeatures(
            source=self.model_name,
            shape=(len(self.layers), self.get_output_dim()),
            depends_on=self._depends_on,
            compute=self._features_once,
            dropped=lambda mask, **inputs: without_pieces(inputs["piece_tokens"], mask),
        )

    def _depends_on(self) -> dict[str, Any]:
        """All that the features of a frozen transformer depend on besides the pieces."""
        return {
            "transformer": self._settings,
            "weights": self._frozen.weights_hash(),
            "layers": list(self.layers),
            "pooling": self.pooling,
            "libraries": {name: version(name) for name in ("torch", "transformers")},
        }

    def _features_once(self, mask: Tensor, **inputs: Tensor) -> Tensor:
        features = self.features(mask, **inputs)
        self._frozen.forget()
        return features

    def features(
        self,
        mask: Tensor,
        piece_ids: Tensor,
        window_lengths: Tensor,
        piece_places: Tensor,
        piece_tokens: Tensor,
    ) -> Tensor:
        """The chosen layers at each token, ``(batch, tokens, layers, output_dim)``, 0 where it has no pieces.

        Those of a frozen transformer have no gradient and do not depend on what else is in the batch, but for
        rounding.
        """
        self._check(piece_ids)

        def run() -> Tensor:
            hidden, starts = self._hidden(piece_ids, window_lengths)
            rows = piece_places.div(max(1, piece_ids.shape[1]), rounding_mode="floor")
            places = starts[rows] + piece_places - rows * piece_ids.shape[1]
            vectors = pool_pieces(hidden, places, piece_tokens, mask.numel(), self.pooling)
            return vectors.view(*mask.shape, len(self.layers), -1).float()

        if self.trainable:
            return run()
        return self._frozen.remembered((piece_ids, window_lengths, piece_places, piece_tokens), run)

    def combine(self, features: Tensor, dropped: Tensor) -> Tensor:
        """From features to vectors ``(batch, tokens, output_dim)``.

        Args:
            features: ``(batch, tokens, layers, output_dim)``.
            dropped: the tokens without pieces, ``(batch, tokens)``.
        """
        vectors = torch.where(dropped.unsqueeze(-1), self.dropped, self.mix(features))
        return self.dropout(vectors)

    def _hidden(self, piece_ids: Tensor, window_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """The chosen layers at each piece of all windows, ``(places, layers, output_dim)``.

        The second tensor is the place of the first piece of each window, ``(windows,)``.
        """
        if self._waste is None or not len(piece_ids):
            starts = torch.arange(len(piece_ids), device=piece_ids.device) * piece_ids.shape[1]
            return self._run(piece_ids, window_lengths), starts
        starts, hidden, place = torch.empty_like(window_lengths), [], 0
        lengths = window_lengths.tolist()
        for group in alike(lengths, self._waste, _FROZEN_PIECES):
            rows, width = torch.tensor(group, device=piece_ids.device), lengths[group[0]]
            hidden.append(self._run(piece_ids[rows, :width], window_lengths[rows]))
            starts[rows] = place + torch.arange(len(group), device=rows.device) * width
            place += len(group) * width
        return torch.cat(hidden), starts

    def _run(self, piece_ids: Tensor, window_lengths: Tensor) -> Tensor:
        """The chosen layers at each piece of some windows, ``(windows · longest window, layers, output_dim)``."""
        if not piece_ids.numel():
            return self.dropped.new_zeros(0, len(self.layers), len(self.dropped))
        real = torch.arange(piece_ids.shape[1], device=piece_ids.device) < window_lengths.unsqueeze(1)
        transformer = self.transformer if self.trainable else self._frozen.module
        result = transformer(
            input_ids=piece_ids.masked_fill(~real, self._padding),
            attention_mask=real.long(),
            output_hidden_states=self._all_layers,
        )
        every = result.hidden_states if self._all_layers else {self.layers[0]: result.last_hidden_state}
        hidden = [every[layer] for layer in self.layers]
        if any(states.shape[1] != piece_ids.shape[1] for states in hidden):
            raise ConfigurationError(f"{self.model_name}: not all of its layers are as long as the text")
        return torch.stack(hidden, dim=2).flatten(0, 1)

    def _check(self, piece_ids: Tensor) -> None:
        """Refuse what a tokenizer of another model yields.

        Raises:
            ConfigurationError: the transformer has no such pieces, or no room for so many.
        """
        if self._max_pieces is not None and piece_ids.shape[1] > self._max_pieces:
            raise ConfigurationError(
                f"{self.model_name} takes {self._max_pieces:,} pieces at most, but the token indexer yields "
                f"windows of {piece_ids.shape[1]:,}: set its max_length"
            )
        if piece_ids.numel() and int(piece_ids.max()) >= self._num_pieces:
            raise ConfigurationError(
                f"{self.model_name} has {self._num_pieces:,} pieces, the tokenizer of the token indexer has more: "
                "give both the same model_name"
            )

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> PretrainedTransformerEmbedder:
        """Take the frozen transformer along to another device."""
        super()._apply(fn, recurse)
        if not self.trainable:
            self._frozen.module._apply(fn, recurse)
        return self


def _transformer(
    name: str, settings: dict[str, Any], files: Path, trainable: bool, load_pretrained: bool
) -> nn.Module:
    """The transformer; what the archive must hold of it is written to `files`."""
    if load_pretrained:
        transformer = read_transformer(name, settings)
        write_files(files, settings, None if trainable else transformer)
        return transformer
    # The weights of a tuned one are among those of the whole model.
    return new_transformer(settings) if trainable else kept_transformer(files, settings)


def _layers(layers: Sequence[int] | str, number: int) -> tuple[int, ...]:
    """The indices of the chosen layers, from 0 to `number`.

    Raises:
        ConfigurationError: one is not there, is named twice, or none is chosen.
    """
    if isinstance(layers, str):
        return tuple(range(number + 1))
    chosen = tuple(number if layer == -1 else layer for layer in layers)
    if not chosen or len(set(chosen)) < len(chosen) or max(chosen) > number:
        raise ConfigurationError(
            f'layers: expected different numbers from 0 (the embeddings) to {number} (or -1, the last), or "all", '
            f"not {list(layers)}"
        )
    return chosen
