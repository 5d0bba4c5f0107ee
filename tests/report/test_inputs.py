"""Whatever lies in the folders, the aggregator writes a clear page or says clearly why not."""

import csv
import html
import re
import shutil
import subprocess
import time

import pytest
from study import change_record, write_run, write_sweep

from fmnist_exp.aggregate import aggregate

GOOD, POOR = (0.8, 0.8, 0.7, 0.8, 0.8), (0.6, 0.6, 0.5, 0.7, 0.6)
NAMES = [
    "<script>alert('x')</script>",
    "=cmd()",
    '"it\'s" & so on',
    "größe 重み «ð» β\u0301 😀",
    "$x_1^2$ ~\\{%#",
    "a|b",
    "120 " + "x" * 116,
]
TEX_TABLES = ["summary.tex", "comparisons.tex"]
PAGE_BYTES = 2_000_000


def one_run(folder):
    write_run(folder / "0", answers=True)


def one_condition(folder):
    write_sweep(folder, {"he": GOOD}, answers=True)


def seeds(count):
    return lambda folder: write_sweep(
        folder, {"he": GOOD[:count], "lecun": POOR[:count]}, answers=True
    )


def all_diverged(folder):
    write_sweep(folder, {"he": GOOD})
    write_sweep(folder / "more", {"lecun": (0.1, 0.1)}, status="diverged")


def nothing_completed(folder):
    write_sweep(folder, {"he": (0.1, 0.1)}, status="diverged")


def one_arm_has_more(folder):
    write_sweep(folder, {"he": GOOD, "lecun": POOR[:3]})


def no_common_seed(folder):
    write_run(folder / "0", "initializer=he", "seed=0")
    write_run(folder / "1", "initializer=lecun", "seed=1")


def repeated(folder):
    write_sweep(folder, {"he": GOOD})
    write_run(folder / "again", "initializer=he", "seed=3", accuracy=0.8)


def no_variance(folder):
    write_sweep(folder, {"he": (0.8,) * 5, "lecun": (0.7,) * 5}, answers=True)


def other_keys(folder):
    write_run(folder / "a" / "0", "initializer=he")
    write_run(folder / "b" / "0", "initializer=variance_scaling", "initializer.config.scale=3.0")


def two_versions(folder):
    write_sweep(folder, {"he": GOOD})
    change_record(folder / "1", lambda record: record["provenance"].update(code_sha256="new"))


def two_results(folder):
    two_versions(folder)
    write_run(folder / "again", "initializer=he", "seed=1", run_key="of other code")


def mixed_data(folder):
    write_run(folder / "0", answers=True)
    write_run(folder / "1", "data=digits", class_names="0123", answers=True)


def without_predictions(folder):
    write_sweep(folder, {"he": GOOD})


