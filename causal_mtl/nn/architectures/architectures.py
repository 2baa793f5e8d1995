"""CMTL's architecture and its baselines."""

from __future__ import annotations

from causal_mtl.nn.architectures.architecture import Architecture


@Architecture.register("single_task")
class SingleTask(Architecture):
    """H_k = Encoder_k(E_k ⊕ th): nothing is shared ("STL"). Registered with name "single_task"."""

    separate_embedders = True


@Architecture.register("fully_shared")
class FullyShared(Architecture):
    """H_k = Encoder(E): one encoder for all tasks ("FSMTL"). Registered with name "fully_shared".

    Labels can be transferred to its heads only.
    """

    shares = True
    private = False


@Architecture.register("shared_private")
class SharedPrivate(Architecture):
    """H_k = Encoder_k(E ⊕ th ⊕ H_s), H_s = Encoder(E) ("SPMTL"). Registered with name "shared_private"."""

    shares = True


@Architecture.register("hierarchical")
class Hierarchical(Architecture):
    """H_k = Encoder_k(E ⊕ th ⊕ H_{k-1}) ("HMTL", CMTL eq. 4). Registered with name "hierarchical"."""

    stacks = True
