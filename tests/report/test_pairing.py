"""Replicates of a condition differ in their seeds alone, and pairs share all of them."""

import pytest
from study import change_record, found_in, labels_of, write_run

from fmnist_exp.errors import RecordError
from fmnist_exp.rundir.records import Seeds

PRIMARY = "test_accuracy"


def write_all(folder, runs):
    """A run directory for each of some overrides, with an accuracy that rises by 0.01."""
    for number, overrides in enumerate(runs):
        write_run(folder / str(number), *overrides.split(), accuracy=0.5 + 0.01 * number)


@pytest.mark.parametrize(
    "key",
    [
        "seeds.initialization",
        "seeds.order",
        "seeds.dropout",
        "seeds.augmentation",
        "data=digits data.split_seed",
    ],
)
def test_runs_with_other_seeds_of_one_source_are_replicates_and_pair_on_it(tmp_path, key):
    given = [("he_normal", 0), ("he_normal", 1), ("glorot_uniform", 1), ("glorot_uniform", 2)]
    data, own = ("data=digits", key.partition(" ")[2]) if " " in key else ("seed=0", key)
    write_all(tmp_path, [f"{data} initializer={name} {own}={seed}" for name, seed in given])
    found = found_in(tmp_path)
    assert labels_of(found.study) == ["he_normal", "glorot_uniform"]
    (comparison,) = found.comparisons[PRIMARY]
    assert comparison.num_pairs == 1
    assert comparison.difference_mean == pytest.approx(0.01)  # of the third run and the second


def test_runs_of_one_seed_and_other_initial_weights_are_no_pair(tmp_path):
    write_all(
        tmp_path,
        ["initializer=he_normal", "initializer=glorot_uniform seeds.initialization=1"],
    )
    (comparison,) = found_in(tmp_path).comparisons[PRIMARY]
    assert comparison.num_pairs == 0


def test_a_split_with_the_runs_seed_pairs_with_the_same_split_given_as_a_number(tmp_path):
    write_all(
        tmp_path,
        [
            "data=digits seed=3 data.split_seed=null initializer=he_normal",
            "data=digits seed=3 data.split_seed=3 initializer=glorot_uniform",
        ],
    )
    (comparison,) = found_in(tmp_path).comparisons[PRIMARY]
    assert comparison.num_pairs == 1


def test_a_seed_without_effect_makes_no_replicate(tmp_path):
    own = "seeds.initialization=1 seeds.order=2 seeds.dropout=3 seeds.augmentation=4"
    write_all(tmp_path, [f"seed=0 {own}", f"seed=1 {own}"])
    with pytest.raises(RecordError, match=r"seed 1 \(order 2, dropout 3, augmentation 4\)"):
        found_in(tmp_path)


def test_synthetic_images_of_another_split_seed_are_other_data(tmp_path):
    write_all(tmp_path, ["data.split_seed=0", "data.split_seed=1"])
    assert len(found_in(tmp_path).study.conditions) == 2


def test_the_table_of_runs_names_seeds_that_are_not_the_runs(tmp_path):
    write_all(tmp_path, ["seed=4", "seed=5 seeds.order=0"])
    table = found_in(tmp_path).study.table
    assert table["seed of order"].tolist() == [4, 0]
    assert not {"seed of initialization", "seed of dropout", "seed of split"} & {*table.columns}


def test_a_seed_without_effect_has_no_column_of_its_own(tmp_path):
    own = "seeds.initialization=1 seeds.order=1 seeds.dropout=1"
    write_all(tmp_path, [f"seed=4 {own}"])
    assert "seed of seed" not in found_in(tmp_path).study.table


def test_records_of_former_code_have_one_seed_for_all(tmp_path):
    write_run(tmp_path / "0", "seed=3")
    change_record(tmp_path / "0", lambda record: record["config"].pop("seeds"))
    (run,) = found_in(tmp_path).study.runs
    assert run.record.seeds == Seeds(3, 3, 3, 3, 3, 0)
    assert str(run.record.seeds) == "3"


def test_a_split_that_follows_the_seed_is_named_beside_it():
    assert [str(Seeds(1, 1, 1, 1, 1, split)) for split in (0, 1)] == ["1", "1 (split 1)"]
