"""API Gateway as it is deployed.

| module | is |
|---|---|
| `api_server` | HTTP: how a request is framed, and what is refused before it is one |
| `throttles` | how many requests to each route pass, with `LIMITS=on` |
| `preflights` | what the gateway says to a preflight |
| `gateway` | routes, the authorizer, the function, and the gateway's own responses |
| `functions` | the two functions behind it, each with its own routes |
| `site` | the files of the web clients, and the gateway behind them |
| `events` | the event that a function is called with, and the response from what it returns |

Where Chalice's own local gateway is kinder than AWS (methods, trailing slashes, sizes, content
types), this one is not.
"""

from infra.local.gateway.gateway import Gateway

__all__ = ["Gateway"]
