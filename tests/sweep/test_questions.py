"""A study's question and claims are written before its first run, and are no part of a run."""

import pytest
from planning import plan_command_line

from fmnist_exp.errors import ConfigError
from fmnist_exp.run.provenance import run_key
from fmnist_exp.rundir import plan

STUDY = """# @package _global_
question: Does it matter?
claims:
  - says: He is better
    source: a blog
    comparison: he_normal - glorot_uniform
    metric: test_accuracy
    rule: RULE
"""
KINDS = {
    "ordinary": ("initializer=he,glorot", "seed=range(2)"),
    "settled": ("initializer=he,glorot", "until_settled=10"),
    "tuned": ("hydra/sweeper=tpe", "model.dropout=interval(0,0.5)"),
}


@pytest.fixture
def planned(tmp_path):
    """Gives a function that checks and plans a sweep of a study file with this rule."""

    def planned(*arguments, rule="better"):
        folder = tmp_path / "conf" / "experiment"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "mine.yaml").write_text(STUDY.replace("RULE", rule))
        given = ("data=synthetic", "training=smoke", f"hydra.sweep.dir={tmp_path / 'sweep'}")
        own = ("--config-dir", str(tmp_path / "conf"), "experiment=mine")
        return plan_command_line([*own, *given, *arguments])

    return planned


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_sweep_keeps_them_in_its_plan(kind, planned, tmp_path):
    planned("--multirun", *KINDS[kind]).study.write_study()
    kept = plan.read_study(tmp_path / "sweep")
    assert kept.question == "Does it matter?"
    (claim,) = kept.claims
    assert (claim.comparison, claim.rule) == ("he_normal - glorot_uniform", "better")


@pytest.mark.parametrize("kind", KINDS)
def test_claims_that_were_changed_are_refused_where_the_sweep_has_begun(kind, planned):
    planned("--multirun", *KINDS[kind]).study.write_study()
    planned("--multirun", *KINDS[kind])  # the same go on
    with pytest.raises(ConfigError, match=r"^claims must stay .*study\.json") as refused:
        planned("--multirun", *KINDS[kind], rule="worse")
    assert "\n" not in str(refused.value)


def test_claim_that_breaks_its_rule_is_refused_before_anything_is_written(planned, tmp_path):
    with pytest.raises(ConfigError, match=r"^claims\[0\]\.rule .* 'beter'\. Did you mean better\?"):
        planned("--multirun", "seed=1,2", rule="beter")
    assert not (tmp_path / "sweep").exists()


def test_they_are_no_part_of_a_run_and_a_single_run_does_not_read_them(planned):
    (config,) = planned("seed=3", rule="beter").configs
    assert {"question", "claims"}.isdisjoint(config.plain())
    (plain,) = plan_command_line(["data=synthetic", "training=smoke", "seed=3"]).configs
    assert run_key(config, "data") == run_key(plain, "data")


def test_question_is_no_factor(planned):
    with pytest.raises(ConfigError, match="a factor of a sweep must be a key of its runs"):
        planned("--multirun", "question=one,other")
