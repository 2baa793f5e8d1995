"""From a config file to objects: parameters, names, construction, errors, plugins and files."""

from causal_mtl.common.constraints import (
    Name,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Probability,
    Range,
)
from causal_mtl.common.errors import ConfigurationError, ConfigurationErrors, Problem
from causal_mtl.common.files import local_path, open_text, sha256
from causal_mtl.common.from_params import FromParams
from causal_mtl.common.lazy import Late, Lazy
from causal_mtl.common.overrides import infer_and_cast, with_overrides
from causal_mtl.common.params import Params
from causal_mtl.common.plan import Construct, Plan
from causal_mtl.common.plugins import import_package, import_plugins
from causal_mtl.common.read_paths import HubModel, InputFile, InstalledPackage, ReadPath
from causal_mtl.common.registrable import Registrable
from causal_mtl.common.resolve import resolve

__all__ = [
    "ConfigurationError",
    "ConfigurationErrors",
    "Construct",
    "FromParams",
    "HubModel",
    "InputFile",
    "InstalledPackage",
    "Late",
    "Lazy",
    "Name",
    "NonNegativeFloat",
    "NonNegativeInt",
    "Params",
    "Plan",
    "PositiveFloat",
    "PositiveInt",
    "Probability",
    "Problem",
    "Range",
    "ReadPath",
    "Registrable",
    "import_package",
    "import_plugins",
    "infer_and_cast",
    "local_path",
    "open_text",
    "resolve",
    "sha256",
    "with_overrides",
]
