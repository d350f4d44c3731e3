"""What is changed of all services of moto."""

from functools import cache
from inspect import isfunction
from typing import Any

from moto import backends
from moto.core import responses
from moto.core.base_backend import BaseBackend
from moto.core.common_models import BaseModel
from moto.s3.models import FakeKey

from infra.local.moto_patches.patch import Patch


def _new(cls: type[BaseModel], *_: Any, **__: Any) -> BaseModel:
    return super(BaseModel, cls).__new__(cls)


INSTANCES = Patch(
    (BaseModel, "__new__", staticmethod(_new)),
    # It would warn of a body that nobody closed: now the last reference closes it.
    (FakeKey, "__del__", FakeKey.dispose),
)

_list_modules = backends.list_of_moto_modules
_urls_property: Any = vars(BaseBackend)["urls"]
_urls_of_class: dict[type[BaseBackend], Any] = {}


class _Methods:
    """The names of the methods of a class, as moto asks for them: whether one is among them."""

    def __init__(self, of: type) -> None:
        self._of = of

    def __contains__(self, name: str) -> bool:
        return isfunction(getattr(self._of, name, None))


@cache
def _modules() -> frozenset[str]:
    return frozenset(_list_modules())


def _urls(self: BaseBackend) -> Any:
    """Return the URLs that a service answers. They are those of its class."""
    kind = type(self)
    if kind not in _urls_of_class:
        _urls_of_class[kind] = _urls_property.fget(self)
    return _urls_of_class[kind]


LOOKUPS = Patch(
    (responses, "method_names_from_class", _Methods),
    (backends, "list_of_moto_modules", _modules),
    (BaseBackend, "urls", property(_urls)),
)
