"""The two web clients (`web/`), built and served.

| module | |
|---|---|
| `headers` | the headers of their files, locally and on AWS |
| `config` | what the console must know of its deployment: `/console/config.json` |
"""
