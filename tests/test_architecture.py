"""The packages of docs/architecture.md: imports run one way."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "causal_mtl"

# A package may import from itself and from the packages named here.
STANDS_ON = {
    "version": set(),
    "common": set(),
    "data": {"common"},
    "nn": {"common"},
    "metrics": {"common"},
    "tasks": {"common", "data", "nn", "metrics"},
    "models": {"common", "data", "nn", "metrics", "tasks"},
    "archive": {"common", "data", "nn", "metrics", "tasks", "models"},
}
STANDS_ON["training"] = STANDS_ON["predictors"] = STANDS_ON["archive"] | {"archive", "version"}
STANDS_ON["analysis"] = STANDS_ON["predictors"] | {"predictors", "training"}
STANDS_ON["integrations"] = STANDS_ON["predictors"] | {"predictors"}
STANDS_ON["commands"] = STANDS_ON["analysis"] | {"analysis", "integrations"}
STANDS_ON[""] = {"version", "training", "predictors"}  # causal_mtl/__init__.py: load and train
STANDS_ON["__main__"] = {"commands"}

FILES = sorted(PACKAGE.rglob("*.py"))


def module_of(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path) for path in FILES}


def package_of(module):
    return [*module.split("."), ""][1]


def imports(path):
    """The modules of ours that a file imports, and whether outside of functions (for types only counts too)."""
    later = set()
    for node in ast.walk(tree := ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            later.update(map(id, ast.walk(node)))
    for node in ast.walk(tree):
        at_once = id(node) not in later
        if isinstance(node, ast.Import):
            for name in node.names:
                if name.name.split(".")[0] == "causal_mtl":
                    yield name.name, at_once
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            if node.module and node.module.split(".")[0] == "causal_mtl":
                for name in node.names:
                    below = f"{node.module}.{name.name}"
                    yield below if below in MODULES else node.module, at_once


def test_every_package_is_known():
    assert {package_of(module) for module in MODULES} <= set(STANDS_ON)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path):
    module = module_of(path)
    package = package_of(module)
    for imported, _ in imports(path):
        target = package_of(imported)
        assert target == package or target in STANDS_ON[package], f"{module} imports {imported}"


def test_there_is_no_circle():
    # A package's __init__ only hands on what its modules hold, so importing from it counts as importing those.
    graph = {}
    for path in FILES:
        module = module_of(path)
        if path.name != "__init__.py":
            graph[module] = {name for name, at_once in imports(path) if at_once and name in MODULES}
    packages = {}
    for module, targets in graph.items():
        packages.setdefault(package_of(module), set()).update(package_of(target) for target in targets)
    for package, targets in packages.items():
        targets.discard(package)
    list(TopologicalSorter(packages).static_order())  # raises CycleError
    list(TopologicalSorter({m: targets & graph.keys() for m, targets in graph.items()}).static_order())


def test_the_check_sees_a_wrong_arrow(tmp_path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "def f():\n    from causal_mtl.nn.encoders import BiLSTM\nimport causal_mtl.data.instance\n"
    )
    assert sorted(imports(wrong)) == [
        ("causal_mtl.data.instance", True),
        ("causal_mtl.nn.encoders", False),
    ]
