"""The city of a stage: a build of another one would change categories and districts below reports
that are there.
"""

from collections.abc import Collection, Mapping
from typing import Any

from infra.deploy.packaged import Template
from infra.stage.faults import Refused

OUTPUT = "City"


def check_city(
    template: Template, present: Mapping[str, Any] | None, allowed: Collection[str]
) -> None:
    """Raise Refused when the stack serves another city than the template, unless `allowed` has
    City.

    Only the city's name in its default language is compared: two cities of one name pass, and a
    city that changes its name is taken for another.
    """
    packaged = template.get("Outputs", {}).get(OUTPUT, {}).get("Value")
    served = {
        output["OutputKey"]: output["OutputValue"] for output in (present or {}).get("Outputs", [])
    }.get(OUTPUT, packaged)
    if served != packaged and OUTPUT not in allowed:
        raise Refused(
            f"This stage serves {served}, and what is packaged is for {packaged}. Name the folder "
            f"of its city: make deploy CITY=path. If you mean it: REPLACE={OUTPUT}"
        )