CASES = {
    "one run": (one_run, "glorot_uniform reaches 80.00 % (1 seed); there is nothing to compare."),
    "one condition": (one_condition, "he_normal reaches 78.00 % (72.45 to 83.55, 5 seeds)"),
    "one seed": (seeds(1), "No answer yet: fewer than 5 common seeds."),
    "two seeds": (seeds(2), "lecun_normal against he_normal: 2 seeds, and an answer takes 5."),
    "three seeds": (seeds(3), "Fewer than 5 seeds: all conditions."),
    "a condition that diverged": (
        all_diverged,
        "No completed run, so no statistics: lecun_normal.",
    ),
    "nothing completed": (nothing_completed, "No answer: no run was completed."),
    "seeds in one arm": (
        one_arm_has_more,
        "Seeds that not every condition has: 3, 4 (only he_normal).",
    ),
    "no common seed": (
        no_common_seed,
        "lecun_normal against he_normal: 0 seeds, and an answer takes 5.",
    ),
    "a repeated run": (repeated, "another has the same condition and seed: study/again"),
    "no variance": (
        no_variance,
        "Choose he_normal: it is better than lecun_normal by 10.00 points",
    ),
    "other keys": (other_keys, "he_normal"),
    "two versions": (two_versions, "The runs come from 2 versions of the code."),
    "two results of a seed": (two_results, "another has the same condition and seed: study/again"),
    "mixed data": (mixed_data, "Shown: 1 of 2 conditions; the tables hold the rest."),
    "no predictions": (without_predictions, "5 runs without stored predictions"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_input_gives_a_page_that_says_what_it_is(tmp_path, case):
    write, expected = CASES[case]
    write(tmp_path / "study")
    aggregate([tmp_path / "study"], tmp_path / "report")
    page = (tmp_path / "report" / "index.html").read_text()
    assert expected in html.unescape(page)
    text = re.sub(r"data:[^\"]*", "", page)
    assert not re.search(
        r"\b(nan|None|inf)\b", text.partition("<main>")[2].partition("<script>")[0]
    )


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """The report of conditions whose names mean something in each of its formats."""
    folder = tmp_path_factory.mktemp("named")
    for number, name in enumerate(NAMES):
        quoted = name.replace("\\", "\\\\").replace("'", "\\'")
        write_run(folder / "s" / str(number), f"initializer.name='{quoted}'", answers=True)
        change_record(
            folder / "s" / str(number),
            lambda record, n=name: record["config"]["initializer"].update(name=n),
        )
    aggregate([folder / "s"], folder / "report")
    return folder / "report"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_name_is_shown_on_the_page_as_it_is(named, name):
    page = (named / "index.html").read_text()
    assert f">{html.escape(name, quote=True)} (GlorotUniform)</td>" in page.replace(
        "&#34;", "&quot;"
    ).replace("&#39;", "&#x27;")


@pytest.mark.slow
def test_no_name_is_markup_in_any_file(named):
    assert (named / "index.html").read_text().count("<script>") == 1
    for name in ("report.md", "summary.md", "comparisons.md"):
        assert not re.search(r"(?<!\\)<", (named / name).read_text())


@pytest.mark.slow
def test_no_name_is_a_formula_in_a_spreadsheet(named):
    for name in ("runs.csv", "summary.csv", "comparisons.csv"):
        with (named / name).open(newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        formulas = [cell for cell in cells if cell.startswith(("=", "+", "@"))]
        assert formulas == []
        assert any("'=cmd()" in cell for cell in cells)


@pytest.mark.slow
@pytest.mark.parametrize("name", TEX_TABLES)
def test_latex_tables_are_balanced(named, name):
    """As many columns in every row as announced, and no character left that LaTeX would read."""
    text = (named / name).read_text()
    num_columns = len(re.search(r"\\begin\{tabular\}\{(l+)\}", text)[1])
    rows = [line for line in text.splitlines() if line.endswith(r" \\")]
    assert len(rows) == 1 + (7 if name == "summary.tex" else 4 * 21)
    for row in rows:
        assert len(re.findall(r"(?<!\\)&", row)) == num_columns - 1
        plain = re.sub(r"\\text\w+\{\}|\\[&%$#_{}]|\$-\$|\$\\infty\$", "", row.removesuffix(r"\\"))
        assert not re.search(r"[\\&%$#_{}~^<>|]", plain.replace(" & ", " "))
    commands = [line for line in text.splitlines() if line not in rows and line[0] != "%"]
    commands = [line for line in commands if not line.startswith(r"\ifdefined")]
    assert commands[1:] == [r"\toprule", r"\midrule", r"\bottomrule", r"\end{tabular}"]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("pdflatex"), reason="pdflatex is not installed")
def test_latex_tables_compile(named, tmp_path):
    lines = [
        r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{booktabs,graphicx}",
        r"\begin{document}",
        *(rf"\resizebox{{\linewidth}}{{!}}{{\input{{{name}}}}}" for name in TEX_TABLES),
        r"\end{document}",
    ]
    for name in TEX_TABLES:
        shutil.copy(named / name, tmp_path)
    (tmp_path / "main.tex").write_text("\n".join(lines))
    command = ["pdflatex", "-draftmode", "-interaction=nonstopmode", "-halt-on-error", "main.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Missing character" not in (tmp_path / "main.log").read_text(errors="replace")


@pytest.mark.slow
def test_sixty_levels_of_a_factor_fit_on_a_page(tmp_path):
    for number in range(60):
        for seed in range(2):
            settings = (f"model.hidden=[{number + 1}]", f"seed={seed}")
            write_run(tmp_path / "s" / f"{number}_{seed}", *settings, num_epochs=20, answers=True)
    started = time.process_time()
    aggregate([tmp_path / "s"], tmp_path / "report")
    # 15 s measured; every condition drawn in full would take a minute.
    assert time.process_time() - started < 45
    assert (tmp_path / "report" / "index.html").stat().st_size < PAGE_BYTES
    text = (tmp_path / "report" / "report.md").read_text()
    assert "49 more are in comparisons.csv." in text
    assert "Shown: 20 of 60 conditions" in text
    assert "a matrix of each of the first 8" in text
    # four comparisons, speed, how training went and the ensemble; the leaderboard
    assert text.count("| hidden=\\[60\\] |") == 7
    assert text.count("| \\[60\\] |") == 1
