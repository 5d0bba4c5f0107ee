"""Whatever pydantic finds is said in one line: key, rule, value, reason, repair."""

from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError, field_validator

from fmnist_exp import strict
from fmnist_exp.errors import ConfigError
from fmnist_exp.strict import Strict, Text, checked


class Optimizer(Strict):
    """A mapping inside another."""

    learning_rate: float = Field(gt=0, examples=[0.05], description="A result must state it.")
    momentum: float = Field(0.0, ge=0, lt=1, examples=[0.9], description="At 1 nothing fades.")


class Run(Strict):
    """A field for every kind of rule."""

    seed: int = Field(0, ge=0, le=9)
    epochs: int = Field(20, ge=1)
    num_train: int | None = Field(None, ge=20, examples=[2000])
    hidden: tuple[Annotated[int, Field(ge=1)], ...] = (256, 128)
    activation: Literal["relu", "selu"] = "relu"
    nesterov: bool = False
    name: Text = "own"
    note: str | None = None
    share: float = 0.5
    optimizer: Optimizer = Optimizer(learning_rate=0.1)
    callbacks: dict[str, Optimizer] = Field(default_factory=dict)
    axes: None = None
    even: int = Field(0, description="Halves are kept.")

    @field_validator("even")
    @classmethod
    def _is_even(cls, value: int) -> int:
        if value % 2:
            raise ValueError(f"must be even, received {value}")
        return value


