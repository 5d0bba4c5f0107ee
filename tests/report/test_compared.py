"""What was compared is said in full: network, data, date, command, factors and classes."""

import numpy as np
import pytest
from study import CLASSES, found_in, write_run, write_sweep

from fmnist_exp.report.page.compared import compared
from fmnist_exp.rundir import plan

COMMAND = ("--multirun", "initializer=he,lecun", "seed=range(5)")


def test_network_data_date_and_command_are_named(tmp_path):
    folder = tmp_path / "multirun" / "2026-11-26" / "17-40-57"
    write_sweep(folder, {"he": (0.8,), "lecun": (0.7,)})
    study = plan.PlannedStudy(
        num_runs=0, code_sha256="c", options=(), execution={}, command=COMMAND
    )
    plan.write_study(folder, study)
    findings = found_in(folder)
    section = compared(findings)
    assert section.paragraphs == [
        "Network: 256 and 128 units, relu.",
        "Data: synthetic.",
        "Date: 2026-11-26.",
        "To train all of it again, or to go on with what is missing:",
    ]
    train = "python -m fmnist_exp.train"
    swept = f"hydra.sweep.dir={findings.study.directory}"
    assert section.command == f"{train} --multirun initializer=he,lecun 'seed=range(5)' {swept}"


@pytest.mark.parametrize("name", ["initializers_2026-11-26_17-40-57", "of 2026-11-26"])
def test_date_is_found_in_the_name_of_a_sweep(tmp_path, name):
    write_run(tmp_path / name / "0")
    assert "Date: 2026-11-26." in compared(found_in(tmp_path / name)).paragraphs


def test_levels_that_are_numbers_are_sorted_as_numbers(tmp_path):
    for number, size in enumerate((128, 16, 1024)):
        write_run(tmp_path / str(number), f"training.batch_size={size}")
    factors, *_ = compared(found_in(tmp_path)).tables
    assert factors.rows == [["training.batch_size", "16, 128, 1024", "asked about"]]


def test_what_is_not_known_is_not_said(tmp_path):
    write_run(tmp_path / "0", "model.hidden=[8,8]", "model.dropout=0.5")
    assert compared(found_in(tmp_path)).paragraphs == [
        "Network: 8 x 2 units, relu, dropout 0.5.",
        "Data: synthetic.",
    ]


def test_each_factor_has_its_part(tmp_path):
    for number, (name, widths) in enumerate(
        (name, widths) for name in ("he", "lecun") for widths in ("8", "8,8")
    ):
        write_run(tmp_path / str(number), f"initializer={name}", f"model.hidden=[{widths}]")
    factors, together, _ = compared(found_in(tmp_path, factor="hidden layers")).tables
    assert factors.rows == [
        ["initializer.name", "he_normal, lecun_normal", "crossed with it"],
        ["hidden layers", "1, 2", "asked about"],
    ]
    assert [row[0] for row in together.rows] == ["initializer.class_name"]


def test_every_class_has_a_picture_if_there_is_a_copy_of_the_images(tmp_path):
    write_run(tmp_path / "0", answers=True)
    found = found_in(tmp_path)
    images = np.zeros((30, 4, 4), np.uint8)
    pictures = compared(found, images).pictures
    assert [name for _, name in pictures] == list(CLASSES)
    assert all(address.startswith("data:image/png;base64,") for address, _ in pictures)
    assert compared(found).pictures == []


def test_runs_have_a_column_for_every_key_that_differs(tmp_path):
    write_run(tmp_path / "0", "model=baseline", "training=baseline")
    write_run(tmp_path / "1", "model=regularized", "training=regularized")
    found = found_in(tmp_path)
    tables = compared(found).tables
    keys = {row[0] for table in tables if not table.folded for row in table.rows}
    assert keys - {"model.name"} < set(found.study.table)
    assert list(found.study.table["model.dropout"]) == ["0.0", "0.3"]
