"""Studies whose answer is known, for tests of the words of a report."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from study import found_in, write_run

from fmnist_exp.report.page.answers import Answer, answer_of

GLOROT, HE, LECUN = (f"initializer={name}" for name in ("glorot", "he", "lecun"))
RATE = "optimizer.config.learning_rate"
FORBIDDEN = r"\b(pp|Holm|TOST|paired|verdict|undecided|comparison)s?\b"  # a statistician's words
NOISE = np.tile([-2, -1, 0, 1, 2], 40) * 1e-4  # SD 0.014 points
ROUGH = 30 * NOISE  # SD 0.42 points


def write(folder: Path, arms: Mapping[str, Sequence[float]], **options: object) -> None:
    """A run for each accuracy of an arm, seeds from 0; an arm is its overrides."""
    for number, (arm, accuracies) in enumerate(arms.items()):
        for seed, accuracy in enumerate(accuracies):
            run_dir = folder / f"{number}_{seed}"
            settings = (*arm.split(), f"seed={seed}")
            write_run(run_dir, *settings, accuracy=float(accuracy), images=3334, **options)


def answered(folder: Path, arms: Mapping[str, Sequence[float]], **options: object) -> Answer:
    """The answer of such a study."""
    write(folder, arms)
    return answer_of(found_in(folder, **options))


def shifted(means: Mapping[str, float], noise: np.ndarray) -> dict[str, np.ndarray]:
    """Arms with these means, each with noise of its own."""
    return {arm: mean + np.roll(noise, place) for place, (arm, mean) in enumerate(means.items())}


STEPS = np.arange(5) / 1000  # of which every one is a number of images
WIDTHS = {depth: f"model.hidden=[{','.join(['64'] * depth)}]" for depth in (2, 10, 20)}
