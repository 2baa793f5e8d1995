import os
import platform
import subprocess
import sys

import pytest
import torch

from causal_mtl.common import ConfigurationError
from causal_mtl.nn import precision
from causal_mtl.nn.precision import choose_device, choose_precision, computes_in_bf16


@pytest.fixture
def cpu_with(monkeypatch):
    """Pretend that the CPU computes in bf16, and has instructions for it."""

    def pretend(works, native):
        monkeypatch.setattr(precision, "computes_in_bf16", lambda device: works)
        monkeypatch.setattr(precision, "has_native_bf16", lambda device: native)

    return pretend


@pytest.fixture
def no_cache():
    """Try bf16 anew, and forget what was found."""
    computes_in_bf16.cache_clear()
    yield
    computes_in_bf16.cache_clear()


def test_device(monkeypatch):
    monkeypatch.delenv("ACCELERATE_USE_CPU", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == choose_device("cpu") == "cpu"
    with pytest.raises(ConfigurationError, match=r'no CUDA device here.*use "auto" or "cpu"'):
        choose_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto") == choose_device("cuda") == "cuda"
    assert choose_device("cpu") == "cpu"
    monkeypatch.setenv("ACCELERATE_USE_CPU", "True")  # accelerate launch --cpu
    assert choose_device("auto") == "cpu"


@pytest.mark.parametrize(
    ("works", "native", "chosen"),
    [(True, True, "bf16"), (True, False, "no"), (False, True, "no"), (False, False, "no")],
)
def test_auto_is_bf16_where_it_is_native(cpu_with, works, native, chosen):
    cpu_with(works, native)
    assert choose_precision("auto", "cpu") == chosen


def test_what_the_cpu_cannot_do_is_refused(cpu_with):
    cpu_with(works=True, native=False)
    assert choose_precision("bf16", "cpu") == "bf16"
    cpu_with(works=False, native=False)
    with pytest.raises(ConfigurationError, match=r'this CPU cannot compute in "bf16".*"auto"'):
        choose_precision("bf16", "cpu")
    with pytest.raises(ConfigurationError, match='"fp16" needs a CUDA device'):
        choose_precision("fp16", "cpu")
    assert choose_precision("no", "cpu") == "no"


def test_a_failure_of_torch_is_an_answer(monkeypatch, no_cache):
    def fail(device):
        raise RuntimeError("could not create a primitive descriptor")

    monkeypatch.setattr(precision, "_try_bf16", fail)
    assert not computes_in_bf16("cpu")


def test_trying_leaves_random_numbers_alone_and_happens_once(monkeypatch, no_cache):
    tried = []
    attempt = precision._try_bf16
    monkeypatch.setattr(precision, "_try_bf16", lambda device: [tried.append(device), attempt(device)])
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    outside = computes_in_bf16("cpu")
    assert torch.equal(torch.rand(2), expected)
    assert computes_in_bf16("cpu") == outside
    assert tried == ["cpu"]


def test_trying_works_within_inference_mode(no_cache):
    outside = computes_in_bf16("cpu")
    computes_in_bf16.cache_clear()
    with torch.inference_mode():
        assert computes_in_bf16("cpu") == outside


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="limits the instructions of an x86 CPU"
)
@pytest.mark.parametrize("limit", ["AVX2", "AVX512_CORE"])
def test_a_cpu_without_instructions_for_bf16(limit):
    code = "from causal_mtl.nn.precision import choose_precision; print(choose_precision('auto', 'cpu'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "ONEDNN_MAX_CPU_ISA": limit},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "no\n", done.stderr
