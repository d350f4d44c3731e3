"""Forget moto's models once nobody uses them.

moto keeps every object of each of its models, for a dashboard: each message and stream
record, each deleted object with its body. A stack that runs for days would grow with every request.
"""

from typing import Any

from moto.core.common_models import BaseModel
from moto.s3.models import FakeKey

from infra.local.moto_patches.patch import Patch


def _new(cls: type[BaseModel], *_: Any, **__: Any) -> BaseModel:
    return super(BaseModel, cls).__new__(cls)


PATCH = Patch(
    (BaseModel, "__new__", staticmethod(_new)),
    # It would warn of a body that nobody closed: now the last reference closes it.
    (FakeKey, "__del__", FakeKey.dispose),
)
