import subprocess
import sys

HEAVY = {"torch", "transformers", "spacy", "numpy", "_jsonnet", "cached_path", "huggingface_hub"}


def test_common_imports_nothing_heavy():
    code = (
        "import sys; before = set(sys.modules); import causal_mtl.common, causal_mtl.common.catalog\n"
        f"print(sorted({HEAVY!r} & (set(sys.modules) - before)))\n"
        "print(sorted(m for m in sys.modules if m.startswith('causal_mtl.') and '.common' not in m))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy, others = result.stdout.splitlines()
    assert heavy == "[]"
    assert others in ("[]", "['causal_mtl.version']")
