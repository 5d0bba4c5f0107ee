"""Studies with claims, for tests of how these are judged."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from study import found_in, write_claims, write_sweep

from fmnist_exp.report.claims import Judged, judge

NOISE = np.array([-0.002, -0.001, 0.0, 0.001, 0.002, 0.0])
STEPS = np.array([0.0003, -0.0002, 0.0001, -0.0003, 0.0002, -0.0001])  # of a difference
GLOROT = 0.8 + NOISE


def arms(folder: Path, accuracies: Mapping[str, Sequence[float]]) -> None:
    """A sweep over initializers whose accuracies are told apart by 3000 images."""
    write_sweep(folder, accuracies, images=1000)


def judged(folder: Path, *claims: tuple[str, ...], **options: str) -> list[Judged]:
    """Claims on a study, judged; claims as `write_claims`, options as `found_in`."""
    write_claims(folder, *claims)
    return judge(found_in(folder, **options))


def ruling(folder: Path, *claim: str) -> tuple[str, str]:
    """Verdict and reason of one claim."""
    (one,) = judged(folder, claim)
    return str(one.verdict), one.reason
