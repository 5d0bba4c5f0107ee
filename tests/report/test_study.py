"""Any mix of run directories becomes one tidy table; whatever is damaged is refused by name."""

import shutil
import time

import pytest
from study import change_record, found_in, labels_of, write_run

from fmnist_exp.errors import RecordError
from fmnist_exp.report.csv_files import summarize
from fmnist_exp.report.runs import directories
from fmnist_exp.report.runs.directories import read_study
from fmnist_exp.rundir import records


def test_one_row_per_run_in_the_order_of_job_numbers(tmp_path):
    for number in (0, 2, 10):
        write_run(tmp_path / str(number), f"seed={number}")
    assert list(read_study([tmp_path]).table["seed"]) == [0, 2, 10]


def test_both_spellings_share_a_condition(tmp_path):
    write_run(tmp_path / "0", "initializer=glorot")
    write_run(tmp_path / "1", "initializer=glorot_uniform", "seed=1")
    write_run(tmp_path / "2", "initializer=he")
    study = read_study([tmp_path])
    assert labels_of(study) == ["glorot_uniform", "he_normal"]
    assert study.keys == ("initializer.name",)


def test_several_folders_are_one_study_and_none_counts_twice(tmp_path):
    write_run(tmp_path / "sweep" / "0")
    write_run(tmp_path / "single", "seed=1")
    study = read_study([tmp_path / "sweep", tmp_path / "single", tmp_path / "sweep" / "0"])
    assert list(study.table["run"]) == ["sweep/0", "single"]


def test_repeated_seed_counts_once(tmp_path):
    for number, initializer in enumerate(("glorot", "glorot_uniform")):
        write_run(tmp_path / str(number), f"initializer={initializer}")
    found = found_in(tmp_path)
    study = found.study
    assert len(study.conditions[0].runs) == 1
    assert list(summarize(found)["num_runs"]) == [1]
    assert study.repeated == [f"{tmp_path.name}/1"]


def test_model_name_stands_for_its_widths_and_recipe(tmp_path):
    write_run(tmp_path / "0", "model=baseline")
    write_run(tmp_path / "1", "model=regularized")
    study = read_study([tmp_path])
    assert study.keys == ("model.name",)
    assert labels_of(study) == ["baseline", "regularized"]


def test_width_is_named_where_a_name_has_two(tmp_path):
    write_run(tmp_path / "0")
    write_run(tmp_path / "1", "model.hidden=[64]")
    study = read_study([tmp_path])
    assert study.keys == ("model.hidden",)
    assert labels_of(study) == ["hidden=[256, 128]", "hidden=[64]"]


def test_callback_arguments_are_factors(tmp_path):
    for number, patience in enumerate((1, 2)):
        callback = f"{{class_name:EarlyStopping,config:{{patience:{patience}}}}}"
        write_run(tmp_path / str(number), f"+training.callbacks.stop={callback}")
    assert read_study([tmp_path]).keys == ("training.callbacks.stop.config.patience",)


def test_data_folder_is_not_a_factor(tmp_path):
    write_run(tmp_path / "0", "data=fashion_mnist", "data.dir=here")
    write_run(tmp_path / "1", "data=fashion_mnist", "data.dir=there", "seed=1")
    assert len(read_study([tmp_path]).conditions) == 1


def test_single_condition_is_named_by_its_initializer(tmp_path):
    write_run(tmp_path / "0")
    assert labels_of(read_study([tmp_path])) == ["glorot_uniform"]


def test_A10_unfinished_and_failed_runs_are_kept_by_name(tmp_path):
    write_run(tmp_path / "s" / "0")
    write_run(tmp_path / "s" / "1", "seed=1", status="failed")
    (tmp_path / "s" / "2" / ".hydra").mkdir(parents=True)
    study = read_study([tmp_path / "s"])
    assert list(study.table["status"]) == ["completed", "failed"]
    assert study.unfinished == ("s/2 (ended without a record; its log may say why)",)
    assert len(study.conditions[0].runs) == 1


