"""RESULTS.md and the README say what the tables in docs/results hold."""

import re

import pytest
from conftest import ROOT, read_rows

from fmnist_exp import results
from fmnist_exp.report.results.kept import names_in, read_kept
from fmnist_exp.report.results.writing import page_of

KEPT = ROOT / results.KEPT
README = (ROOT / "README.md").read_text("utf-8")
of_every_study = pytest.mark.parametrize("name", names_in(KEPT))
HIGHER = re.compile(r"by (?:at most )?(\d+\.\d+) points \((\d+\.\d+) to (\d+\.\d+)")


def percent(text):
    """A fraction of a table in percentage points, without its sign."""
    return abs(100 * float(text))


def agrees(written, fraction):
    """Whether a number in a text is that of a table, rounded to the decimals that it has."""
    return f"{percent(fraction):.{len(written.partition('.')[2])}f}" == written


def test_results_are_what_the_tables_make():
    assert (ROOT / results.PAGE).read_text("utf-8") == page_of(KEPT, ROOT)


@of_every_study
def test_means_and_differences_in_an_answer_are_those_of_its_tables(name):
    about = read_kept(KEPT / name).about
    means = [row["test_accuracy_mean"] for row in read_rows(KEPT / name / "summary.csv")]
    comparisons = read_rows(KEPT / name / "comparisons.csv")
    bounds = [
        [row["difference_mean"], *sorted([row["ci_low"], row["ci_high"]], key=percent)]
        for row in comparisons
        if row["ci_low"]
    ]
    told = re.findall(r"(\d+\.\d+) %", about.lines[0])
    assert told
    for number in told:
        assert any(agrees(number, mean) for mean in means if mean), number
    for text in (about.first, *about.lines):
        for numbers in HIGHER.findall(text):
            assert any(all(map(agrees, numbers, row)) for row in bounds), numbers


@of_every_study
def test_claims_rest_on_rows_of_the_comparisons_or_on_a_condition(name):
    comparisons = read_rows(KEPT / name / "comparisons.csv")
    intervals = {
        tuple(sorted(abs(float(row[f"{kind}_{end}"])) for end in ("low", "high")))
        for row in comparisons
        for kind in ("ci", "equal")
        if row[f"{kind}_low"]
    }
    intervals |= {
        (float(row[f"{metric}_ci_low"]), float(row[f"{metric}_ci_high"]))
        for row in read_rows(KEPT / name / "summary.csv")
        for metric in ("test_accuracy", "test_loss")
        if row[f"{metric}_ci_low"]
    }
    for row in read_rows(KEPT / name / "claims.csv"):
        if row["low"] and row["metric"].startswith("test_"):
            assert tuple(sorted(abs(float(row[end])) for end in ("low", "high"))) in intervals


def test_readme_opens_with_the_chart_of_depth_and_its_numbers():
    about = read_kept(KEPT / "depth").about
    assert README.index(f"](docs/results/depth/{about.figure})") < README.index("\n## ")
    rows = read_rows(KEPT / "depth" / "summary.csv")
    means = {
        (row["initializer"], row["hidden layers"]): 100 * float(row["test_accuracy_mean"])
        for row in rows
    }
    shallow = [mean for (_, depth), mean in means.items() if depth == "2"]
    he, glorot, lecun = (
        f"{means[name, '30']:.1f} %" for name in ("he_normal", "glorot_uniform", "lecun_normal")
    )
    sentence = (
        "With 2 hidden layers and plain SGD the three initializers of the picture reach "
        f"{min(shallow):.1f} to {max(shallow):.1f} % of the test images, with 30 layers He normal "
        f"{he}, Glorot uniform {glorot} and LeCun normal {lecun}."
    )
    assert sentence in " ".join(README.split())


def test_readme_says_how_accurate_the_best_network_is():
    (row,) = read_rows(KEPT / "best" / "summary.csv")
    mean, low, high, ensemble = (
        f"{100 * float(row[name]):.2f}"
        for name in (
            "test_accuracy_mean",
            "test_accuracy_ci_low",
            "test_accuracy_ci_high",
            "ensemble_test_accuracy",
        )
    )
    text = " ".join(README.split())
    assert f"reaches {mean} % of the test images ({low} to {high}, {row['num_runs']} seeds" in text
    assert f"the ten together reach {ensemble} %." in text


def test_readme_says_what_the_best_network_is_better_without():
    rows = read_rows(KEPT / "ablation_best" / "comparisons.csv")
    (row,) = (
        row
        for row in rows
        if row["metric"] == "test_accuracy"
        and {row["condition_a"], row["condition_b"]} == {"best", "without_mirror_images"}
    )
    sign = 1 if row["condition_a"] == "without_mirror_images" else -1
    names = ("difference_mean", "ci_low", "ci_high")
    mean, *interval = (sign * 100 * float(row[name]) for name in names)
    low, high = sorted(interval)
    assert low > 0
    told = f"{mean:.2f} points ({low:.2f} to {high:.2f}, {row['num_pairs']} seeds)"
    text = " ".join(README.split())
    assert f"without mirror images it is better, by {told}." in text


def test_readme_says_what_the_first_study_has_found():
    about = read_kept(KEPT / "initializers").about
    answer = re.sub(r"\W+", " ", about.first.lower().replace("3 initializers", "three"))
    said = re.sub(r"\W+", " ", README.lower().replace("percentage points", "points"))
    assert answer.strip() in said
    assert [*about.command][1:] == ["experiment=initializers", "until_settled=60"]
    means = {
        row["initializer"]: f"{100 * float(row['test_accuracy_mean']):.2f} %"
        for row in read_rows(KEPT / "initializers" / "summary.csv")
    }
    glorot, he, lecun = (means[name] for name in ("glorot_uniform", "he_normal", "lecun_normal"))
    sentence = f"Glorot uniform {glorot}, He normal {he}, LeCun normal {lecun}."
    assert sentence in " ".join(README.split())