SEED = "Pass for example seed=0."
MAPPING = "must be an object, received"
AT_LEAST_0, AN_INTEGER = "must be greater than or equal to 0", "must be a valid integer"
# what pydantic calls the error -> values -> the whole message
MESSAGES = {
    "greater_than_equal": ({"seed": -1}, f"seed {AT_LEAST_0}, received -1. {SEED}"),
    "less_than_equal": (
        {"seed": 10},
        f"seed must be less than or equal to 9, received 10. {SEED}",
    ),
    "int_type": ({"seed": True}, f"seed {AN_INTEGER}, received True. {SEED}"),
    "int_type of null": ({"seed": None}, f"seed {AN_INTEGER}, received null. {SEED}"),
    "int_type of a float": ({"seed": 1.0}, f"seed {AN_INTEGER}, received 1.0. {SEED}"),
    "greater_than_equal of what may be null": (
        {"num_train": 5},
        (
            "num_train must be greater than or equal to 20, received 5. "
            "Pass for example num_train=2000."
        ),
    ),
    "greater_than": (
        {"optimizer": {"learning_rate": 0}},
        (
            "own.optimizer.learning_rate must be greater than 0, received 0. "
            "A result must state it. Pass for example own.optimizer.learning_rate=0.05."
        ),
    ),
    "less_than": (
        {"optimizer": {"learning_rate": 1, "momentum": 1.5}},
        (
            "own.optimizer.momentum must be less than 1, received 1.5. At 1 nothing fades. "
            "Pass for example own.optimizer.momentum=0.9."
        ),
    ),
    "finite_number": (
        {"share": float("nan")},
        "share must be a finite number, received nan. Pass for example share=0.5.",
    ),
    "float_type": (
        {"share": "abc"},
        "share must be a valid number, received 'abc'. Pass for example share=0.5.",
    ),
    "bool_type": (
        {"nesterov": 1},
        "nesterov must be a valid boolean, received 1. Pass for example nesterov=false.",
    ),
    "none_required": ({"axes": 1}, "axes must be null, received 1. Leave it out."),
    "literal_error": (
        {"activation": "rleu"},
        "activation must be 'relu' or 'selu', received 'rleu'. Pass for example activation=relu.",
    ),
    "string_too_short": (
        {"name": " "},
        "name must have at least 1 character, received ' '. Pass for example name=own.",
    ),
    "string_type": (
        {"note": 3},
        "note must be a valid string, received 3. Pass for example note=VALUE.",
    ),
    "tuple_type": (
        {"hidden": 64},
        "hidden must be a list, received 64. Pass for example hidden=[256,128].",
    ),
    "greater_than_equal in a list": (
        {"hidden": [9, 0]},
        (
            "hidden[1] must be greater than or equal to 1, received 0. "
            "Pass for example hidden=[256,128]."
        ),
    ),
    "model_type": ({"optimizer": 3}, f"optimizer {MAPPING} 3."),
    "dict_type": ({"callbacks": [1]}, f"callbacks {MAPPING} [1]."),
    "model_type in a mapping": ({"callbacks": {"stop": "x"}}, f"callbacks.stop {MAPPING} 'x'."),
    "value_error": ({"even": 3}, "even must be even, received 3. Halves are kept."),
    "missing": (
        {"callbacks": {"stop": {}}},
        (
            "callbacks.stop.learning_rate is missing. A result must state it. "
            "Pass ++callbacks.stop.learning_rate=0.05."
        ),
    ),
    "extra_forbidden": (
        {"epohcs": 3},
        (
            "epohcs is not a key that anything reads, received 3. Did you mean epochs? "
            "Remove it, or correct its spelling."
        ),
    ),
    "extra_forbidden, and nothing is near": (
        {"optimizer": {"learning_rate": 1, "x": []}},
        (
            "own.optimizer.x is not a key that anything reads, received []. "
            "Known: learning_rate, momentum. Remove it, or correct its spelling."
        ),
    ),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_message_names_key_rule_value_reason_and_repair(case):
    values, message = MESSAGES[case]
    prefix = "own" if message.startswith("own.") else ""
    with pytest.raises(ConfigError) as caught:
        checked(Run, values, prefix)
    assert str(caught.value) == message


@pytest.mark.parametrize("case", MESSAGES)
def test_each_row_is_of_the_error_that_it_names(case):
    with pytest.raises(ValidationError) as caught:
        Run.model_validate_json(strict.json.dumps(MESSAGES[case][0]))
    (found,) = caught.value.errors()
    assert found["type"] == case.replace(",", "").split()[0]


def test_all_problems_are_said_a_line_for_each():
    with pytest.raises(ConfigError) as caught:
        checked(Run, {"seed": -1, "epochs": 0, "epohcs": 1})
    lines = str(caught.value).splitlines()
    assert [line.split()[0] for line in lines] == ["seed", "epochs", "epohcs"]


def test_what_a_file_breaks_is_said_without_a_repair():
    with pytest.raises(ValidationError) as caught:
        Run.model_validate_json('{"seed": -1, "epochs": 0, "x": 1}')
    assert strict.reason(caught.value, Run) == (
        f"seed {AT_LEAST_0}, received -1; 2 more of its values are wrong"
    )


NOT_RUNS = {
    "3": f"it {MAPPING} 3",
    "{": "it must be JSON (Invalid JSON: EOF while parsing an object at line 1 column 1)",
}


@pytest.mark.parametrize("text", NOT_RUNS)
def test_file_of_another_kind_is_said_to_be_one(text):
    with pytest.raises(ValidationError) as caught:
        Run.model_validate_json(text)
    assert strict.reason(caught.value, Run) == NOT_RUNS[text]


@pytest.mark.parametrize("value", [b"x", "\udcff", {1, 2}])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(ConfigError, match=r"^the config must hold plain values: .*\.$"):
        checked(Run, {"name": value})


def test_long_value_is_cut():
    with pytest.raises(ConfigError) as caught:
        checked(Run, {"seed": 10**400})
    assert len(str(caught.value)) < 300


def test_copy_with_other_values_is_checked():
    assert Run().replaced(seed=3) == Run(seed=3)
    with pytest.raises(ValidationError):
        Run().replaced(seed=-1)


def test_numbers_have_one_form_and_lists_are_tuples():
    run = checked(Run, {"share": 1, "hidden": [3]})
    assert repr(run.share) == "1.0"
    assert run.hidden == (3,)
    assert run.plain()["hidden"] == [3]
