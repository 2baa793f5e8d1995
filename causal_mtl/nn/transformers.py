"""Encoders of Hugging Face's transformers: read from where they are published, and from archives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save
from torch import nn

from causal_mtl.common import ConfigurationError
from causal_mtl.common.atomic import write_json
from causal_mtl.common.pretrained_models import (
    first_lines,
    offline_problem,
    pretrained_model,
    read_transformer_config,
)
from causal_mtl.common.strict_json import read_json_object
from causal_mtl.nn.stored_weights import WithoutRandomness, check_finite, declared, listed, shape_text

CONFIG, WEIGHTS = "config.json", "model.safetensors"

_NOT_KEPT = {
    *("_name_or_path", "architectures", "dtype", "id2label", "label2id", "problem_type", "torch_dtype"),
    *("output_attentions", "output_hidden_states", "return_dict", "transformers_version", "use_cache"),
    *("add_cross_attention", "gradient_checkpointing", "is_decoder", "is_encoder_decoder", "auto_map"),
    *("quantization_config", "attn_implementation", "_attn_implementation", "tie_word_embeddings"),
}
"""Settings that say nothing about the encoder, or would fetch or run something."""
_PADDING_MATTERS = {"convbert", "fnet", "mobilebert", "nystromformer", "yoso"}
"""Types of encoders in which padding changes the states of real pieces, though it is masked."""
_NO_STACKS = {"big_bird", "funnel", "perceiver", "reformer"}
"""Types whose layers are not all as long as the text, or need lengths of their own, or (BigBird) read a text in a
way that depends on the texts before it."""
_LARGEST = 10_000_000
"""Of a number in a configuration: no vocabulary and no layer is larger."""


def read_settings(name: str) -> dict[str, Any]:
    """The configuration of a published transformer, as far as it is about its encoder.

    Raises:
        ConfigurationError: it cannot be read, or is not of an encoder of text.
    """
    config = read_transformer_config(name)
    if config.is_encoder_decoder:
        raise ConfigurationError(f"{name!r} is an encoder with a decoder: only encoders can be read")
    defaults, common = _default_settings(config.model_type), _common_settings()
    settings = {
        key: value
        for key, value in config.to_dict().items()
        # What all models share differs between versions of transformers, and mostly is not about encoders.
        if key in defaults and not (key in common and value == defaults[key] == common[key])
    }
    return {"model_type": config.model_type, **settings}


def read_transformer(name: str, settings: dict[str, Any]) -> nn.Module:
    """A published transformer with its weights, in 32-bit floating-point numbers and evaluation mode.

    Raises:
        ConfigurationError: it has no weights as safetensors, or not those of such a model.
    """
    model = pretrained_model(name)
    if problem := offline_problem(model):
        raise ConfigurationError(problem)
    from transformers import AutoModel

    try:
        with _quiet():
            transformer, found = AutoModel.from_pretrained(
                model.source,
                config=_config(settings),
                use_safetensors=True,
                output_loading_info=True,
                **model.arguments(),
            )
    except ConfigurationError:
        raise
    except Exception as error:  # transformers raises OSError, ValueError, RuntimeError and the hub's own
        raise ConfigurationError(f"the transformer {name!r} cannot be read: {first_lines(error)}") from error
    missing = sorted(key for key in found["missing_keys"] if not key.startswith("pooler."))
    if missing or found["mismatched_keys"]:
        wrong = missing or sorted(str(key) for key in found["mismatched_keys"])
        raise ConfigurationError(f"{name!r} lacks weights of its model: {listed(wrong)}")
    return _without_pooler(transformer.float()).eval()


def depends_on_padding(transformer: nn.Module) -> bool:
    """Whether rows of different lengths must not run together."""
    config: Any = transformer.config
    return config.model_type in _PADDING_MATTERS


def write_files(folder: Path, settings: dict[str, Any], weights: nn.Module | None) -> None:
    """Keep a transformer's configuration, and its weights if they are given, in the `folder` of a component.

    Raises:
        OSError: a file cannot be written.
    """
    write_json(folder / CONFIG, settings)
    if weights is not None:
        tensors = {name: value.cpu().contiguous().clone() for name, value in weights.state_dict().items()}
        (folder / WEIGHTS).write_bytes(save(tensors))


def kept_settings(folder: Path) -> dict[str, Any]:
    """The configuration in the `folder` of a component, which may be a stranger's.

    Raises:
        ConfigurationError: it is missing, of a model that is not built in, or asks for what no encoder needs.
    """
    if not (folder / CONFIG).is_file():
        raise ConfigurationError(f"the archive has no {CONFIG} of the transformer")
    settings = read_json_object(folder / CONFIG)
    try:
        known = {"model_type", *_default_settings(settings.get("model_type"))}
        if unknown := sorted(settings.keys() - known):
            raise ConfigurationError(f"unknown keys: {listed(unknown)}")
        for key, value in settings.items():
            _check_numbers(key, value)
    except ConfigurationError as error:
        raise ConfigurationError(f"{CONFIG} of the transformer: {error}") from None
    return settings


def number_of_layers(settings: dict[str, Any]) -> int:
    """Without the embeddings below them.

    Raises:
        ConfigurationError: this is no configuration of a stack of layers.
    """
    try:
        return int(_config(settings).num_hidden_layers)
    except Exception as error:  # configurations check themselves in many ways
        raise ConfigurationError(
            f"no transformer can be made of its {CONFIG}: {first_lines(error)}"
        ) from error


def new_transformer(settings: dict[str, Any]) -> nn.Module:
    """A transformer in evaluation mode whose weights are still to be filled in.

    Raises:
        ConfigurationError: there is no model of this configuration.
    """
    from transformers import AutoModel

    try:
        with WithoutRandomness():
            return _without_pooler(AutoModel.from_config(_config(settings), trust_remote_code=False)).eval()
    except Exception as error:  # constructors can raise anything at odd settings
        message = f"{type(error).__name__}: {first_lines(error)}"
        raise ConfigurationError(f"{CONFIG} of the transformer: no model can be built: {message}") from error


def kept_transformer(folder: Path, settings: dict[str, Any]) -> nn.Module:
    """The transformer with the weights in the `folder` of a component, in evaluation mode.

    The sizes that the configuration asks for are compared with those of the weights before memory is used. On the
    meta device the weights are left out.

    Raises:
        ConfigurationError: the weights are missing, damaged, not finite or of another model.
    """
    file = folder / WEIGHTS
    if not file.is_file():
        raise ConfigurationError(f"the archive has no {WEIGHTS} of the transformer")
    there = declared(file)
    with torch.device("meta"):
        wanted = new_transformer(settings)
    if problems := list(_differences(wanted.state_dict(), there)):
        raise ConfigurationError(
            f"{WEIGHTS} of the transformer: not those of its {CONFIG}: {listed(problems)}"
        )
    if torch.get_default_device().type == "meta":
        return wanted
    transformer, weights = new_transformer(settings), load_file(file)
    check_finite(weights, f"{WEIGHTS} of the transformer")
    transformer.load_state_dict(weights)
    return transformer


@contextmanager
def _quiet() -> Iterator[None]:
    """Without transformers' progress bars and its report of weights that nobody asked for."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _differences(wanted: dict[str, torch.Tensor], there: dict[str, torch.Tensor]) -> Iterator[str]:
    for name, value in wanted.items():
        if name not in there:
            yield f"{name} is missing"
        elif there[name].shape != value.shape:
            yield f"{name} is {shape_text(there[name].shape)} instead of {shape_text(value.shape)}"
        elif there[name].dtype != value.dtype:
            yield f"{name} is of type {str(there[name].dtype).removeprefix('torch.')}"
    for name in there.keys() - wanted.keys():
        yield f"{name} has no place in it"