def test_classes_of_the_data_make_a_condition(tmp_path):
    """Runs of one config whose classes have other names, as after a change of the code."""
    write_run(tmp_path / "0")
    write_run(tmp_path / "1", "seed=1", class_names=["x", "y"])
    assert labels_of(read_study([tmp_path])) == [
        'class_names=["a", "b", "c"]',
        'class_names=["x", "y"]',
    ]


def test_class_under_a_name_of_its_own_is_shown_beside_it(tmp_path):
    write_run(tmp_path / "0")
    write_run(tmp_path / "1", "optimizer.name=mine", "optimizer.class_name=Adamax")
    assert labels_of(read_study([tmp_path])) == ["adam", "mine (Adamax)"]


def test_key_that_a_config_lacks_is_not_named(tmp_path):
    write_run(tmp_path / "0", "initializer=he")
    for number, scale in enumerate((1.0, 2.0), start=1):
        change = ("initializer=variance_scaling", f"initializer.config.scale={scale}")
        write_run(tmp_path / str(number), *change)
    study = read_study([tmp_path])
    assert labels_of(study) == [
        "he_normal",
        "variance_scaling, scale=1.0",
        "variance_scaling, scale=2.0",
    ]
    assert list(study.table["initializer.config.scale"]) == ["", "1.0", "2.0"]


def test_sweeps_of_one_name_are_told_apart_by_their_folder(tmp_path):
    for day in ("monday", "tuesday"):
        write_run(tmp_path / day / "sweep" / "0")
    folders = [tmp_path / day / "sweep" for day in ("monday", "tuesday")]
    assert list(read_study(folders).table["run"]) == ["monday/sweep/0", "tuesday/sweep/0"]


def test_run_is_named_without_characters_that_move_a_terminal(tmp_path):
    write_run(tmp_path / "a\x1b[2J\nb")
    assert list(read_study([tmp_path]).table["run"]) == [f"{tmp_path.name}/a\ufffd[2J\ufffdb"]


DAMAGES = {
    records.HISTORY: ("epoch\n1\n", r"its columns must be epoch, train_loss"),
    records.CONFUSION_MATRIX: ("-,a\na,1\n", r"its classes must be those of run.json, \['a', 'b'"),
}


@pytest.mark.parametrize("name", DAMAGES)
@pytest.mark.parametrize("status", records.FINISHED)
def test_finished_run_with_a_missing_file_is_refused_by_name(tmp_path, name, status):
    write_run(tmp_path / "0", status=status)
    (tmp_path / "0" / name).unlink()
    with pytest.raises(
        RecordError, match=rf"cannot read .*0/{name}: .*Give the command of the run again"
    ):
        read_study([tmp_path])


@pytest.mark.parametrize("name", DAMAGES)
def test_finished_run_with_a_damaged_file_is_refused_by_name(tmp_path, name):
    content, message = DAMAGES[name]
    write_run(tmp_path / "0")
    (tmp_path / "0" / name).write_text(content)
    with pytest.raises(RecordError, match=rf"cannot read .*0/{name}: {message}"):
        read_study([tmp_path])


def test_history_of_another_length_than_the_record_says_is_refused(tmp_path):
    write_run(tmp_path / "0", num_epochs=3)
    path = tmp_path / "0" / records.HISTORY
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(RecordError, match=r"must hold the 3 epochs of run.json, received 2"):
        read_study([tmp_path])


def test_failed_run_needs_no_files_but_its_record(tmp_path):
    write_run(tmp_path / "0", status="failed")
    (run,) = read_study([tmp_path]).runs
    assert run.history == {}


def test_record_that_vanishes_while_reading_is_an_error_not_an_unfinished_run(
    tmp_path, monkeypatch
):
    """Whether a run is finished is asked once: the answer cannot change between two questions."""
    write_run(tmp_path / "0")
    monkeypatch.setattr(directories, "run_dirs", lambda folder: [(str(tmp_path / "gone"), True)])
    with pytest.raises(RecordError, match=r"cannot read .*gone/run.json"):
        read_study([tmp_path])


