"""Sign-in pages of the local stack, in the place of Cognito's managed login.

| module | is |
|---|---|
| `issuer` | the endpoints, on AWS's port: requests, codes, sessions and refresh tokens |
| `people` | who may sign in, and the tokens that they get |
| `pages` | what a person sees |

It asks for no password: whoever reaches 127.0.0.1 may be anybody here. Of everything else it is as
strict as Cognito, so that the console needs one way to sign in.
"""

from infra.local.issuer.issuer import Issuer
from infra.local.issuer.people import People

__all__ = ["Issuer", "People"]
