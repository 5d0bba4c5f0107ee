"""Which of many differences are reliable when all of them are looked at together."""

import itertools

import numpy as np

from fmnist_exp.statistics.verdicts import ALPHA

MIN_SEEDS = 6  # below which 2 of 2**n signs alone are more than `ALPHA`
MOST = 12  # seeds up to which all signs are tried
NUM_DRAWN = 2**11  # as many signs as 12 seeds have
AT_ONCE = 2000  # cells


def reliable_cells(differences: np.ndarray, level: float = ALPHA) -> np.ndarray:
    """Whether each mean difference leaves out 0, all of them being judged together.

    If nothing differs, a pair is as likely to come out one way round as the other. So the signs of
    whole seeds are turned in every way; the t statistic of a cell must be as large as the largest
    of all cells is in a share `level` of these ways at most. Then any cell at all is called
    reliable by mistake in at most that share of studies, however the cells hang together. With more
    than twelve seeds, 2,048 ways are drawn, always the same ones.

    Args:
        differences: float (num_seeds, num_cells); of two conditions, paired by seed.
        level: share of studies in which any cell is wrongly called reliable.

    Returns:
        Bool (num_cells,); all false below `MIN_SEEDS` seeds.

    Source:
        Single-step maxT, Westfall and Young (1993), Resampling-based multiple testing, section 2.6;
        turning of signs, Fisher (1935), The design of experiments, section 21. The statistic
        |sum| / sqrt(n * sum of squares) grows with that of Student's paired t test.
    """
    num_seeds, num_cells = differences.shape
    if num_seeds < MIN_SEEDS:
        return np.zeros(num_cells, dtype=bool)
    signs = _signs(num_seeds)
    largest, observed = np.zeros(len(signs)), np.zeros(num_cells)
    for start in range(0, num_cells, AT_ONCE):
        part = differences[:, start : start + AT_ONCE]
        size = np.sqrt(num_seeds * (part**2).sum(axis=0))
        statistics = np.abs(signs @ part) / np.where(size > 0, size, 1)
        observed[start : start + AT_ONCE] = statistics[0]
        largest = np.maximum(largest, statistics.max(axis=1, initial=0))
    as_large = np.sort(largest) + 1e-9  # of the order of rounding in a sum
    shares = 1 - np.searchsorted(as_large, observed) / len(signs)
    return shares <= level


def _signs(num_seeds: int) -> np.ndarray:
    """Signs of seeds, the observed ones first: float (num_ways, num_seeds).

    A way and its mirror image say the same; the first seed keeps its sign.
    """
    if num_seeds <= MOST:
        rest = list(itertools.product((1.0, -1.0), repeat=num_seeds - 1))
        return np.hstack([np.ones((len(rest), 1)), rest])
    drawn = np.random.default_rng(0).choice((-1.0, 1.0), size=(NUM_DRAWN, num_seeds))
    drawn[0] = 1
    return drawn
