"""``causal-mtl predict --engine ray``: prediction by many processes, on one machine or a cluster.

Only `session` and `engine` import ray, and only when they are called.
"""

from causal_mtl.integrations.ray_engine.engine import Job, Part, predict
from causal_mtl.integrations.ray_engine.inputs import find_inputs
from causal_mtl.integrations.ray_engine.parquet_output import ParquetOutput
from causal_mtl.integrations.ray_engine.session import import_ray, session
from causal_mtl.integrations.ray_engine.worker import Settings

__all__ = ["Job", "ParquetOutput", "Part", "Settings", "find_inputs", "import_ray", "predict", "session"]
