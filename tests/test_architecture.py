"""Imports point one way, and TensorFlow is imported only by what trains."""

import ast
from pathlib import Path

import pytest
from conftest import ROOT, command

PACKAGE = ROOT / "fmnist_exp"
# module -> modules of the package that it may import, at any level of the file
ALLOWED = {
    "__init__": set(),
    "command_line.__init__": set(),
    "checks.__init__": set(),
    "datasets.__init__": set(),
    "engine.__init__": set(),
    "sweep.__init__": set(),
    "tuning.__init__": set(),
    "errors": set(),
    "command_line.console": set(),
    "files": set(),
    "machine": set(),
    "seeding": set(),
    "sweep.launchers": {"errors", "machine", "sweep.presence"},
    "checks.keras_classes": set(),
    "checks.rules": {"errors"},
    "checks.keras_arguments": {"errors", "checks.keras_classes", "checks.rules"},
    "config": {"errors", "checks.keras_arguments", "checks.keras_classes", "checks.rules"},
    "records": {"errors", "files"},
    "sweep.presence": {"errors", "files", "records"},
    "datasets.idx": {"errors", "files"},
    "datasets.sources": {"errors", "datasets.idx", "files"},
    "datasets.splitting": {"errors"},
    "data": {
        "config",
        "command_line.console",
        "errors",
        "seeding",
        "datasets.sources",
        "datasets.splitting",
    },
    "provenance": {"config", "errors", "machine", "__init__"},
    "engine.backend": {"errors", "machine", "provenance"},
    "engine.models": {"engine.backend", "config", "checks.keras_classes", "seeding"},
    "engine.trainer": {"engine.backend", "data"},
    "engine.c_library": {"files", "machine"},
    "engine.choice": {"config", "engine.__init__", "engine.c_library", "errors"},
    "engine.native": {"data", "engine.backend", "engine.trainer"},
    "engine.checkpoints": {"engine.backend", "checks.keras_classes", "errors", "records", "files"},
    "sweep.store": {"errors", "records", "sweep.presence"},
    "artifacts": {"config", "engine.backend", "data", "evaluation", "records"},
    "kept": {"errors", "records", "sweep.store", "command_line.console"},
    "sweep.plan": {
        "command_line.console",
        "config",
        "data",
        "errors",
        "provenance",
        "records",
        "sweep.store",
        "files",
    }
    | {"tuning.search", "tuning.trials"},
    "tuning.trials": {"errors", "files", "records"},
    "tuning.search": {"config", "errors", "checks.rules", "sweep.launchers"},
    "tuning.study": {"errors", "tuning.search"},
    "command_line.commands": {"config", "tuning.search"},
    "tuning.tuner": {
        "command_line.commands",
        "command_line.console",
        "config",
        "data",
        "engine.choice",
        "errors",
        "sweep.plan",
        "provenance",
        "records",
        "tuning.search",
    }
    | {"tuning.study", "tuning.trials", "report.runs.run_files"},
    "engine.programs": {
        "engine.backend",
        "config",
        "data",
        "engine.models",
        "seeding",
        "engine.trainer",
    }
    | {"engine.__init__", "engine.c_library", "engine.choice", "engine.native"},
    "engine.training": {
        "engine.backend",
        "engine.checkpoints",
        "config",
        "data",
        "engine.programs",
        "records",
        "seeding",
    },
    "engine.prediction": {"engine.backend", "engine.trainer"},
    "evaluation": set(),
    "sweep.display": set(),
    "sweep.progress": {"files", "sweep.display"},
    "sweep.sweep_progress": {
        "command_line.console",
        "sweep.display",
        "sweep.plan",
        "sweep.watch",
    },
    "sweep.watch": {
        "command_line.console",
        "errors",
        "records",
        "report.runs.run_files",
        "sweep.display",
        "sweep.plan",
        "sweep.presence",
        "sweep.progress",
        "tuning.trials",
    },
    "runner": {
        "artifacts",
        "engine.backend",
        "engine.choice",
        "config",
        "data",
        "evaluation",
        "engine.prediction",
        "sweep.progress",
        "sweep.presence",
        "errors",
    }
    | {"provenance", "records", "sweep.store", "engine.training", "report.charts.run_charts"},
    "command_line.arguments": {"errors"},
    "command_line.hydra_section": {"errors"},
    "command_line.output_dirs": {"records"},
    "command_line.config_files": {"errors"},
    "command_line.composing": {"command_line.arguments"},
    "command_line.preflight": {
        "command_line.composing",
        "config",
        "data",
        "engine.choice",
        "errors",
        "sweep.plan",
        "records",
        "command_line.hydra_section",
        "command_line.output_dirs",
        "command_line.arguments",
        "command_line.config_files",
        "sweep.launchers",
        "tuning.search",
        "tuning.tuner",
        "command_line.complaints",
    },
    "command_line.complaints": {
        "checks.keras_classes",
        "config",
        "errors",
        "tuning.search",
    },
    "train": {
        "command_line.composing",
        "config",
        "errors",
        "sweep.plan",
        "command_line.preflight",
        "records",
        "runner",
        "sweep.store",
        "sweep.sweep_progress",
        "command_line.console",
        "sweep.presence",
        "tuning.search",
        "tuning.trials",
        "tuning.tuner",
        "sweep.launchers",
    },
    "report.__init__": set(),
    "report.charts.__init__": set(),
    "report.charts.class_charts": {
        "report.charts.drawing",
        "report.runs.conditions",
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
    "report.charts.drawing": {"records", "report.runs.conditions"},
    "report.charts.run_charts": {
        "records",
        "report.charts.drawing",
        "report.runs.run_files",
    },
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
        "command_line.console",
        "report.charts.drawing",
        "report.findings",
        "report.page.formatting",
        "report.page.methods",
        "report.page.rendering",
        "report.page.sections",
        "report.page.sentences",
        "report.runs.conditions",
        "report.runs.sweeps",
        "report.runs.tuned",
        "report.shown",
        "report.statistics.comparisons",
        "report.statistics.verdicts",
    },
    "report.page.class_tables": {
        "records",
        "report.page.formatting",
        "report.page.rendering",
        "report.shown",
        "report.statistics.intervals",
    },
    "report.page.formatting": set(),
    "report.page.leaderboard": {
        "report.findings",
        "report.page.formatting",
        "report.page.rendering",
        "report.statistics.comparisons",
    },
    "report.page.methods": {
        "command_line.console",
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
    "report.page.rendering": {
        "records",
        "report.charts.drawing",
        "report.page.formatting",
        "report.page.tables",
    },
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
        "report.runs.conditions",
    },
    "report.page.sentences": {
        "command_line.console",
        "report.page.formatting",
        "report.statistics.comparisons",
        "report.statistics.verdicts",
    },
    "report.page.tables": {"report.page.formatting"},
    "report.page.thumbnails": {
        "report.findings",
        "report.page.rendering",
        "report.runs.predictions",
    },
    "report.runs.__init__": set(),
    "report.runs.conditions": {"records"},
    "report.runs.predictions": {
        "files",
        "records",
        "report.statistics.correctness",
        "report.statistics.reliability",
    },
    "report.runs.run_files": {"files", "records"},
    "report.runs.sweeps": {
        "errors",
        "records",
        "report.runs.conditions",
        "report.runs.run_files",
        "report.runs.tuned",
        "sweep.presence",
    },
    "report.runs.tuned": {"report.runs.conditions", "tuning.trials"},
    "report.shown": {
        "report.runs.conditions",
        "report.runs.sweeps",
        "report.runs.run_files",
    },
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
        "command_line.console",
        "config",
        "data",
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
    assert naming == {"engine.backend"}


def test_of_the_report_only_charts_import_matplotlib_and_findings_reach_none():
    drawing = {
        name
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if "matplotlib" in roots(node)
    }
    assert drawing
    assert all(name.startswith("report.charts.") for name in drawing)
    reached, coming = set(), {"report.findings"}
    while coming:
        reached |= coming
        coming = {below for name in coming for below in ALLOWED[name]} - reached
    assert not any(name.startswith("report.charts") for name in reached)


# Of the training side: what a run directory holds, and the ground.
READ_BY_REPORTS = {"records", "sweep.presence", "tuning.trials"}
GROUND = {"errors", "files", "command_line.console"}


def test_reports_use_of_the_training_side_what_reads_run_directories():
    used = {
        module
        for name in ALLOWED
        if name.startswith("report.")
        for module in ALLOWED[name]
        if not module.startswith("report.")
    }
    assert used == READ_BY_REPORTS | GROUND


WITHOUT_TENSORFLOW = {
    "help": ("fmnist_exp.train", ["--help"]),
    "config": ("fmnist_exp.train", ["--cfg", "job"]),
    "mistyped option": ("fmnist_exp.train", ["model=nope"]),
    "bad value": ("fmnist_exp.train", ["training.epochs=0"]),
    "bad value in a sweep": ("fmnist_exp.train", ["--multirun", "training.epochs=1,0"]),
    "planned sweep": (
        "fmnist_exp.train",
        ["--multirun", "data=synthetic", "seed=0,1", "dry_run=true"],
    ),
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
