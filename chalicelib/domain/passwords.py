"""First passwords: what a person types once, before they choose their own."""

import secrets

# Without those that are easily taken for another one. Twenty of them are 98 bits.
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_LENGTH = 20


def random_password() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
