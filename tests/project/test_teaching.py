"""The numbers that teachers are told are those of the results."""

import re

from conftest import ROOT, read_rows

PAGE = (ROOT / "docs/teaching.md").read_text("utf-8")
NUMBER = re.compile(r"\d+\.\d+(?!\])|\d+e-\d+")


def accuracies(study: str, column: str) -> dict[str, dict[str, float]]:
    """Test accuracy in percent: seed -> level -> accuracy, of seeds that all levels have."""
    found: dict[str, dict[str, float]] = {}
    for row in read_rows(ROOT / "docs/results" / study / "runs.csv"):
        found.setdefault(row["seed"], {})[row[column]] = 100 * float(row["test_accuracy"])
    return {s: each for s, each in found.items() if len(each) == max(map(len, found.values()))}


def test_each_number_with_decimals_stands_in_the_results_that_its_findings_link():
    results = (ROOT / "RESULTS.md").read_text("utf-8")
    sections = dict(re.findall(r"^## (\w[\w\\]*)\n(.*?)(?=^## |\Z)", results, re.M | re.S))
    for findings in PAGE.split("**Findings**")[1:]:
        findings = findings.partition("\n## ")[0]
        linked = {name.replace("_", r"\_") for name in re.findall(r"RESULTS\.md#(\w+)", findings)}
        numbers = {each for name in linked for each in NUMBER.findall(sections[name])}
        assert set(NUMBER.findall(findings)) - numbers <= {"0.87"}


def test_seeds_that_are_counted_are_those_of_the_tables():
    text = " ".join(PAGE.split())
    seeds = accuracies("initializers", "initializer").values()
    won = [max(each, key=each.get) for each in seeds]
    glorot, he, lecun = map(won.count, ("glorot_uniform", "he_normal", "lecun_normal"))
    assert f"Of the {len(won)} seeds with which all three were trained" in text
    assert f"Glorot won {glorot}, He {he} and LeCun {lecun}." in text
    twice = accuracies("aa_null", "initializer.config.scale").values()
    gaps = [abs(one - other) for one, other in map(dict.values, twice)]
    count = f"{sum(gap > 0.3 for gap in gaps)} of {len(gaps)} seeds"
    assert f"more than 0.3 points in {count}, and once by {max(gaps):.2f} points" in text
