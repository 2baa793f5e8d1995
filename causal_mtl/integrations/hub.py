"""Trained models on the Hugging Face Hub."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

from causal_mtl.archive import ARCHIVE
from causal_mtl.common import ConfigurationError
from causal_mtl.common.atomic import complete_file
from causal_mtl.common.text import one_line
from causal_mtl.integrations.model_card import CARD, write_card
from causal_mtl.integrations.published import write_published
from causal_mtl.predictors import Predictor, load
from causal_mtl.version import VERSION

_NAME = "causal-mtl"
"""Of this library, as the Hub counts downloads by it."""


def from_pretrained(
    name: str | PathLike[str],
    revision: str | None = None,
    *,
    token: str | bool | None = None,
    cache_dir: str | PathLike[str] | None = None,
    endpoint: str | None = None,
    **options: Any,
) -> Predictor:
    """Load a model that `push_to_hub` published, or that lies in a folder.

    Args:
        name: ``ORG/NAME`` on the Hub; a local folder with a ``model.tar.gz`` of this name comes first.
        revision: a branch, tag or commit on the Hub. Default: ``main``. A local folder has none.
        token: to read a private repository. Default: of ``HF_TOKEN`` or ``hf auth login``.
        cache_dir: where downloads are kept. Default: huggingface_hub's.
        endpoint: of another Hub. Default: ``HF_ENDPOINT``, or https://huggingface.co.
        **options: of `causal_mtl.load`, such as ``device`` and ``batch_size``.

    Raises:
        ConfigurationError: there is no such model, it cannot be had, or it cannot be loaded here.
    """
    if os.path.isdir(name):
        if revision is not None:
            raise ConfigurationError(f"{name}: a local folder has no revision {revision!r}")
        return load(name, **options)
    from huggingface_hub import hf_hub_download

    with _errors_of(str(name)):
        file = hf_hub_download(
            str(name),
            ARCHIVE,
            revision=revision,
            token=token,
            cache_dir=None if cache_dir is None else os.fspath(cache_dir),
            endpoint=endpoint,
            library_name=_NAME,
            library_version=VERSION,
        )
    return load(file, **options)


def save_pretrained(
    archive: str | PathLike[str],
    folder: str | PathLike[str],
    *,
    repo_id: str = "",
    license: str | None = None,
) -> Path:
    """Write into a folder what `push_to_hub` uploads: the archive, without paths of this machine, and its card.

    Args:
        archive: as for `load_archive`.
        folder: made if it is not there; of what is in it only the two files are replaced.
        repo_id: ``ORG/NAME`` for the card. Default: the folder's own name.
        license: an identifier of the Hub, such as "apache-2.0", for the card.

    Returns:
        The folder.

    Raises:
        ConfigurationError: the archive cannot be loaded; nothing is written.
    """
    folder = Path(folder)
    with tempfile.TemporaryDirectory(prefix="causal_mtl_") as scratch:
        packed = Path(scratch) / ARCHIVE
        write_published(archive, packed)
        card = write_card(packed, archive, repo_id or folder.absolute().name, license)
        folder.mkdir(parents=True, exist_ok=True)
        with complete_file(folder / ARCHIVE) as unfinished:
            shutil.copyfile(packed, unfinished)
        with complete_file(folder / CARD) as unfinished:
            unfinished.write_text(card, encoding="utf-8")
    return folder


def push_to_hub(
    archive: str | PathLike[str],
    repo_id: str,
    *,
    private: bool = True,
    token: str | bool | None = None,
    revision: str | None = None,
    message: str | None = None,
    license: str | None = None,
    endpoint: str | None = None,
) -> str:
    """Upload a trained model with a card, in one commit. A repository that is not there is made.

    Args:
        archive: as for `load_archive`.
        repo_id: ``ORG/NAME``.
        private: of a repository that is made; one that is there already and is otherwise is refused.
        token: default: of ``HF_TOKEN`` or ``hf auth login``.
        revision: an existing branch to commit to. Default: ``main``.
        message: of the commit.
        license: for the card.
        endpoint: of another Hub. Default: ``HF_ENDPOINT``, or https://huggingface.co.

    Returns:
        The URL of the commit.

    Raises:
        ConfigurationError: the archive cannot be loaded, or the Hub refuses it.
    """
    from huggingface_hub import HfApi

    api = HfApi(endpoint=endpoint, token=token, library_name=_NAME, library_version=VERSION)
    with tempfile.TemporaryDirectory(prefix="causal_mtl_") as scratch:
        save_pretrained(archive, scratch, repo_id=repo_id, license=license)
        with _errors_of(repo_id):
            api.create_repo(repo_id, private=private, exist_ok=True)
            is_private = api.model_info(repo_id).private
            if private and not is_private:
                raise ConfigurationError(
                    "this repository is public; push with private=False (--public) if that is meant"
                )
            if is_private and not private:  # `create_repo` leaves one that is there as it is
                raise ConfigurationError(
                    "this repository is private; make it public in its settings, or push without --public"
                )
            commit = api.upload_folder(
                repo_id=repo_id,
                folder_path=scratch,
                revision=revision,
                commit_message=message or f"Upload a model of causal-mtl {VERSION}",
            )
    return str(commit.commit_url)


@contextmanager
def _errors_of(repo_id: str) -> Iterator[None]:
    """What huggingface_hub says, on one line that begins with the repository."""
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, HFValidationError

    # Its own error for HTTP is derived from that of httpx (or, before version 1, requests), which is raised itself
    # where there is no connection.
    http: tuple[Any, ...] = HfHubHTTPError.__bases__
    try:
        yield
    except (EntryNotFoundError, HFValidationError, OSError, ConfigurationError, *http) as error:
        raise ConfigurationError(f"{repo_id}: {one_line(str(error))}") from error
