"""From command to report: sweeps and single runs, shipped experiments and variations."""

import pytest
from conftest import command, read_rows
from planning import plan_command_line
from study import write_run

from fmnist_exp.aggregate import aggregate
from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.report.claims import Ruling, judge
from fmnist_exp.report.findings import find
from fmnist_exp.report.runs.directories import read_study

EXPERIMENT_DIR = CONFIG_DIR / "experiment"
EXPERIMENTS = sorted(path.stem for path in EXPERIMENT_DIR.glob("*.yaml"))
# What is trained where conditions are built alike, or XLA compiles long. `depth` has thirty layers.
PARTS = {
    "depth": ["model.hidden=128x30"],
    "depth_adam": ["model.hidden=128x30", "initializer=he,lecun"],
    "depth_batchnorm": ["model.hidden=128x10", "initializer=he,lecun"],
    "activation": ["model.hidden=[16]", "initializer=he"],
    "optimizers": ["model.hidden=[16]"],
    "ablation": ["model.hidden=[16]"],
    "ablation_best": ["model.hidden=[16]", "without=layer_normalization,shifts"],
}
UNCOMPILED = ("activation", "optimizers")  # test_programs.py compiles every optimizer
CLAIMS = [
    name for name in EXPERIMENTS if "claims:" in (EXPERIMENT_DIR / f"{name}.yaml").read_text()
]
REPORT_FILES = {"index.html", "report.md", "runs.csv", "claims.csv"}
REPORT_FILES |= {
    f"{name}.{kind}" for name in ("summary", "comparisons") for kind in ("csv", "md", "tex")
}


def test_sweep_to_report_on_synthetic_images(tmp_path, train_here):
    sweep = tmp_path / "sweep"
    settings = ("data=synthetic", "training=smoke", "initializer=glorot,glorot_uniform,he,lecun")
    result = train_here("--multirun", *settings, f"hydra.sweep.dir={sweep}")
    assert result.status == 0, result.err
    report = command("scripts/aggregate.py", sweep)
    assert report.returncode == 0, report.stderr
    out = sweep / "report"
    assert {path.name for path in out.iterdir() if path.is_file()} == REPORT_FILES
    assert f"report: {out / 'index.html'}" in report.stdout
    assert [row["initializer"] for row in read_rows(out / "summary.csv")] == [
        "glorot_uniform",
        "he_normal",
        "lecun_normal",
    ]
    runs = read_rows(out / "runs.csv")
    assert runs[0]["test_accuracy"] == runs[1]["test_accuracy"]
    assert not (sweep / "0" / "figures").exists()
    models = ["glorot", "glorot", "he_normal", "lecun"]
    for number, name in enumerate(models):
        assert [path.name for path in (sweep / str(number)).glob("*.keras")] == [
            f"{name}_model.keras"
        ]
    text = (out / "report.md").read_text()
    for figure in (out / "figures").glob("*.png"):
        is_of_one_condition = figure.name.startswith("confusion_matrix_")
        assert (f"figures/{figure.name}" in text) != is_of_one_condition


@pytest.mark.slow
def test_sweep_to_report_on_real_images(tmp_path, train_here, undrawn):
    sweep = tmp_path / "sweep"
    small = ("data.num_train=2000", "data.num_test=500", "training=smoke")
    settings = (*small, "initializer=glorot,he", "seed=range(2)")
    result = train_here("--multirun", *settings, f"hydra.sweep.dir={sweep}")
    assert result.status == 0, result.err
    aggregate([sweep], sweep / "report")
    rows = read_rows(sweep / "report" / "summary.csv")
    assert [row["num_runs"] for row in rows] == ["2", "2"]
    # Two short epochs on 1,600 images: better than chance by far.
    assert all(float(row["test_accuracy_mean"]) > 0.3 for row in rows)
    assert "Ankle boot" in (sweep / "0" / "confusion_matrix.csv").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_survives_smoke_training(experiment, tmp_path, train_here, request):
    if experiment in UNCOMPILED:
        request.getfixturevalue("eager")
    fewer = "hydra.sweeper.num_trials=2" if experiment == "tune" else "seed=1"
    shrink = ("data=synthetic", "data.num_train=400", "training=smoke", "training.epochs=1", fewer)
    chosen = (f"experiment={experiment}", *PARTS.get(experiment, ()), *shrink)
    result = train_here("--multirun", *chosen, f"hydra.sweep.dir={tmp_path / 's'}")
    assert result.status == 0, result.err
    study = read_study([tmp_path / "s"])
    assert {*study.table["status"]} <= {"completed", "diverged"}
    assert len(study.conditions) > 1 or experiment in ("best", "seed_noise")


@pytest.mark.parametrize("experiment", CLAIMS)
def test_claims_of_every_experiment_are_about_its_conditions(experiment, tmp_path):
    words = ("data=synthetic", f"experiment={experiment}")
    planned = plan_command_line(["--multirun", *words, "seed=1", f"hydra.sweep.dir={tmp_path}"])
    planned.study.write_plan()
    for number, overrides in enumerate(planned.overrides):
        write_run(tmp_path / str(number), *words, *overrides)
    judged = judge(find(read_study([tmp_path])))
    assert len(judged) > 0
    assert [each for each in judged if each.verdict == Ruling.NOT_JUDGED] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        ["model.hidden=[64]", "optimizer=sgd", "optimizer.config.learning_rate=0.1"],
        ["model.activation=selu", "optimizer=nesterov", "initializer=orthogonal"],
        ["data=digits", "initializer=variance_scaling"],
    ],
    ids=str,
)
def test_variations_run_to_a_report(settings, tmp_path, train_here, undrawn):
    defaults = [] if "data=digits" in settings else ["data=synthetic"]
    run_dir = tmp_path / "run"
    result = train_here(*defaults, "training=smoke", *settings, f"hydra.run.dir={run_dir}")
    assert result.status == 0, result.err
    aggregate([run_dir], run_dir / "report")
    assert (run_dir / "report" / "figures" / "test_accuracy.png").exists()
