"""Networks before training, made by hand."""

import numpy as np
from study import layers_of

from fmnist_exp.report.starts import Start
from fmnist_exp.rundir.tables import SIGNAL_COLUMNS


def start(level="he_normal", ratio=1.0, *, hidden=(64,) * 30, place="", optimizer="SGD", **values):
    """One draw of a network before training; other numbers as `layers_of`."""
    keys = {"activation", "batch_normalization", "class_name"}
    network = {"class_name": "HeNormal"} | {key: values.pop(key) for key in keys & values.keys()}
    law = {"class_name": network.pop("class_name"), "config": {}}
    layers = layers_of([*hidden, 10], ratio, **values)
    return Start(
        label=level,
        level=level,
        place=place,
        config={"model": network, "initializer": law},
        optimizers=frozenset({optimizer}),
        draws={
            name: np.array([[getattr(each, name) for each in layers]]) for name in SIGNAL_COLUMNS
        },
        members=(level,),
    )
