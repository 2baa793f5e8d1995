"""What README and docs point at exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")]
)
LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]+))?\)")
KEPT_FILE = re.compile(
    r"\b(?:benchmarks|causal_mtl|docs|fixtures|tests|training_config)/[\w/.-]+\.(?:py|jsonl?|jsonnet|libsonnet|md|xml|svg)\b"
)


def prose(page):
    """A page without its code blocks, in which brackets mean other things."""
    return re.sub(r"(?ms)^\s*```.*?^\s*```", "", (ROOT / page).read_text(encoding="utf-8"))


def anchors(page):
    headings = re.findall(r"(?m)^#+ (.+)$", prose(page))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for target, anchor in LINK.findall(prose(page)):
        path = (ROOT / page).parent / target if target else ROOT / page
        assert path.exists(), f"{page}: there is no {target}"
        if anchor:
            assert anchor in anchors(path.resolve().relative_to(ROOT)), f"{page}: no heading #{anchor}"


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_exist(page):
    named = set(KEPT_FILE.findall((ROOT / page).read_text(encoding="utf-8")))
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
