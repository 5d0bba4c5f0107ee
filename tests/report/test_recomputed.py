"""Every number of a report's tables follows from runs.csv by SciPy and statsmodels alone.

Nothing here calls the statistics of the package: a mistake in them cannot hide in their test.
"""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW, ttost_paired
from study import change_record, write_run

from fmnist_exp.aggregate import aggregate

pytestmark = pytest.mark.usefixtures("undrawn")

METRICS = [f"{split}_accuracy" for split in ("test", "validation", "train")]
METRICS += [name.replace("accuracy", "loss") for name in METRICS] + ["num_epochs", "fit_seconds"]
SESOI = 0.003
INITIALIZERS = ("glorot", "he", "lecun")
DEPTHS = (2, 10, 20, 30)
IMAGES = 3 * 3334  # of three classes, about as many as the test split has
TOLERANCE = 1e-9
NO_RUNS = {"num_diverged": 0, "num_pruned": 0, "num_failed": 0, "num_interrupted": 0}


def ensemble(run_dirs: list[Path]) -> dict[str, float]:
    """Test accuracy of runs that answer together, from their stored probabilities, if any."""
    stored = [np.load(path) for each in run_dirs if (path := each / "predictions.npz").exists()]
    if not stored:
        return {"ensemble_test_accuracy": np.nan, "ensemble_runs": np.nan}
    together = np.mean([each["probabilities"].astype(float) for each in stored], axis=0)
    right = together.argmax(axis=1) == stored[0]["labels"]
    return {"ensemble_test_accuracy": right.mean(), "ensemble_runs": len(stored)}


def recomputed_summary(sweep: Path, runs: pd.DataFrame, factors: list[str]) -> pd.DataFrame:
    """Mean, SD and 95 % t interval of every metric, and the ensemble; a row per condition."""
    rows = []
    for levels, group in runs.groupby(factors, sort=False):
        row = {**dict(zip(factors, levels, strict=True)), "num_runs": len(group), **NO_RUNS}
        for metric in METRICS:
            values = group[metric].to_numpy(float)
            row[f"{metric}_mean"], row[f"{metric}_std"] = values.mean(), values.std(ddof=1)
            interval = (values[0],) * 2
            if np.ptp(values):
                interval = DescrStatsW(values).tconfint_mean()
            if "accuracy" in metric:
                interval = np.clip(interval, 0, 1)
            row[f"{metric}_ci_low"], row[f"{metric}_ci_high"] = interval
        rows.append(row | ensemble([sweep.parent / name for name in group["run"]]))
    return pd.DataFrame(rows)


def speeds(sweep: Path, runs: pd.DataFrame) -> pd.DataFrame:
    """The runs with both measures of speed, from their histories."""
    histories = [pd.read_csv(sweep.parent / name / "history.csv") for name in runs["run"]]
    return runs.assign(
        first_epoch_train_loss=[each["train_loss"].iloc[0] for each in histories],
        mean_validation_loss=[each["validation_loss"].mean() for each in histories],
    )


def compared(first: pd.Series, second: pd.Series, **told) -> dict[str, object]:
    """Two arms, seed -> value, at the level that `m` statements leave to each."""
    metric, m, is_described = told.pop("metric"), told.pop("m"), told.pop("described")
    images = told.pop("images")
    differences = (first - second).dropna()
    first, second = first[differences.index], second[differences.index]
    test = stats.ttest_rel(first, second)
    wide, narrow = (test.confidence_interval(1 - share * 0.05 / m) for share in (1, 2))
    p_equal = ttost_paired(first.to_numpy(), second.to_numpy(), -SESOI, SESOI)[0]
    verdict = "better" if differences.mean() > 0 else "worse"
    if p_equal * m < 0.05:
        verdict = "practically equal"
    elif test.pvalue * m >= 0.05:
        verdict = "undecided"
    is_described = is_described or metric != "test_accuracy"
    away = (differences - differences.mean()).abs()
    resolution = 1 / images if metric == "test_accuracy" else 0
    n, critical = len(away), stats.t.isf(0.01 / (2 * len(away)), len(away) - 2) ** 2
    limit = (n - 1) / np.sqrt(n) * np.sqrt(critical / (n - 2 + critical))
    odd = (away > limit * max(differences.std(), resolution)) & (away == away.max())
    return {
        "metric": metric,
        "num_pairs": len(differences),
        "difference_mean": differences.mean(),
        "ci_low": wide.low,
        "ci_high": wide.high,
        "equal_low": narrow.low,
        "equal_high": narrow.high,
        "p_value": test.pvalue,
        "verdict": np.nan if is_described else verdict,
        "difference_std": differences.std(),
        "num_comparisons": m,
        "num_failed_a": 0,
        "num_failed_b": 0,
        "odd_seeds": " ".join(map(str, differences.index[odd])) or np.nan,
        "look": np.nan,
        "descriptive": is_described,
        **told,
    }


def recomputed_comparisons(runs: pd.DataFrame, images: int) -> pd.DataFrame:
    """Every row of comparisons.csv, of a study of initializers and maybe of depths."""
    metrics = ("test_accuracy", "test_loss", "first_epoch_train_loss", "mean_validation_loss")
    return pd.DataFrame([row for metric in metrics for row in _rows(runs, metric, images)])


