"""A claim that could not be judged is refused where it is written."""

import pytest

from fmnist_exp.errors import ConfigError
from fmnist_exp.report.findings import RESULTS, SPEEDS
from fmnist_exp.rundir.claims import METRICS, PRIMARY, Question
from fmnist_exp.statistics import verdicts
from fmnist_exp.strict import checked

CLAIM = {
    "says": "He is better with ReLU",
    "source": "textbooks",
    "comparison": "he_normal - glorot_uniform",
    "metric": "test_accuracy",
    "rule": "better",
}


def claim_of(**parts):
    values = {key: value for key, value in (CLAIM | parts).items() if value is not ...}
    (claim,) = checked(Question, {"claims": [values]}).claims
    return claim


def test_metrics_of_claims_are_those_that_reports_compare():
    assert (*RESULTS, *SPEEDS) == METRICS
    assert PRIMARY == verdicts.PRIMARY


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"rule": "beter"}, r"\.rule must be one of better, .* 'beter'\. Did you mean better\?$"),
        ({"rule": "above"}, r"\.rule must be one of .* 'above'\. Did you mean above X\?$"),
        ({"rule": "within 0"}, r" must compare two conditions and name a number above 0"),
        ({"rule": "within 0.1", "comparison": "he_normal"}, r" must compare two conditions"),
        ({"rule": "above nan"}, r"\.rule must be one of "),
        ({"rule": "above 2"}, r" must name a fraction in its rule, received 'above 2'"),
        ({"metric": "accuracy"}, r"\.metric .* 'accuracy'\. Did you mean test_accuracy\?$"),
        (
            {"metric": "test_loss", "rule": "equal"},
            r" must have metric test_accuracy .*'test_loss'",
        ),
        ({"comparison": "he_normal"}, r" must compare two conditions, A - B, for rule 'better'"),
        ({"says": ...}, r"\.says is missing\. Write for example says: He "),
        ({"source": 3}, r"\.source must be a valid string, received 3\. Write for example source:"),
        ({"sorce": "x"}, r"\.sorce is not a part of a claim, .*'x'\. .*source"),
    ],
)
def test_claim_that_cannot_be_judged_is_refused_in_one_line(parts, words):
    with pytest.raises(ConfigError, match=rf"^claims\[0\]{words}") as refused:
        claim_of(**parts)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("rule", "bound"), [("above 0.02", 0.02), ("below -1e-3", -0.001), ("not better", None)]
)
def test_bound_of_a_rule_is_a_fraction(rule, bound):
    assert claim_of(rule=rule).bound == bound


def test_names_are_as_typed_whatever_minus_a_report_had():
    claim = claim_of(comparison="he_normal \N{MINUS SIGN}  glorot_uniform")
    assert claim.comparison == CLAIM["comparison"]
    assert claim.is_difference
