"""Checks that the OpenAPI documents are a contract: clients are made from them, and they are kept.

`make contract` runs all of them, and each runs alone:

- `make contract-lint`: redocly finds no error. `typescript/lint.yaml` says what is switched off.
- `make contract-typescript`: openapi-typescript and @hey-api/openapi-ts generate. `trip.ts`, a
  client that does the whole trip, and the generated client pass `tsc --strict`. No generated type
  is `any` or `unknown`.
- `make contract-python`: openapi-python-client generates without a warning. The body of each
  operation is constructed from its models, and no attribute is of type Any.
- `make contract-fuzz`: schemathesis sends thousands of cases to every operation, as a resident and
  as an officer, to the app on a mocked cloud. `exceptions.toml` says what is accepted.
- `make contract-release`: all that the last release documented is still there (`compatible.py`).

The Node.js packages are those that run on Node.js 20: @hey-api/openapi-ts 0.95 is the last that
does, and openapi-typescript takes TypeScript 5.
"""
