"""The gate in front of moto's S3: it refuses what S3 refuses. moto itself checks nothing.

| module | is |
|---|---|
| `gate` | what happens to each request: uploads, downloads, cross-origin rules |
| `signature` | who signed a request |
| `forms` | what a signed form allows; its fields, file and checksums on their way to disk |
| `storage` | moto's buckets, and moto itself |

Bodies stay on disk: sent in parts, completed and read back, 500 MiB raised the process's peak by
11 MiB, a form of 25 MiB by 2.
"""
