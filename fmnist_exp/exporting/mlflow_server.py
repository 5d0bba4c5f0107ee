"""A server or a database of MLflow, and what it says when it cannot be used."""

import logging
import re

import mlflow
from mlflow import MlflowClient
from mlflow.entities import LifecycleStage
from mlflow.exceptions import MlflowException

from fmnist_exp.errors import RecordError

EXPERIMENT = "fmnist_exp"
KIND = {"mlflow.experimentKind": "custom_model_development"}  # else its page opens for chat models
FAILURES = (MlflowException, RecordError, OSError)  # what requests raises is an OSError


def connected(uri: str) -> tuple[MlflowClient, str]:
    """A client, and the id of our experiment, which is made if it is not there.

    Args:
        uri: of the server, or of a database such as sqlite:///mlflow.db.

    Raises:
        RecordError: there is no such server, it refuses, or the experiment is deleted.
    """
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    shown = without_password(uri)
    try:
        mlflow.set_tracking_uri(uri)
        client = MlflowClient(uri)
        found = client.get_experiment_by_name(EXPERIMENT)
        if not found:
            return client, client.create_experiment(EXPERIMENT, tags=KIND)
    except Exception as error:  # MLflow lets through what databases and their drivers raise
        raise RecordError(
            f"--uri {shown} must be an MLflow server that answers, or a database: "
            f"{in_a_line(error)}. Start it with `mlflow server`, or leave --uri away."
        ) from error
    if found.lifecycle_stage == LifecycleStage.DELETED:
        raise RecordError(
            f"the experiment {EXPERIMENT} must be there, received one that is deleted at {shown}. "
            f"Run `MLFLOW_TRACKING_URI={shown} mlflow experiments restore --experiment-id "
            f"{found.experiment_id}`."
        )
    return client, found.experiment_id


def without_password(text: str) -> str:
    """A text in which no address holds a user's name and password."""
    return re.sub(r"(\w://)[^/\s]*@", r"\1", text)


def in_a_line(error: Exception) -> str:
    """What an error says, without passwords and line breaks, and cut off where it gets long."""
    return without_password(" ".join(str(error).split()))[:300]
