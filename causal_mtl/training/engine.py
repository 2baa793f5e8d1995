"""The one place that knows devices, precision and processes."""

from __future__ import annotations

import logging
import os
import resource
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import GradientAccumulationPlugin, gather_object
from torch import Tensor, nn

from causal_mtl.common import ConfigurationError
from causal_mtl.nn.precision import (
    Device,
    DeviceType,
    EffectivePrecision,
    Precision,
    choose_device,
    choose_precision,
    launched_on_cpu,
)

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Engine:
    """A thin wrapper of accelerate's `Accelerator`: device, precision and processes.

    With several processes (``torchrun``, or ``accelerate launch --multi_gpu``) every process holds the whole
    model, works on its share of a step's micro-batches, and gradients are *summed* over processes once a
    step. As losses are sums that are divided by the count of the whole step, nothing else has to be divided
    or multiplied, and processes may have different numbers of micro-batches, or none.

    Args:
        device: "auto" takes a CUDA device if there is one; "cpu"; "cuda" (an error where there is none).
            Which CUDA device: ``CUDA_VISIBLE_DEVICES``.
        mixed_precision: "no" (fp32), "bf16", "fp16" (with loss scaling; CUDA only), or "auto": bf16 where the
            hardware has it, else fp32.

    Raises:
        ConfigurationError: the machine lacks what was asked for, or this is one of several processes that
            cannot find each other.

    Attributes:
        device: which it is.
        mixed_precision: what it computes in: never "auto".
        rank: of this process, from 0.
        world_size: the number of processes.
        is_main: whether this is the process that writes files.
    """

    def __init__(self, device: Device = "auto", mixed_precision: Precision = "no") -> None:
        device_type = choose_device(device)
        self.mixed_precision = choose_precision(mixed_precision, device_type)
        _forget_other_settings(device_type, self.mixed_precision)
        # Accumulation stays at 1: backward() would divide by it, but our losses are already per step. As a plugin,
        # since the bare number gives way to the environment variable ACCELERATE_GRADIENT_ACCUMULATION_STEPS.
        # Only with cpu=True does accelerate connect processes that compute on CPUs.
        with _connecting():
            self.accelerator = Accelerator(
                cpu=device_type == "cpu",
                mixed_precision=self.mixed_precision,
                gradient_accumulation_plugin=GradientAccumulationPlugin(num_steps=1),
            )
        self.device: torch.device = self.accelerator.device
        self.rank: int = self.accelerator.process_index
        self.world_size: int = self.accelerator.num_processes
        self.is_main: bool = self.accelerator.is_main_process
        _check_connected(self.world_size)

    def prepare(self, model: nn.Module) -> None:
        """Move `model` to the device, in place, and give every process the weights of the first."""
        model.to(self.device)
        if self.world_size > 1:
            with torch.no_grad():
                for tensor in [*model.parameters(), *model.buffers()]:
                    torch.distributed.broadcast(tensor, src=0)

    def prepare_optimizer(self, optimizer: torch.optim.Optimizer) -> Any:
        """`optimizer` as `step` wants it. Make schedulers before this: both replace ``optimizer.step``."""
        if self.accelerator.scaler is not None:  # else it would know no scale on a process without a batch
            self.accelerator.scaler.scale(torch.zeros((), device=self.device))
        return self.accelerator.prepare_optimizer(optimizer)

    def autocast(self) -> AbstractContextManager[None]:
        """The context of every forward pass and decoding."""
        return self.accelerator.autocast()

    def share(self, items: Sequence[T]) -> Sequence[T]:
        """The items that this process works on: every `world_size`-th from its rank on."""
        return items[self.rank :: self.world_size]

    def backward(self, objective: Tensor) -> None:
        """Add the gradient of `objective` (scaled where fp16 needs it) to the parameters."""
        self.accelerator.backward(objective)

    def finish_gradients(
        self,
        parameters: Iterable[nn.Parameter],
        max_norm: float | None = None,
        max_value: float | None = None,
    ) -> list[int]:
        """Once per step, before `step`: sum gradients over processes, then unscale and clip them.

        Args:
            parameters: the trainable ones.
            max_norm: upper bound of the norm of all gradients together; None leaves it free.
            max_value: upper bound of each gradient's absolute value; None leaves it free.

        Returns:
            The indices of the parameters whose gradients hold NaN or infinite numbers; they are not clipped then.
            With fp16 always none: there such gradients are usual, and `step` leaves the step out.
        """
        parameters = list(parameters)
        if self.world_size > 1:
            _sum_gradients(parameters)
        if not _any_gradient(parameters):  # a loss scaler raises an error where there is nothing to unscale
            return []
        if self.accelerator.scaler is None and (bad := _non_finite_gradients(parameters)):
            return bad
        if max_value is not None:
            self.accelerator.clip_grad_value_(parameters, max_value)
        if max_norm is not None:
            if max_value is None:
                self.accelerator.clip_grad_norm_(parameters, max_norm)
            else:  # already unscaled, which may happen only once per step
                nn.utils.clip_grad_norm_(parameters, max_norm)
        return []

    @property
    def loss_scale(self) -> float:
        """What fp16 multiplies losses by, halved at each overflow; 1.0 without fp16."""
        scaler = self.accelerator.scaler
        return float(scaler.get_scale()) if scaler is not None else 1.0

    def on_main(self, work: Callable[[], object]) -> None:
        """Do `work` on the first process only. What it refuses, every process refuses.

        Raises:
            ConfigurationError: raised by `work`.
            OSError: raised by `work`.
        """
        error = None
        if self.is_main:
            try:
                work()
            except (ConfigurationError, OSError) as raised:
                error = raised
        if (first := self.gather(error)[0]) is not None:
            raise first

    def step(self, optimizer: Any) -> bool:
        """One optimizer step, then empty gradients; False if fp16 overflowed and the step was left out."""
        before = self.loss_scale
        parameters = (p for group in optimizer.param_groups for p in group["params"])
        if self.accelerator.scaler is None or _any_gradient(parameters):
            optimizer.step()
        optimizer.zero_grad()
        return self.loss_scale >= before  # not `step_was_skipped`, which a fused optimizer never sets

    def gather(self, value: T) -> list[T]:
        """`value` (anything that pickles) of every process, in order of rank, on every process."""
        return gather_object([value]) if self.world_size > 1 else [value]

    def describe(self) -> dict[str, Any]:
        """What a result depends on besides config and data: device, precision, processes and threads."""
        return {
            "device": self.device.type,
            "mixed_precision": self.mixed_precision,
            "processes": self.world_size,
            "threads": torch.get_num_threads(),
        }

    def reset_peak_memory(self) -> None:
        """Begin to measure the peak anew (CUDA only: a process's own peak never goes down)."""
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)

    def peak_memory(self) -> int:
        """Bytes at the peak: tensors on CUDA, else the resident memory of this process since it began."""
        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated(self.device)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024

    def wait(self) -> None:
        """Wait until every process has come here."""
        self.accelerator.wait_for_everyone()

    def state_dict(self) -> dict[str, Any]:
        """The loss scaler's state ({} without fp16)."""
        return self.accelerator.scaler.state_dict() if self.accelerator.scaler is not None else {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        if self.accelerator.scaler is not None and state:
            self.accelerator.scaler.load_state_dict(state)


@contextmanager
def _connecting() -> Iterator[None]:
    """Say what is wrong where processes that were launched together cannot find each other."""
    try:
        yield
    except (ValueError, RuntimeError) as error:
        if "WORLD_SIZE" not in os.environ:
            raise
        AcceleratorState._reset_state(reset_partial_state=True)
        raise ConfigurationError(f"{_alone()} ({str(error).splitlines()[0]})") from None


def _check_connected(world_size: int) -> None:
    """Refuse to be one of several processes that would each train alone, into the same files."""
    launched = os.environ.get("WORLD_SIZE", "")
    if launched.isdecimal() and int(launched) != world_size:
        raise ConfigurationError(_alone())
    # `accelerate launch --cpu` with several processes sets where they would meet, but starts one (without MPI).
    if world_size == 1 and launched_on_cpu() and not launched and "MASTER_ADDR" in os.environ:
        logger.warning(
            "accelerate launch --cpu was asked for several processes, but this is the only process: on CPUs it "
            "starts more by MPI only; use torchrun, or accelerate launch --multi_gpu (see docs/scale.md)"
        )


def _alone() -> str:
    return (
        f"WORLD_SIZE is {os.environ['WORLD_SIZE']}, but the other processes cannot be reached: start them all "
        "with torchrun, or unset WORLD_SIZE"
    )


def _forget_other_settings(device: DeviceType, mixed_precision: EffectivePrecision) -> None:
    """Let an engine differ from an earlier one: accelerate keeps its settings in global state."""
    if not AcceleratorState._shared_state:
        return
    earlier = AcceleratorState._shared_state
    other_device = earlier["device"].type != device
    if other_device or earlier["_mixed_precision"] != mixed_precision:
        # The process group outlives the state object; a device of another kind needs both made anew.
        AcceleratorState._reset_state(reset_partial_state=other_device)


def _any_gradient(parameters: Iterable[nn.Parameter]) -> bool:
    return any(parameter.grad is not None for parameter in parameters)


def _non_finite_gradients(parameters: Sequence[nn.Parameter]) -> list[int]:
    """The indices of parameters whose gradient is not finite; one transfer from the device if all of them are."""
    gradients = {i: p.grad for i, p in enumerate(parameters) if p.grad is not None}
    # 2-norms are several times as fast on a processor as largest magnitudes, but overflow where no gradient did.
    for order in (2, float("inf")):
        if not gradients:
            break
        norms = torch.stack(
            [norm.float() for norm in torch._foreach_norm(list(gradients.values()), ord=order)]
        )
        finite = torch.isfinite(norms).tolist()
        gradients = {
            i: g for (i, g), is_finite in zip(gradients.items(), finite, strict=True) if not is_finite
        }
    return list(gradients)


def _sum_gradients(parameters: Sequence[nn.Parameter]) -> None:
    """Sum gradients over processes, in one transfer; a parameter that no process used keeps None."""
    device = parameters[0].device
    used = torch.tensor([float(p.grad is not None) for p in parameters], device=device)
    flat = torch.cat(
        [used] + [(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in parameters]
    )
    torch.distributed.all_reduce(flat)
    used_anywhere, *gradients = flat.split([len(parameters)] + [p.numel() for p in parameters])
    for parameter, gradient, count in zip(parameters, gradients, used_anywhere.tolist(), strict=True):
        parameter.grad = gradient.view_as(parameter).to(parameter.dtype, copy=True) if count else None
