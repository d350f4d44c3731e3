"""The documentation, served by ourselves: the OpenAPI document and a page that renders it."""

from chalice.app import Blueprint

bp = Blueprint(__name__)
