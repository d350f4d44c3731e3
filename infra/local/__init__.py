"""The whole cloud: what `make run` starts, in two processes, and what the tests run on, in theirs.

moto is AWS. The rest adds what moto lacks, and corrects what it does in another way.

| package or module | is |
|---|---|
| `server`, `stack`, `stack_file` | the stack's process: ports, signals, `.local/stack.json` |
| `aws` | AWS's process, and what the two tell each other |
| `token`, `clock` | the commands that speak to a running stack |
| `seed`, `console`, `notices` | the seeded officers, and what the terminal shows |
| `cloud`, `wsgi` | AWS's port: the gate and the stack's own clock, and HTTP in front of them |
| `gateway/` | API Gateway: HTTP, routes, the authorizer, and the gateway's own responses |
| `triggers/` | what feeds functions: queues, streams, schedules |
| `s3/` | the gate in front of moto's S3: signatures, policies, sizes, checksums, CORS |
| `moto_patches/` | the behaviours of moto that are changed, with their reasons |
| `requests` | what AWS's port reads of a request, and refusals in S3's words |
| `resources`, `template` | the deployed templates, read and created on moto |

An import only goes down in this list. docs/local.md shows how a request goes through it.
"""
