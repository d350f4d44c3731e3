"""Checks that the OpenAPI document is a contract: what it says can be generated from, and is kept.

`make contract` runs all of them; each runs alone:

| target | checks |
|---|---|
| `make contract-lint` | redocly finds no error (`typescript/redocly.yaml` says what is switched off, and why) |
| `make contract-typescript` | openapi-typescript and @hey-api/openapi-ts generate; `typescript/trip.ts` |
|                            | and the generated client pass `tsc --strict`; no type is `any` or `unknown` |
| `make contract-python` | openapi-python-client generates without a warning; a body of each operation |
|                        | is constructed from its models |
| `make contract-fuzz` | schemathesis sends thousands of cases to every operation, as a resident and as an |
|                      | officer, to the app on a mocked cloud; `exceptions.toml` lists what is excused |

Nothing here is collected by `make test`, except the tests of the checks themselves.
"""
