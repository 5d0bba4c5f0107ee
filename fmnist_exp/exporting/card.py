"""The card of a trained model: what it is, what it was measured to do, and what it cannot do.

The front matter is that of Hugging Face's model cards, with a model-index of the metrics.

Source:
    Mitchell et al. (2019), Model Cards for Model Reporting, for the sections; Hugging Face,
    Hub documentation, Model Cards, for the front matter.
"""

import math
import re
from typing import Any

import yaml

from fmnist_exp.console import counted
from fmnist_exp.exporting.shared import LEAST_KERAS, model_of, pixels_of
from fmnist_exp.report.formatting import POINTS, fixed
from fmnist_exp.report.page.rendering import escape_markdown, markdown, table_of
from fmnist_exp.report.runs.run import Run
from fmnist_exp.report.runs.setting import network, origins
from fmnist_exp.report.runs.study import Condition
from fmnist_exp.rundir.records import SPLITS, RunRecord, called

# Names of published data sets on the Hugging Face Hub; others are called what their config says.
HUB = {"Fashion-MNIST": "zalando-datasets/fashion_mnist", "MNIST": "ylecun/mnist"}
USE = """\
```python
import keras

model = keras.models.load_model("{model}")
probabilities = model.predict(images.reshape(-1, {pixels}) / 255)
```

`images` are grey, uint8, bright on a black background, as the data set has them; the columns of
`probabilities` are {classes}. It needs Keras {keras} or later."""
LIMITS = """\
A network of dense layers, trained to compare training choices on a small benchmark. It is not
meant for decisions about people or goods. Photographs differ from the images of the data set: they
must be brought to the same size, with a bright object on black, and even then it may err far more
often than on the test images. It has no class for what belongs to none of its classes."""
LICENCE = """\
fmnist_exp is under the MIT licence; to cite it, see its `CITATION.cff` (authors: the fmnist_exp
developers). The model belongs to who trained it: name its licence here before you publish it."""


def card_of(run: Run, condition: Condition) -> str:
    """The model card of a run, as Markdown with front matter.

    Args:
        run: a run that has left a model.
        condition: its condition, for the results of the other seeds.
    """
    record, model = run.record, model_of(run)
    assert model is not None
    front = yaml.safe_dump(front_matter(record, model.stem), sort_keys=False, allow_unicode=True)
    use = USE.format(
        model=model.name,
        pixels=pixels_of(run),
        classes=escape_markdown(", ".join(record.class_names)),
        keras=record.provenance.get("model_needs_keras", LEAST_KERAS),
    )
    about = (
        f"It sorts images of the data set {record.data_name} into {len(record.class_names)} "
        f"classes. Network: {network(record.config)}. Trained by fmnist_exp, seed {record.seeds}."
    )
    parts = [
        f"---\n{front}---",
        f"# {escape_markdown(model.stem)}",
        escape_markdown(about),
        "## Use",
        use,
        "## What it is not for",
        LIMITS,
        "## Results",
        _results(record),
        _other_seeds(condition),
        _of_classes(record),
        "## Training",
        escape_markdown(_training(record)),
        "`run.json` beside the model has every value of the config.",
        "## Where it comes from",
        _origin(run),
        "## Licence and citation",
        LICENCE,
    ]
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def front_matter(record: RunRecord, name: str) -> dict[str, Any]:
    """What Hugging Face reads of a card: library, task, data set, and the model-index.

    Args:
        record: of the run.
        name: of the model.
    """
    slug = HUB.get(record.data_name, re.sub(r"[^\w.-]+", "-", record.data_name).lower())
    f1 = [scores["f1"] for scores in record.per_class.values()]
    measured = {
        "accuracy": record.metrics["test"]["accuracy"],
        "f1": None if None in f1 else math.fsum(filter(None, f1)) / len(f1),
        "loss": record.metrics["test"]["loss"],
    }
    names = {"accuracy": "Test accuracy", "f1": "Test F1, mean of classes", "loss": "Test loss"}
    metrics = [
        {"type": metric, "value": round(value, 6), "name": names[metric]}
        for metric, value in measured.items()
        if value is not None
    ]
    result = {
        "task": {"type": "image-classification", "name": "Image classification"},
        "dataset": {"type": slug, "name": record.data_name, "split": "test"},
        "metrics": metrics,
    }
    return {
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "tags": ["keras", "dense", "fmnist_exp"],
        "datasets": [slug] if record.data_name in HUB else [],
        "metrics": ["accuracy", "f1"],
        "model-index": [{"name": name, "results": [result] if metrics else []}],
    }


def _number(value: float | None, digits: int, factor: float = 1) -> str:
    return fixed(math.nan if value is None else factor * value, digits)


def _results(record: RunRecord) -> str:
    rows = [
        {
            "images": split,
            "accuracy, %": _number(record.metrics[split]["accuracy"], 2, POINTS),
            "loss": _number(record.metrics[split]["loss"], 4),
        }
        for split in reversed(SPLITS)
    ]
    return markdown(table_of(rows))


def _other_seeds(condition: Condition) -> str:
    """What the same training gives with other seeds; one network alone may be lucky."""
    values = POINTS * condition.values("test_accuracy")
    if len(values) < 2:
        return "It was trained with one seed; another seed gives another accuracy."
    return (
        f"It is one of {counted(len(values), 'network')} that differ in their seeds alone. Their "
        f"mean test accuracy is {values.mean():.2f} %, SD {values.std(ddof=1):.2f} percentage "
        "points."
    )


def _of_classes(record: RunRecord) -> str:
    rows = [
        {
            "class": name,
            **{each: _number(scores[each], 3) for each in ("precision", "recall", "f1")},
            "test images": _number(scores["support"], 0),
        }
        for name, scores in record.per_class.items()
    ]
    return markdown(table_of(rows))


def _training(record: RunRecord) -> str:
    training, optimizer = record.config["training"], record.config["optimizer"]
    given = ", ".join(f"{name} {value}" for name, value in (optimizer.get("config") or {}).items())
    return (
        f"Initializer {called(record.config['initializer'])}; optimizer {called(optimizer)}"
        f"{f' with {given}' * bool(given)}; batch size {training['batch_size']}; "
        f"{counted(record.num_epochs, 'epoch')}. The weights are those after epoch "
        f"{record.evaluated_epoch}."
    )


def _origin(run: Run) -> str:
    found = {name: values[0] for name, values in origins([run]).items()}
    found["key of the run"] = run.record.run_key
    return markdown(table_of([{"what": name, "value": value} for name, value in found.items()]))
