"""Published test accuracies of comparable networks, to hold a study's own against."""

from typing import NamedTuple

from fmnist_exp.report.formatting import POINTS, fixed, mean_with_interval
from fmnist_exp.report.page.rendering import Table, table_of
from fmnist_exp.report.runs.setting import network
from fmnist_exp.report.runs.study import Study
from fmnist_exp.statistics.seeds import SHARE

MAX_OWN = 8  # conditions of the study in the table


class Published(NamedTuple):
    """A figure that others have published; the accuracy is a mean over its runs, a fraction."""

    network: str
    accuracy: float
    num_runs: int
    source: str


# Xiao, Rasul and Vollgraf (2017), arXiv 1708.07747, table 3; the log of heitorrapela's repository
# has a mean of 0.8789 and an SD of 0.0025, while its README quotes the best of the 30 runs, 0.8833.
PUBLISHED = (
    Published("100 units, relu (scikit-learn)", 0.871, 5, "arXiv 1708.07747, table 3"),
    Published("100 and 10 units, relu (scikit-learn)", 0.870, 5, "arXiv 1708.07747, table 3"),
    Published("100 units, tanh (scikit-learn)", 0.868, 5, "arXiv 1708.07747, table 3"),
    Published(
        "256, 128 and 100 units, tanh, dropout 0.4, He normal, SGD with Nesterov momentum",
        0.8789,
        30,
        "github.com/heitorrapela/fashion-mnist-mlp, logs",
    ),
    Published(
        "nine layers, elu, augmentation, six phases tuned by hand",
        0.9011,
        1,
        "github.com/SuiseiSaika/TF2G_Fashion_MNIST",
    ),
)


def published_table(study: Study) -> Table:
    """The study's own accuracies beside published ones; empty for other or for fewer images."""
    own = [
        each
        for each in study.measured
        if each.config.get("data.name") == "fashion_mnist"
        and each.config.get("data.num_train", "null") == "null"
        and each.config.get("data.num_test", "null") == "null"
    ]
    if not own:
        return table_of([])
    rows = [
        {
            "network": network(each.runs[0].record.config),
            "test accuracy, %": mean_with_interval(each.values("test_accuracy"), 2, POINTS, SHARE),
            "runs": str(len(each.runs)),
            "source": f"this study: {each.label}",
        }
        for each in own[:MAX_OWN]
    ]
    rows += [
        {
            "network": each.network,
            "test accuracy, %": fixed(POINTS * each.accuracy, 2),
            "runs": str(each.num_runs),
            "source": each.source,
        }
        for each in PUBLISHED
    ]
    return table_of(rows)
