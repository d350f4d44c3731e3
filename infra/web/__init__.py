"""The two web clients (`web/`): built when they have changed, and served.

| module | |
|---|---|
| `build` | installs the packages, writes the types, builds; stamps each |
| `stamp` | what a build was made of |
| `node` | Node.js as pip has installed it |
| `headers` | the headers of the files, locally and on AWS |
| `files` | the built files, with their types |
| `config` | what the console must know of its deployment: `/console/config.json` |
| `sizes` | what the first screens weigh, against their budgets |
| `check` | `make web-check` |
"""
