"""The gate in front of moto's S3: it refuses what S3 refuses. moto itself checks nothing.

| module | is |
|---|---|
| `gate` | what happens to each request, in which order |
| `uploads`, `downloads` | forms and parts that arrive; objects and ranges that go out |
| `signature`, `policy` | who signed a request; what a signed form allows |
| `forms`, `bodies`, `checksums` | a form's fields and file; a body on its way to disk; checksums |
| `cors` | which pages of other origins may ask |
| `storage`, `backend` | moto's buckets, and moto itself |
| `requests`, `errors` | a request's parts, and a refusal in S3's words |

Bodies stay on disk: sent in parts, completed and read back, 500 MiB raised the process's peak by
11 MiB, a form of 25 MiB by 2.
"""
