"""``causal-mtl predict --engine ray``: prediction by many processes, on one machine or a cluster.

Only `session` and `engine` import ray, and only when they are called. This file imports nothing: one of Ray's
processes needs `attempts` alone.
"""
