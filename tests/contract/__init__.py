"""Checks that the OpenAPI documents are a contract: clients are made from them, and they are kept.

`make contract` runs all of them, and each runs alone:

- `make contract-lint`: redocly finds no error. `tools/lint.yaml` says what is switched off.
- `make contract-python`: openapi-python-client generates without a warning. The body of each
  operation is constructed from its models, and no attribute is of type Any.
- `make contract-fuzz`: schemathesis sends thousands of cases to every operation, as a resident and
  as an officer, to the app on a mocked cloud. `exceptions.toml` says what is accepted.
- `make contract-release`: all that the last release documented is still there (`compatible.py`).
- `make contract-clients`: its built web clients make their trips with today's API (`clients.py`).
  This needs a browser, and is no part of `make contract`.

In TypeScript the SDK and the web clients are that client: `make web-lint` generates their types, of
which none is `any` or `unknown`, and compiles them; `tests/local/test_sdk.py` makes the trip.
"""
