"""Imports point one way, and TensorFlow is imported only by what trains."""

import ast
from pathlib import Path

import pytest
from conftest import ROOT, command

PACKAGE = ROOT / "fmnist_exp"
# module -> modules of the package that it may import, at any level of the file
ALLOWED = {
    "__init__": set(),
    "errors": set(),
    "console": set(),
    "files": set(),
    "seeding": set(),
    "launchers": {"errors"},
    "keras_classes": set(),
    "rules": {"errors"},
    "keras_arguments": {"errors", "keras_classes", "rules"},
    "config": {"errors", "keras_arguments", "keras_classes", "rules"},
    "records": {"errors", "files"},
    "presence": {"errors", "records"},
    "idx": {"errors", "files"},
    "sources": {"errors", "idx"},
    "splitting": {"errors"},
    "data": {"config", "console", "errors", "seeding", "sources", "splitting"},
    "provenance": {"config", "errors", "__init__"},
    "backend": {"errors", "provenance"},
    "models": {"backend", "config", "keras_classes", "seeding"},
    "trainer": {"backend", "data"},
    "checkpoints": {"backend", "keras_classes", "records", "files"},
    "store": {"errors", "files", "records"},
    "artifacts": {"backend", "data", "evaluation", "records"},
    "kept": {"errors", "records", "store", "console"},
    "plan": {"config", "data", "errors", "provenance", "records", "store", "files", "presence"}
    | {"search", "trials"},
    "trials": {"errors", "files", "records"},
    "search": {"config", "errors", "rules"},
    "study": {"errors", "search"},
    "commands": {"config", "search"},
    "tuning": {"commands", "config", "data", "errors", "plan", "provenance", "records", "search"}
    | {"study", "trials", "report.runs.run_files"},
    "programs": {"backend", "config", "data", "models", "seeding", "trainer"},
    "training": {"backend", "checkpoints", "config", "data", "programs", "records", "seeding"},
    "prediction": {"backend", "trainer"},
    "evaluation": set(),
    "progress": {"files"},
    "sweep_progress": {"errors", "plan", "progress", "records"},
    "runner": {
        "artifacts",
        "backend",
        "config",
        "data",
        "evaluation",
        "prediction",
        "progress",
        "presence",
        "errors",
    }
    | {"provenance", "records", "store", "training", "report.charts.run_charts"},
    "hydra_section": {"config", "errors"},
    "output_dirs": {"errors", "records"},
    "own_groups": {"errors", "files"},
    "composing": set(),
    "preflight": {
        "composing",
        "config",
        "data",
        "errors",
        "plan",
        "records",
        "hydra_section",
        "output_dirs",
        "own_groups",
        "search",
        "tuning",
        "complaints",
    },
    "complaints": {"errors", "launchers", "search"},
    "train": {
        "composing",
        "config",
        "errors",
        "plan",
        "preflight",
        "records",
        "runner",
        "store",
        "sweep_progress",
        "console",
        "presence",
        "search",
        "trials",
        "tuning",
        "launchers",
    },
    "report.__init__": set(),
    "report.charts.__init__": set(),
    "report.charts.class_charts": {
        "report.charts.drawing",
        "report.shown",
        "report.statistics.intervals",
    },
    "report.charts.comparison_charts": {
        "report.charts.drawing",
        "report.findings",
        "report.shown",
        "report.statistics.comparisons",
        "report.statistics.intervals",
        "report.statistics.paired",
    },
    "report.charts.drawing": {"records"},
    "report.charts.run_charts": {"records", "report.charts.drawing", "report.runs.run_files"},
    "report.charts.study_charts": {
        "records",
        "report.charts.class_charts",
        "report.charts.comparison_charts",
        "report.charts.drawing",
        "report.findings",
        "report.shown",
        "report.statistics.intervals",
    },
    "report.findings": {
        "errors",
        "records",
        "report.runs.predictions",
        "report.runs.sweeps",
        "report.shown",
        "report.statistics.comparisons",
        "report.statistics.correctness",
        "report.statistics.qualities",
        "report.statistics.verdicts",
        "report.summary",
    },
    "report.page.__init__": set(),
    "report.page.build": {
        "report.charts.drawing",
        "report.findings",
        "report.page.methods",
        "report.page.rendering",
        "report.page.sections",
        "report.page.sentences",
        "report.runs.sweeps",
        "report.runs.tuned",
        "report.statistics.comparisons",
        "report.statistics.verdicts",
    },
    "report.page.class_tables": {
        "report.charts.drawing",
        "report.page.formatting",
        "report.page.rendering",
        "report.shown",
        "report.statistics.intervals",
    },
    "report.page.formatting": {"report.page.sentences"},
    "report.page.leaderboard": {
        "report.findings",
        "report.page.formatting",
        "report.page.rendering",
        "report.page.sentences",
        "report.statistics.comparisons",
    },
    "report.page.methods": {
        "report.findings",
        "report.page.rendering",
        "report.runs.predictions",
        "report.statistics.qualities",
        "report.statistics.verdicts",
    },
    "report.page.quality_tables": {
        "report.page.formatting",
        "report.page.rendering",
        "report.statistics.qualities",
    },
    "report.page.rendering": {"records", "report.charts.drawing", "report.page.tables"},
    "report.page.sections": {
        "report.charts.drawing",
        "report.findings",
        "report.page.class_tables",
        "report.page.formatting",
        "report.page.leaderboard",
        "report.page.quality_tables",
        "report.page.rendering",
        "report.page.sentences",
        "report.page.thumbnails",
    },
    "report.page.sentences": {"report.statistics.comparisons", "report.statistics.verdicts"},
    "report.page.tables": set(),
    "report.page.thumbnails": {
        "config",
        "data",
        "errors",
        "report.findings",
        "report.page.rendering",
        "report.runs.predictions",
    },
    "report.runs.__init__": set(),
    "report.runs.conditions": set(),
    "report.runs.predictions": {
        "errors",
        "records",
        "report.statistics.correctness",
        "report.statistics.reliability",
        "files",
    },
    "report.runs.run_files": {"files", "records"},
    "report.runs.sweeps": {
        "report.runs.tuned",
        "errors",
        "records",
        "report.runs.conditions",
        "report.runs.run_files",
        "presence",
    },
    "report.runs.tuned": {"report.runs.conditions", "trials"},
    "report.shown": {"report.charts.drawing", "report.runs.sweeps"},
    "report.statistics.__init__": set(),
    "report.statistics.comparisons": set(),
    "report.statistics.correctness": {"report.statistics.intervals"},
    "report.statistics.intervals": set(),
    "report.statistics.paired": {"report.statistics.intervals"},
    "report.statistics.power": set(),
    "report.statistics.qualities": {"report.statistics.intervals"},
    "report.statistics.reliability": set(),
    "report.statistics.verdicts": {
        "report.statistics.comparisons",
        "report.statistics.intervals",
        "report.statistics.paired",
        "report.statistics.power",
    },
    "report.summary": {"report.runs.sweeps", "report.statistics.intervals"},
    "aggregate": {
        "errors",
        "records",
        "report.charts.drawing",
        "report.charts.study_charts",
        "report.findings",
        "report.page.build",
        "report.page.leaderboard",
        "report.page.rendering",
        "report.page.tables",
        "report.runs.sweeps",
        "report.statistics.comparisons",
        "console",
    },
}
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def imported(path: Path) -> set[str]:
    """Modules of the package that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fmnist_exp"):
            parent = node.module.removeprefix("fmnist_exp").lstrip(".")
            for alias in node.names:
                inner = f"{parent}.{alias.name}" if parent else alias.name
                found.add(inner if inner in MODULES else parent or "__init__")
    return found


def test_the_table_lists_every_module():
    assert ALLOWED.keys() == MODULES.keys()


@pytest.mark.parametrize("module", MODULES)
def test_module_imports_what_the_table_allows(module):
    assert imported(MODULES[module]) <= ALLOWED[module]


def roots(node: ast.AST) -> list[str]:
    """Top-level packages that an import statement names."""
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "").partition(".")[0]]
    return [a.name.partition(".")[0] for a in node.names] if isinstance(node, ast.Import) else []


def test_only_backend_imports_tensorflow():
    naming = {
        name
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text()))
        for target in roots(node)
        if target in ("tensorflow", "keras")
    }
    assert naming == {"backend"}


WITHOUT_TENSORFLOW = {
    "help": ("fmnist_exp.train", ["--help"]),
    "config": ("fmnist_exp.train", ["--cfg", "job"]),
    "mistyped option": ("fmnist_exp.train", ["model=nope"]),
    "bad value": ("fmnist_exp.train", ["training.epochs=0"]),
    "bad value in a sweep": ("fmnist_exp.train", ["--multirun", "training.epochs=1,0"]),
    "aggregator's help": ("fmnist_exp.aggregate", ["--help"]),
    "aggregator's error": ("fmnist_exp.aggregate", ["nowhere"]),
    "data": ("fmnist_exp.data", ["--dir", "nowhere"]),
}
PROBE = """
import atexit, os, runpy, sys
def seen():
    os.write(2, b"\\nTENSORFLOW %d" % bool({"tensorflow", "keras"} & sys.modules.keys()))
atexit.register(seen)
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("case", WITHOUT_TENSORFLOW)
def test_answers_without_importing_tensorflow(case, tmp_path):
    module, arguments = WITHOUT_TENSORFLOW[case]
    result = command("-c", PROBE, module, *arguments)
    assert "TENSORFLOW 0" in result.stderr
    assert "Traceback" not in result.stderr