def _rows(runs: pd.DataFrame, metric: str, images: int) -> list[dict[str, object]]:
    crossed = "hidden layers" in runs
    depths = sorted(set(runs["hidden layers"])) if crossed else [0]
    depth = runs["hidden layers"] if crossed else 0
    cells = runs.assign(depth=depth).pivot(
        index="seed", columns=["depth", "initializer"], values=metric
    )
    names = list(dict.fromkeys(runs["initializer"]))
    pairs = [(b, a) for a, b in combinations(names, 2)]
    m = len(pairs) * (len(depths) + 1 if crossed else 1)
    at = {each: f"{each} hidden layers" if crossed else np.nan for each in depths}

    def row(first, second, a, b, place, m, *, described=False):
        told = {"metric": metric, "m": m, "described": described, "images": images}
        return compared(first, second, condition_a=a, condition_b=b, place=place, **told)

    rows = [row(cells[d, a], cells[d, b], a, b, at[d], m) for d in depths for a, b in pairs]
    if not crossed:
        return rows
    by_depth, by_name = (
        {each: cells.xs(each, axis=1, level=level).mean(axis=1, skipna=False) for each in levels}
        for level, levels in enumerate((depths, names))
    )
    place = "averaged over hidden layers"
    rows += [row(by_name[a], by_name[b], a, b, place, m) for a, b in pairs]
    first, *others = depths
    for d in others:
        for a, b in pairs:
            there, here = (cells[each, a] - cells[each, b] for each in (d, first))
            first_name, second_name = (f"{a} \N{MINUS SIGN} {b}, {at[each]}" for each in (d, first))
            count = len(pairs) * len(others)
            rows.append(
                row(there, here, first_name, second_name, "interaction", count, described=True)
            )
    place = "averaged over initializer"
    rows += [
        row(by_depth[d], by_depth[first], at[d], at[first], place, len(others), described=True)
        for d in others
    ]
    return rows


def check(report: Path, sweep: Path, factors: list[str], images: int = IMAGES) -> pd.DataFrame:
    """Compare both tables of a report with what its runs.csv says; returns the comparisons."""
    runs = pd.read_csv(report / "runs.csv")
    assert set(runs["status"]) == {"completed"}
    for name, expected in (
        ("summary", recomputed_summary(sweep, runs, factors)),
        ("comparisons", recomputed_comparisons(speeds(sweep, runs), images)),
    ):
        written = pd.read_csv(report / f"{name}.csv", dtype={"odd_seeds": str})
        assert set(written) == set(expected)
        pd.testing.assert_frame_equal(
            written, expected[list(written)], check_dtype=False, rtol=TOLERANCE, atol=TOLERANCE
        )
    return written


def write_numbers(run_dir: Path, generator: np.random.Generator, accuracy: float) -> None:
    """Realistic numbers in the record of a run."""
    metrics = {
        split: {
            "accuracy": round(float(generator.normal(accuracy, 0.0035)), 4),
            "loss": float(generator.normal(3 * (1 - accuracy), 0.015)),
        }
        for split in ("train", "validation", "test")
    }
    times = {"fit": float(generator.normal(25, 3)), "total": 30.0}
    change_record(run_dir, lambda record: record.update(metrics=metrics, timing_seconds=times))
    path = run_dir / "history.csv"
    table = pd.read_csv(path)
    losses = ["train_loss", "validation_loss"]
    table[losses] += generator.normal(0, 0.01, (len(table), 2))
    table.to_csv(path, index=False)


@pytest.mark.slow
@pytest.mark.parametrize("shift", [0.0, 0.006], ids=["undecided", "different"])
def test_tables_of_a_study_of_realistic_numbers(tmp_path, shift):
    generator = np.random.default_rng(1)
    for number in range(30):
        arm, seed = divmod(number, 10)
        run_dir = tmp_path / "s" / str(number)
        settings = (f"initializer={INITIALIZERS[arm]}", f"seed={seed}")
        write_run(run_dir, *settings, images=IMAGES // 3)
        write_numbers(run_dir, generator, 0.888 + shift * (arm == 2))
    aggregate([tmp_path / "s"], tmp_path / "report")
    check(tmp_path / "report", tmp_path / "s", ["initializer"])


@pytest.mark.slow
def test_tables_and_answer_of_a_study_of_initializers_and_depths(tmp_path):
    """Three initializers at four depths, ten seeds; He is better at 20 and at 30 layers."""
    generator = np.random.default_rng(1)
    for number in range(120):
        seed, cell = number % 10, number // 10
        name, depth = INITIALIZERS[cell % 3], DEPTHS[cell // 3]
        run_dir = tmp_path / "s" / str(number)
        widths = f"model.hidden=[{','.join(['64'] * depth)}]"
        write_run(run_dir, f"initializer={name}", widths, f"seed={seed}", images=IMAGES // 3)
        deep = {10: 0.002, 20: 0.4, 30: 0.2}.get(depth, 0) if name == "he" else 0
        write_numbers(run_dir, generator, 0.5 - 0.01 * depth + deep)
    shown = aggregate([tmp_path / "s"], tmp_path / "report")
    table = check(tmp_path / "report", tmp_path / "s", ["initializer", "hidden layers"])
    assert shown.startswith("It depends on the number of hidden layers: ")
    assert "he_normal is better at 20 and 30" in shown.splitlines()[0]
    he = table[table["condition_a"].eq("he_normal") & table["place"].eq("20 hidden layers")]
    assert list(he["verdict"])[:1] == ["better"]
    assert set(table.loc[~table["descriptive"], "num_comparisons"]) == {15}


@pytest.mark.slow
def test_tables_of_a_real_sweep(tmp_path, train_here):
    """Three initializers, six seeds, on a part of the real images."""
    sweep = tmp_path / "sweep"
    small = ("data.num_train=2000", "data.num_test=1000", "training=smoke")
    settings = ("initializer=glorot,he,lecun", "seed=range(6)")
    ended = train_here("--multirun", *small, *settings, f"hydra.sweep.dir={sweep}")
    assert ended.status == 0, ended.err
    aggregate([sweep], sweep / "report")
    check(sweep / "report", sweep, ["initializer"], images=1000)