def test_folder_that_cannot_be_read_is_refused(tmp_path, monkeypatch):
    write_run(tmp_path / "0")

    def scandir(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("os.scandir", scandir)
    with pytest.raises(RecordError, match=r"cannot look into .*: Permission denied.*readable"):
        read_study([tmp_path])


def test_reading_takes_two_milliseconds_a_run_at_most(tmp_path):
    write_run(tmp_path / "0", num_epochs=20, class_names="abcdefghij")
    text = (tmp_path / "0" / "run.json").read_text()
    num_runs = 400
    for number in range(1, num_runs):
        shutil.copytree(tmp_path / "0", tmp_path / str(number))
        seeded = text.replace('"seed": 0', f'"seed": {number % 10}', 1)
        scaled = seeded.replace('"dropout": 0.0', f'"dropout": 0.{number // 10:03d}')
        (tmp_path / str(number) / "run.json").write_text(scaled)
    started = time.process_time()  # of this process only: others may be busy
    study = read_study([tmp_path])
    assert [len(each.runs) for each in study.conditions] == [10] * 40
    # 0.5 ms measured; a table read by pandas takes 1 ms alone, and there are two.
    assert time.process_time() - started < 0.002 * num_runs


def test_empty_folder_is_refused(tmp_path):
    with pytest.raises(RecordError, match=r"there is no finished run in .*: a run directory holds"):
        read_study([tmp_path])


def test_folder_with_unfinished_runs_only_says_so(tmp_path):
    (tmp_path / "0" / ".hydra").mkdir(parents=True)
    with pytest.raises(RecordError, match=r"\(1 unfinished\)"):
        read_study([tmp_path])


def test_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match=r"file is a file; runs are read from directories"):
        read_study([tmp_path / "file"])


def test_missing_folder_is_refused(tmp_path):
    with pytest.raises(RecordError, match=r"nowhere does not exist"):
        read_study([tmp_path / "nowhere"])


def test_sweep_that_there_is_serves_as_the_example(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        RecordError, match=r"a run, such as the one that `python .*experiment=smoke` makes\.$"
    ):
        read_study([tmp_path / "multirun" / "DATE" / "TIME"])
    for name in ("2026-01-02/00-00-00", "2026-01-10/08-00-00", "2026-01-10/07-59-59", "mine/z"):
        (tmp_path / "multirun" / name).mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(RecordError, match=r", such as multirun/2026-01-10/08-00-00\.$"):
            read_study([folder])


def test_unreadable_record_is_refused_by_name(tmp_path):
    write_run(tmp_path / "0")
    (tmp_path / "0" / "run.json").write_text("{")
    with pytest.raises(RecordError, match=r"cannot read .*0/run.json"):
        read_study([tmp_path])


def test_only_conditions_with_completed_runs_are_measured(tmp_path):
    write_run(tmp_path / "0", status="failed")
    write_run(tmp_path / "1", "initializer=he", accuracy=0.7)
    write_run(tmp_path / "2", "initializer=he", "seed=1", accuracy=0.9)
    (condition,) = read_study([tmp_path]).measured
    assert (condition.index, condition.label, condition.name) == (0, "he_normal", "he_normal")
    assert condition.values("test_accuracy").tolist() == [0.7, 0.9]
    assert condition.class_names == ["a", "b", "c"]


def test_numbers_of_names_that_look_alike_are_rows_of_the_table(tmp_path):
    for number, status in enumerate(("failed", "completed", "completed")):
        name = "a" * 60 + str(number) + "b" * 60
        write_run(tmp_path / str(number), f"initializer.name={name}", status=status)
    measured = read_study([tmp_path]).measured
    assert [condition.name[:3] for condition in measured] == ["2: ", "3: "]


@pytest.mark.parametrize("key", ["note", "tags"])
def test_what_describes_a_run_is_no_part_of_its_condition(tmp_path, key):
    for number, value in enumerate(("a", ["b"])):
        write_run(tmp_path / str(number), f"seed={number}")
        change_record(tmp_path / str(number), lambda r, v=value: r["config"].update({key: v}))
    assert labels_of(read_study([tmp_path])) == ["glorot_uniform"]
