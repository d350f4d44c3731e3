"""The gate in front of moto's S3: it refuses what S3 refuses. moto itself checks nothing.

Bodies stay on disk: sent in parts, completed and read back, 500 MiB raised the process's peak by
11 MiB, a form of 25 MiB by 2.
"""
