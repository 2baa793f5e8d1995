"""``causal-mtl push``."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(subcommands: Any) -> argparse.ArgumentParser:
    """Add this subcommand's parser."""
    parser = subcommands.add_parser(
        "push",
        help="publish a model on the Hugging Face Hub",
        description="Upload a trained model to the Hugging Face Hub, with a model card. Absolute paths, "
        "passwords in URLs and Hub tokens are first removed from the uploaded archive; relative paths stay.",
        epilog="The token is read from HF_TOKEN, or is that of `hf auth login`. HF_ENDPOINT names another Hub.",
    )
    parser.add_argument("archive", metavar="ARCHIVE", help="a model.tar.gz, or the directory of a training")
    parser.add_argument("repo_id", metavar="ORG/NAME", help="the repository; it is made if it is not there")
    parser.add_argument(
        "--public", action="store_true", help="for all to see; without it the repository is private"
    )
    parser.add_argument(
        "--revision", metavar="BRANCH", help="an existing branch to commit to (default: main)"
    )
    parser.add_argument("--message", help="of the commit")
    parser.add_argument("--license", help="for the card: an identifier of the Hub, such as apache-2.0")
    parser.add_argument(
        "--dry-run", metavar="DIR", help="write what would be uploaded to DIR, and upload nothing"
    )
    return parser


def run(options: argparse.Namespace) -> None:
    """Upload, and print the URL of the commit; or write the same files to a directory."""
    from causal_mtl.integrations.hub import push_to_hub, save_pretrained

    if options.dry_run is not None:
        print(
            save_pretrained(
                options.archive, options.dry_run, repo_id=options.repo_id, license=options.license
            )
        )
        return
    print(
        push_to_hub(
            options.archive,
            options.repo_id,
            private=not options.public,
            revision=options.revision,
            message=options.message,
            license=options.license,
        )
    )
