"""The public route of forms: the fields of a category, in any version."""

from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from chalicelib import wiring
from chalicelib.domain.catalogue.codes import CategoryCode
from chalicelib.domain.catalogue.view import form_view
from chalicelib.domain.officers.model import CASEWORKERS
from chalicelib.handlers.catalogue.catalogue import DetailField
from chalicelib.http.requests import Call
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import Category, Shape
from chalicelib.kernel import errors
from chalicelib.kernel.languages import label
from chalicelib.kernel.models import Query, read_number

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


Version = Annotated[
    int,
    BeforeValidator(read_number),
    Field(strict=True, ge=1),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 999_999_999}),
]


class FormQuery(Query):
    category: CategoryCode = Field(description="The category.")
    version: Version | None = Field(
        default=None, description="The `details_version` of a report. Without it, the present one."
    )


class FormView(Shape):
    """The fields of a category in one version. `versions` are all that there are, newest first."""

    category: Category
    label: str
    details_version: int
    versions: list[int]
    details: list[DetailField]


@routes.get(
    "/v1/officer/forms", query=FormQuery, returns=FormView, raises=(errors.NotFound,), logged=True
)
def get_form(call: Call) -> Response:
    """Get the form of a category.

    Returns the fields of one version, with their labels in the language of `Accept-Language`. A
    report says by which version its `details` were filled in. An unknown version is 404.
    """
    category = wiring.catalogue().category(call.query.category)
    form = category.form(call.query.version)
    if form is None:
        raise errors.NotFound
    return Response(
        FormView.model_validate(
            {
                "category": category.code,
                "label": label("category", category.code, call.language),
                "details_version": form.details_version,
                "versions": [each.details_version for each in category.forms()],
                "details": form_view(category.code, form.details, call.language),
            }
        )
    )
