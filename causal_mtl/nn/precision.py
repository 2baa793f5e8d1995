"""Which devices and precisions this machine has, and which of them "auto" stands for."""

from __future__ import annotations

import os
from functools import cache
from typing import Literal

import torch
from torch import nn

from causal_mtl.common import ConfigurationError

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "no", "bf16", "fp16"]
DeviceType = Literal["cpu", "cuda"]
EffectivePrecision = Literal["no", "bf16", "fp16"]

_CPU_FLAGS = ("avx512_bf16", "amx_bf16", "bf16")
"""Instructions for products of bf16 matrices: x86 (the first two) and ARM."""

_ISAS_WITHOUT_BF16 = ("SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2", "AVX512_CORE", "AVX512_CORE_VNNI")
"""Values of ``ONEDNN_MAX_CPU_ISA`` that keep oneDNN from using these instructions."""


def launched_on_cpu() -> bool:
    """Whether `accelerate launch --cpu` started this process."""
    return os.environ.get("ACCELERATE_USE_CPU", "").lower() in ("1", "true", "yes")


def choose_device(device: Device) -> DeviceType:
    """The device that `device` stands for here.

    Args:
        device: "auto" is a CUDA device if there is one, else the CPU.

    Raises:
        ConfigurationError: "cuda", and torch finds no CUDA device.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() and not launched_on_cpu() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigurationError('torch finds no CUDA device here; "cuda" needs one: use "auto" or "cpu"')
    return device


def choose_precision(precision: Precision, device: DeviceType) -> EffectivePrecision:
    """The precision that `precision` stands for on `device`.

    Args:
        precision: "auto" is "bf16" where `device` has instructions for it, else "no" (fp32).
        device: as `choose_device` returned it.

    Raises:
        ConfigurationError: `device` cannot compute in `precision`.
    """
    if precision == "auto":
        return "bf16" if has_native_bf16(device) and computes_in_bf16(device) else "no"
    if precision == "fp16" and device == "cpu":
        raise ConfigurationError('"fp16" needs a CUDA device; on a CPU use "auto" (bf16 or fp32) or "no"')
    if precision == "bf16" and not computes_in_bf16(device):
        raise ConfigurationError(
            f'this {device.upper()} cannot compute in "bf16"; use "no", or "auto", which takes bf16 '
            "where the hardware has it"
        )
    return precision


def has_native_bf16(device: DeviceType) -> bool:
    """Whether `device` has instructions for bf16; where they are emulated, bf16 is slower than fp32."""
    if device == "cuda":
        return torch.version.hip is not None or torch.cuda.get_device_capability() >= (8, 0)
    if not torch.backends.mkldnn.is_available():
        return False
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA") or ""
    if limit.upper() in _ISAS_WITHOUT_BF16 or not hasattr(torch.cpu, "get_capabilities"):
        return False
    flags = torch.cpu.get_capabilities()
    return any(flags.get(flag, False) for flag in _CPU_FLAGS)


@cache
def computes_in_bf16(device: DeviceType) -> bool:
    """Whether small recurrent networks can be trained and applied on `device` in bf16: it is tried once."""
    devices = [torch.cuda.current_device()] if device == "cuda" else []
    with torch.random.fork_rng(devices), torch.inference_mode(False):
        try:
            _try_bf16(device)
        except RuntimeError:  # such as oneDNN's "could not create a primitive descriptor"
            return False
    return True


def _try_bf16(device: DeviceType) -> None:
    """Use what bf16 fails in on some machines: recurrent layers on fp32 and on bf16 inputs."""
    states = torch.ones(2, 3, 4, device=device)
    project = nn.Linear(4, 4, device=device)
    lstm = nn.LSTM(4, 4, batch_first=True, device=device)
    gru = nn.GRU(4, 4, batch_first=True, device=device)
    for recurrent in (lstm, gru):
        for with_gradients in (True, False):
            with torch.set_grad_enabled(with_gradients), torch.autocast(device, torch.bfloat16):
                outputs = [recurrent(states)[0], recurrent(project(states))[0]]
            if with_gradients:
                sum(output.float().sum() for output in outputs).backward()
