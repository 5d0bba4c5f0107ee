"""Values checked against a schema: one base class for configs, plans and records."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Plain values of exactly the declared types: no other key, no conversion, no nan.

    Parse from JSON text, in which lists become tuples: `Model.model_validate_json(text)`.
    """

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, validate_default=True
    )
