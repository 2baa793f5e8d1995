"""What frozen transformers give, computed once and kept on disk."""

from causal_mtl.training.frozen_cache.use import use_cache

__all__ = ["use_cache"]
