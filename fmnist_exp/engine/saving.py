"""A trained model as a file that older versions of Keras load as well."""

import json
import zipfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmnist_exp import files
from fmnist_exp.config.schema import RunConfig

if TYPE_CHECKING:
    from fmnist_exp.engine.backend import keras

LEAST_KERAS = "3.8"  # that loads a saved model; tried with 3.8.0, 3.12.0 and 3.14.0
# Arguments of layers and initializers that later versions of Keras have added, and their defaults.
ADDED_SINCE = {
    "input_axes": None,
    "output_axes": None,
    "quantization_config": None,
    "renorm": False,
    "renorm_clipping": None,
    "renorm_momentum": 0.99,
}


def write_model(path: Path, model: "keras.Model") -> None:
    """Save a plain model, with the state of its optimizer.

    Keras refuses arguments that it does not know, even without a value; they are left out.
    """
    with files.atomic_path(path) as temporary:
        model.save(temporary)
        with zipfile.ZipFile(temporary) as saved:
            parts = {name: saved.read(name) for name in saved.namelist()}
        config = _for_older_keras(json.loads(parts["config.json"]))
        parts["config.json"] = json.dumps(config).encode()
        with zipfile.ZipFile(temporary, "w") as portable:
            for name, content in parts.items():
                portable.writestr(zipfile.ZipInfo(name), content)


def least_keras(config: RunConfig) -> str:
    """The least version of Keras that loads the model of a run."""
    later = config.optimizer.class_name == "Muon" or config.model.activation == "sparse_sigmoid"
    return metadata.version("keras") if later else LEAST_KERAS


def _for_older_keras(value: Any) -> Any:
    if isinstance(value, list):
        return [_for_older_keras(each) for each in value]
    if isinstance(value, dict):
        return {
            key: _for_older_keras(each)
            for key, each in value.items()
            if key not in ADDED_SINCE or each != ADDED_SINCE[key]
        }
    return value
