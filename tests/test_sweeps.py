"""Any mix of run directories becomes one tidy table; conditions are named by what differs."""

import pytest
from study import write_run

from fmnist_exp.errors import RecordError
from fmnist_exp.report.page import warnings
from fmnist_exp.report.sweeps import read_study, what_differs
from fmnist_exp.report.tables import summarize


def test_one_row_per_run_in_the_order_of_job_numbers(tmp_path):
    for number in (0, 2, 10):
        write_run(tmp_path / str(number), f"seed={number}")
    assert list(read_study([tmp_path]).table["seed"]) == [0, 2, 10]


def test_both_spellings_share_a_condition(tmp_path):
    write_run(tmp_path / "0", "initializer=glorot")
    write_run(tmp_path / "1", "initializer=glorot_uniform", "seed=1")
    write_run(tmp_path / "2", "initializer=he")
    study = read_study([tmp_path])
    assert study.conditions == ["glorot_uniform", "he_normal"]
    assert study.factors == ("initializer",)


def test_several_folders_are_one_study_and_none_counts_twice(tmp_path):
    write_run(tmp_path / "sweep" / "0")
    write_run(tmp_path / "single", "seed=1")
    study = read_study([tmp_path / "sweep", tmp_path / "single", tmp_path / "sweep" / "0"])
    assert list(study.table["run"]) == ["sweep/0", "single"]


def test_repeated_seed_counts_once(tmp_path):
    for number, initializer in enumerate(("glorot", "glorot_uniform")):
        write_run(tmp_path / str(number), f"initializer={initializer}")
    study = read_study([tmp_path])
    assert len(study.completed("glorot_uniform")) == 1
    assert list(summarize(study)["num_runs"]) == [1]
    assert warnings(study) == ["Warning: 1 runs repeat the seed of another run and were left out."]


def test_model_name_stands_for_its_widths_and_recipe(tmp_path):
    write_run(tmp_path / "0", "model=baseline")
    write_run(tmp_path / "1", "model=regularized")
    study = read_study([tmp_path])
    assert study.factors == ("model",)
    assert study.conditions == ["baseline", "regularized"]


def test_width_is_named_where_a_name_has_two(tmp_path):
    write_run(tmp_path / "0")
    write_run(tmp_path / "1", "model.hidden=[64]")
    study = read_study([tmp_path])
    assert study.factors == ("model.hidden",)
    assert study.conditions == ["hidden=[256, 128]", "hidden=[64]"]


def test_callback_arguments_are_factors(tmp_path):
    for number, patience in enumerate((1, 2)):
        callback = f"{{class_name:EarlyStopping,config:{{patience:{patience}}}}}"
        write_run(tmp_path / str(number), f"+training.callbacks.stop={callback}")
    assert read_study([tmp_path]).factors == ("training.callbacks.stop.config.patience",)


def test_data_folder_is_not_a_factor(tmp_path):
    write_run(tmp_path / "0", "data=fashion_mnist", "data.dir=here")
    write_run(tmp_path / "1", "data=fashion_mnist", "data.dir=there", "seed=1")
    assert len(read_study([tmp_path]).conditions) == 1


def test_single_condition_is_named_by_its_initializer(tmp_path):
    write_run(tmp_path / "0")
    assert read_study([tmp_path]).conditions == ["glorot_uniform"]


def test_unfinished_and_failed_runs_are_kept_by_name(tmp_path):
    write_run(tmp_path / "s" / "0")
    write_run(tmp_path / "s" / "1", "seed=1", status="failed")
    (tmp_path / "s" / "2" / ".hydra").mkdir(parents=True)
    study = read_study([tmp_path / "s"])
    assert list(study.table["status"]) == ["completed", "failed"]
    assert study.unfinished == ("s/2",)
    assert len(study.completed("glorot_uniform")) == 1


@pytest.mark.parametrize(
    ("configs", "kept"),
    [
        ([{"a": 1, "b": 2}, {"a": 1, "b": 3}], ["b"]),
        ([{"a": 1, "b": 2}, {"a": 2, "b": 3}], ["a"]),
        ([{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 2, "b": 1}], ["a", "b"]),
        ([{"a": 1}, {"a": "1"}], ["a"]),
        ([{"a": 1}, {}], ["a"]),
        ([{"a": 1}, {"a": 1}], ["initializer.name"]),
    ],
)
def test_fewest_keys_that_tell_configs_apart(configs, kept):
    assert what_differs(configs) == kept


def test_empty_folder_is_refused(tmp_path):
    with pytest.raises(RecordError, match=r"there is no finished run in .*: a run directory holds"):
        read_study([tmp_path])


def test_folder_with_unfinished_runs_only_says_so(tmp_path):
    (tmp_path / "0" / ".hydra").mkdir(parents=True)
    with pytest.raises(RecordError, match=r"\(1 unfinished\)"):
        read_study([tmp_path])


def test_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match=r"file is a file; the aggregator reads directories"):
        read_study([tmp_path / "file"])


def test_missing_folder_is_refused(tmp_path):
    with pytest.raises(RecordError, match=r"nowhere does not exist"):
        read_study([tmp_path / "nowhere"])


def test_unreadable_record_is_refused_by_name(tmp_path):
    write_run(tmp_path / "0")
    (tmp_path / "0" / "run.json").write_text("{")
    with pytest.raises(RecordError, match=r"cannot read .*0/run.json"):
        read_study([tmp_path])
