"""Every number of a report's tables follows from runs.csv by SciPy and statsmodels alone.

Nothing here calls the statistics of the package: a mistake in them cannot hide in their test.
"""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import command, train
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired
from study import change_record, write_run

from fmnist_exp.aggregate import aggregate

METRICS = [f"{split}_{name}" for split in ("test", "validation", "train") for name in ("accuracy",)]
METRICS += [name.replace("accuracy", "loss") for name in METRICS] + ["num_epochs", "fit_seconds"]
SESOI = {"test_accuracy": 0.003, "test_loss": np.nan}
TOLERANCE = 1e-9


def recomputed_summary(runs: pd.DataFrame) -> pd.DataFrame:
    """Mean, SD and 95 % t interval of every metric, a row per condition."""
    rows = []
    for initializer, group in runs.groupby("initializer", sort=False):
        row = {"initializer": initializer, "num_runs": len(group)}
        row |= {"num_diverged": 0, "num_pruned": 0, "num_failed": 0, "num_interrupted": 0}
        for metric in METRICS:
            values = group[metric].to_numpy(float)
            mean, std = values.mean(), values.std(ddof=1)
            error = std / np.sqrt(len(values))
            interval = (
                stats.t.interval(0.95, len(values) - 1, mean, error) if error else (mean,) * 2
            )
            row[f"{metric}_mean"], row[f"{metric}_std"] = mean, std
            row[f"{metric}_ci_low"], row[f"{metric}_ci_high"] = interval
        rows.append(row)
    return pd.DataFrame(rows)


def recomputed_comparisons(runs: pd.DataFrame) -> pd.DataFrame:
    """Every column of comparisons.csv, all pairs on accuracy and on loss."""
    return pd.concat([_compared(runs, metric) for metric in SESOI], ignore_index=True)


def _compared(runs: pd.DataFrame, metric: str) -> pd.DataFrame:
    table = runs.pivot(index="seed", columns="initializer", values=metric)
    pairs = list(combinations(dict.fromkeys(runs["initializer"]), 2))
    rows = pd.DataFrame([_pair(table[b], table[a], metric, len(pairs)) for a, b in pairs])
    better = (rows["difference_mean"] > 0) == metric.endswith("accuracy")
    rows["verdict"] = np.select(
        [rows.pop("p_equal") * len(pairs) < 0.05, rows["p_value"] * len(pairs) < 0.05],
        ["practically equal", np.where(better, "better", "worse")],
        "undecided",
    )
    return rows


def _pair(arm_a: pd.Series, arm_b: pd.Series, metric: str, family: int) -> dict[str, object]:
    sesoi, count = SESOI[metric], len(arm_a)
    test = stats.ttest_rel(arm_a, arm_b)
    interval = test.confidence_interval(1 - 0.05 / family)
    narrower = test.confidence_interval(1 - 2 * 0.05 / family)
    differences = (arm_a - arm_b).to_numpy()
    std = differences.std(ddof=1)
    return {
        "metric": metric,
        "condition_a": arm_a.name,
        "condition_b": arm_b.name,
        "num_pairs": count,
        "difference_mean": differences.mean(),
        "ci_low": interval.low,
        "ci_high": interval.high,
        "equal_low": narrower.low,
        "equal_high": narrower.high,
        "p_value": test.pvalue,
        "p_equal": (
            ttost_paired(arm_a.to_numpy(), arm_b.to_numpy(), -sesoi, sesoi)[0]
            if np.isfinite(sesoi)
            else np.nan
        ),
        "difference_std": std,
        "num_comparisons": family,
    }


def check(report: Path) -> None:
    """Compare both tables of a report with what its runs.csv says."""
    runs = pd.read_csv(report / "runs.csv")
    assert set(runs["status"]) == {"completed"}
    for name, expected in (
        ("summary", recomputed_summary(runs)),
        ("comparisons", recomputed_comparisons(runs)),
    ):
        written = pd.read_csv(report / f"{name}.csv")
        assert set(written) == set(expected)
        pd.testing.assert_frame_equal(
            written, expected[list(written)], check_dtype=False, rtol=TOLERANCE, atol=TOLERANCE
        )


@pytest.mark.slow
@pytest.mark.parametrize("shift", [0.0, 0.006], ids=["undecided", "different"])
def test_tables_of_a_study_of_realistic_numbers(tmp_path, shift):
    generator = np.random.default_rng(1)
    for number in range(30):
        arm, seed = divmod(number, 10)
        name = ("he", "lecun", "glorot")[arm]
        write_run(tmp_path / "s" / str(number), f"initializer={name}", f"seed={seed}")
        metrics = {
            split: {
                "accuracy": round(generator.normal(0.888 + shift * (arm == 2), 0.0035), 4),
                "loss": generator.normal(0.36 - 3 * shift * (arm == 2), 0.015),
            }
            for split in ("train", "validation", "test")
        }
        times = {"fit": generator.normal(25, 3), "total": 30.0}
        change_record(
            tmp_path / "s" / str(number),
            lambda r, m=metrics, t=times: r.update(metrics=m, timing_seconds=t),
        )
    aggregate([tmp_path / "s"], tmp_path / "report")
    check(tmp_path / "report")


@pytest.mark.slow
def test_tables_of_a_real_sweep(tmp_path):
    """Three initializers, ten seeds, on a part of the real images."""
    sweep = tmp_path / "sweep"
    small = ("data.num_train=2000", "data.num_test=1000", "training=smoke")
    settings = ("initializer=glorot,he,lecun", "seed=range(10)")
    result = train("--multirun", *small, *settings, f"hydra.sweep.dir={sweep}")
    assert result.returncode == 0, result.stderr
    report = command("scripts/aggregate.py", sweep)
    assert report.returncode == 0, report.stderr
    check(sweep / "report")
