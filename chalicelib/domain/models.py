"""The two bases of the domain's models: what is sent, and what is kept."""

from pydantic import BaseModel, ConfigDict


class Input(BaseModel):
    """Base of what callers send: nothing is coerced, and nothing unknown is accepted."""

    # Both are built at first use: a call needs few models, and each build delays a cold start.
    model_config = ConfigDict(
        extra="forbid", strict=True, allow_inf_nan=False, frozen=True, defer_build=True
    )


class Record(BaseModel):
    """Base of what is kept. Unknown fields are ignored: a newer release may have written them."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)
