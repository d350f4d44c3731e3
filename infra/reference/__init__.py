"""The reference pages: what is written about the code from the code itself.

errors      docs/errors.md: every error code, from the declared routes and the texts
settings    docs/settings.md: every setting, from `Settings`, the templates and the Makefile
tables      how a table is written in Markdown
"""
