"""Sign-in pages of the local stack, in the place of Cognito's managed login.

| module | is |
|---|---|
| `issuer` | the endpoints, on AWS's port |
| `authorization` | what an authorisation request must have, and where its result goes |
| `vouchers` | codes, sessions and refresh tokens: for how long, and how often |
| `people` | who may sign in, and the tokens that they get |
| `pages`, `texts` | what a person sees |

It asks for no password: whoever reaches 127.0.0.1 may be anybody here. Of everything else it is as
strict as Cognito, so that the console needs one way to sign in.
"""

from infra.local.issuer.issuer import Issuer
from infra.local.issuer.people import People

__all__ = ["Issuer", "People"]
