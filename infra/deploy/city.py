"""The city of a stage: a build of another one would change categories and districts below reports
that are there, and one whose categories have fewer shards would not list all of them.
"""

from collections.abc import Collection, Mapping
from typing import Any

from infra.deploy.packaged import Template
from infra.stage.faults import Refused
from infra.stage.target import outputs_of

OUTPUT = "City"
# Each category with its shards: `other=1 lost=4`.
SHARDS = "Shards"
# Of each category in the stages that do not say it.
_SHARDS_BEFORE = 4


def check_city(
    template: Template, present: Mapping[str, Any] | None, allowed: Collection[str]
) -> None:
    """Raise Refused when the stack serves another city than the template, unless `allowed` has
    City.

    Only the city's name in its default language is compared: two cities of one name pass, and a
    city that changes its name is taken for another.
    """
    packaged = template.get("Outputs", {}).get(OUTPUT, {}).get("Value")
    served = outputs_of(present).get(OUTPUT, packaged)
    if served != packaged and OUTPUT not in allowed:
        raise Refused(
            f"This stage serves {served}, and what is packaged is for {packaged}. Name the folder "
            f"of its city: make deploy CITY=path. If you mean it: REPLACE={OUTPUT}"
        )


def check_shards(
    template: Template, present: Mapping[str, Any] | None, allowed: Collection[str]
) -> None:
    """Raise Refused when a category of the stack has fewer shards in the template, or is missing
    there, unless `allowed` has Shards: lists would leave out the reports in its other shards.
    """
    said, served = template.get("Outputs", {}).get(SHARDS), outputs_of(present)
    # A stack without outputs was never complete, and has no reports.
    if said is None or not served or SHARDS in allowed:
        return
    packaged = _read_shards(said["Value"])
    before = (
        _read_shards(served[SHARDS])
        if SHARDS in served
        else dict.fromkeys(packaged, _SHARDS_BEFORE)
    )
    fewer = [code for code, shards in before.items() if packaged.get(code, 0) < shards]
    if fewer:
        wanted = ", ".join(f"{code}: {before[code]}" for code in fewer)
        raise Refused(
            f"Reports of this stage are in more shards than its catalogue would read. Set `shards` "
            f"in its catalogue.json to at least these: {wanted}. If no report shall stay: "
            f"REPLACE={SHARDS}"
        )


def _read_shards(text: str) -> dict[str, int]:
    pairs = (each.partition("=") for each in text.split())
    return {code: int(count) for code, _, count in pairs}
