"""The two web clients (`web/`), built and served.

| module | |
|---|---|
| `headers` | the headers of their files, locally and on AWS |
"""