def _default_settings(model_type: Any) -> dict[str, Any]:
    """What the configuration of such a model can say.

    Raises:
        ConfigurationError: transformers has no encoder of this type, that is one with a masked language model.
    """
    from transformers import CONFIG_MAPPING
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES as ENCODERS

    if not isinstance(model_type, str) or model_type not in ENCODERS or model_type in _NO_STACKS:
        there = ", ".join(sorted(ENCODERS.keys() - _NO_STACKS))
        raise ConfigurationError(
            f"{model_type!r} is no encoder of text that transformers has (it has {there})"
        )
    config = CONFIG_MAPPING[model_type]
    if config.sub_configs:
        raise ConfigurationError(
            f"{model_type!r} consists of several models: only plain encoders can be read"
        )
    defaults = config().to_dict()
    return {key: value for key, value in defaults.items() if key not in _NOT_KEPT}


def _common_settings() -> dict[str, Any]:
    """What the configurations of all models have, by default."""
    from transformers import PretrainedConfig

    return dict(PretrainedConfig().to_dict())


def _config(settings: dict[str, Any]) -> Any:
    from transformers import CONFIG_MAPPING

    values = {key: value for key, value in settings.items() if key != "model_type"}
    return CONFIG_MAPPING[settings["model_type"]](**values)


def _check_numbers(key: str, value: Any) -> None:
    if isinstance(value, dict):
        for inner, part in value.items():
            _check_numbers(f"{key}.{inner}", part)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            _check_numbers(f"{key}[{number}]", part)
    elif isinstance(value, (int, float)) and not -_LARGEST <= value <= _LARGEST:
        raise ConfigurationError(f"{key}: {value} is larger than in any model")


def _without_pooler(transformer: nn.Module) -> nn.Module:
    """What makes one vector of a text is not used here."""
    if getattr(transformer, "pooler", None) is not None:
        transformer.pooler = nn.Identity()  # some call it in any case
    return transformer
