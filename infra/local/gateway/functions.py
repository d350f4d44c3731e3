"""The apps of the two functions behind the gateway, each with its own routes alone.

A request goes where the packaged template sends it: to the function that the table of routes names
(`infra/packaging/apis.py`). A route that its function does not serve fails here too.
"""

from chalice.local import LocalChalice

from app import create_app
from chalicelib.http import index
from chalicelib.kernel.config import Api
from infra.local.gateway.gateway import Function, Functions


def both_functions() -> Functions:
    """Return the function that each method of a path is sent to. Its app keeps its current request
    by thread.
    """
    functions = {api: Function(api, create_app(api)) for api in Api}
    for function in functions.values():
        function.app.__class__ = LocalChalice
    served = {(route.method, route.path): functions[route.api] for route in index.routes()}
    return lambda method, path: served[method, path]
