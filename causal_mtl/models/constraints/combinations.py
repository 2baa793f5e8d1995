"""The combinations of labels that training showed: what inconsistency is measured by."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.common.strict_json import MAX_BYTES
from causal_mtl.data.instance import Instance
from causal_mtl.tasks import Combination, Link

logger = logging.getLogger(__name__)

FORMAT = 1
"""Of the JSON; a library that knows a lower one cannot read it."""
_BUDGET = MAX_BYTES // 2
"""Bytes of the combinations of all links together."""

Seen = dict[Link, set[Combination]]


class Combinations:
    """What training showed, by link; a link between tasks that were never annotated together is absent.

    Args:
        links: of the graph of tasks.
    """

    def __init__(self, links: Iterable[Link]) -> None:
        self.links = list(links)
        self.seen: Seen = {}

    def learn(self, instances: Iterable[Instance], labels: Mapping[str, Sequence[str]]) -> None:
        """Add the combinations of the training data's gold.

        Links whose labels have one partner to occur with (mentions of one type, say) are left out: they tell
        nothing. So are, with a warning, those with so many combinations that no archive could hold them.

        Args:
            instances: of training.
            labels: of each linked task.
        """
        for instance in instances:
            for link in self.links:
                found = link.combinations(instance.annotations)
                if found is not None:
                    self.seen.setdefault(link, set()).update(found)
        self.seen = {
            link: found
            for link, found in self.seen.items()
            if found and len(link.partners(labels[link.other])) > 1
        }
        for link in _too_large(self.seen):
            logger.warning(
                "%s and %s occur in %d combinations: too many to keep", *_names(link), len(self.seen[link])
            )
            del self.seen[link]

    def update(self, other: Combinations) -> None:
        """Add what `other` has seen, for the links that both have, whichever of its two tasks comes first."""
        mine = {_names(link): link for link in self.links}
        for link, found in other.seen.items():
            task, partner = _names(link)
            if (task, partner) in mine:
                self.seen.setdefault(mine[task, partner], set()).update(found)
            elif link.joint and (partner, task) in mine:
                turned = {(second, first) for first, second in found if isinstance(second, str)}
                self.seen.setdefault(mine[partner, task], set()).update(turned)

    def to_json(self) -> dict[str, Any]:
        """As JSON can hold it; equal combinations give equal JSON."""
        listed = [
            {"tasks": list(_names(link)), "combinations": sorted([label, _listed(p)] for label, p in found)}
            for link, found in self.seen.items()
        ]
        return {"format": FORMAT, "links": listed}

    def read(self, content: Mapping[str, Any]) -> None:
        """Take over what `to_json` gave.

        Raises:
            ConfigurationError: it is something else, of a later format, or of other tasks.
        """
        if content.get("format") != FORMAT:
            raise ConfigurationError(f"format {content.get('format')!r}; this version knows format {FORMAT}")
        listed = content.get("links")
        if set(content) != {"format", "links"} or not isinstance(listed, list):
            raise ConfigurationError("expected the keys 'format' and 'links'")
        known = {_names(link): link for link in self.links}
        seen: Seen = {}
        for number, record in enumerate(listed):
            try:
                link = known[tuple(record["tasks"])]
                seen[link] = {_combination(link, item) for item in record["combinations"]}
            except (KeyError, TypeError, ValueError) as error:
                raise ConfigurationError(
                    f"links[{number}]: not combinations of two tasks of this model: {error}"
                ) from None
        self.seen = seen


def _names(link: Link) -> tuple[str, str]:
    return link.task, link.other


def _listed(partner: Any) -> Any:
    return list(partner) if isinstance(partner, tuple) else partner


def _combination(link: Link, item: Any) -> Combination:
    if not isinstance(item, list) or len(item) != 2 or not isinstance(item[0], str):
        raise ValueError(f"expected a label and what it occurs with, got {str(item)[:80]}")
    return item[0], link.partner(item[1])


def _too_large(seen: Seen) -> list[Link]:
    """The links to leave out, the largest first, so that the rest fits into an archive."""
    sizes = {link: len(json.dumps([*found], indent=2).encode()) for link, found in seen.items()}
    dropped: list[Link] = []
    for link in sorted(sizes, key=lambda link: -sizes[link]):
        if sum(sizes.values()) <= _BUDGET:
            break
        del sizes[link]
        dropped.append(link)
    return dropped
