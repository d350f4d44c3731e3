"""API Gateway as it is deployed.

| module | is |
|---|---|
| `api_server` | HTTP: how a request is framed, what is refused before it is one, compression |
| `gateway` | routes, throttles, preflights, the authorizer, the functions, its own responses |
| `site` | the files of the web clients, and the gateway behind them |
| `events` | the event that a function is called with, and the response from what it returns |

Where Chalice's own local gateway is kinder than AWS (methods, trailing slashes, sizes, content
types), this one is not.
"""

from infra.local.gateway.gateway import Gateway

__all__ = ["Gateway"]
