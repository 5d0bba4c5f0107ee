"""What theory says of the signal in an untrained ReLU network."""

from collections.abc import Mapping
from typing import Any

# scale and mode of keras.initializers.VarianceScaling, of which these classes are special cases:
# Glorot and Bengio (2010), equation 16; He et al. (2015), equation 10; LeCun et al. (1998),
# Efficient BackProp, equation 16.
LAWS = {
    "GlorotUniform": (1.0, "fan_avg"),
    "GlorotNormal": (1.0, "fan_avg"),
    "HeUniform": (2.0, "fan_in"),
    "HeNormal": (2.0, "fan_in"),
    "LecunUniform": (1.0, "fan_in"),
    "LecunNormal": (1.0, "fan_in"),
}


def weight_variance(
    class_name: str, config: Mapping[str, Any], fan_in: int, fan_out: int
) -> float | None:
    """The variance that an initializer gives to weights; None if it is no variance scaling.

    Args:
        class_name: of Keras.
        config: its arguments.
        fan_in: inputs of the layer.
        fan_out: its units.

    Source:
        keras.initializers.VarianceScaling: scale / n, n by mode fan_in, fan_out or their mean.
    """
    if class_name == "VarianceScaling":
        law = (float(config.get("scale", 1.0)), str(config.get("mode", "fan_in")))
    elif class_name in LAWS:
        law = LAWS[class_name]
    else:
        return None
    fans = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
    return law[0] / fans[law[1]]


def relu_ratio(variance: float, fan_in: int) -> float:
    """Mean square of the pre-activations of a layer over that of the layer before, under ReLU.

    Glorot gives n_in / (n_in + n_out), He 1, LeCun 1/2.

    Source:
        He et al. (2015), Delving Deep into Rectifiers, equation 8: n_in Var(w) / 2.
    """
    return fan_in * variance / 2
