"""Every shipped study says what it asks, what it costs and what is expected."""

import re

import pytest

from fmnist_exp.config import CONFIG_DIR

FILES = {path.stem: path.read_text("utf-8") for path in (CONFIG_DIR / "experiment").glob("*.yaml")}


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_study_says_question_command_cost_and_expectation(name):
    said = dict(re.findall(r"^(?:# )?(\w+): +(.*)$", FILES[name].lower(), re.MULTILINE))
    assert {"question", "command", "cost", "expect"} <= said.keys()
    assert said["command"] == f"python -m fmnist_exp.train --multirun experiment={name}"
    assert name == "smoke" or re.search(r"\d minutes on two cores", FILES[name])
