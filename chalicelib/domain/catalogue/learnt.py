"""The categories that admins have added, as this process knows them.

A code is checked where a request is parsed, and a label is read where a text is written. Neither
may wait for the database, so `store/catalogue.LiveCatalogue` keeps this copy up to date.
"""

from collections.abc import Iterable, Mapping

from chalicelib.domain.catalogue.model import Category, NamedCategory, catalogue
from chalicelib.kernel import languages

_known: dict[str, NamedCategory] = {}


def learn(categories: Iterable[Category]) -> None:
    """Know the added ones of these categories from now on, and no others."""
    added = {each.code: each for each in categories if isinstance(each, NamedCategory)}
    wordings: dict[str, dict[str, str]] = {}
    for category in added.values():
        for language, said in category.wordings.items():
            wordings.setdefault(language, {}).update(said)
    _known.clear()
    _known.update(added)
    languages.learn(wordings)


def codes() -> tuple[str, ...]:
    return tuple(_known)


def urgency_of(category: str) -> str | None:
    """Return the urgency of reports in a category, of the city or an added one; None if unknown."""
    of_the_city = (each for each in catalogue().categories if each.code == category)
    found = next(of_the_city, None) or _known.get(category)
    return found.urgency if found else None


def is_never_limited(category: str) -> bool:
    """Return whether reports in a category are never refused; no added one is such."""
    return any(each.code == category and each.never_limited for each in catalogue().categories)


def kin_of(category: str | None) -> tuple[str, ...]:
    """Return the categories in which a report of the same event may be, by the city's files."""
    pairs = [(each.code, kin) for each in catalogue().categories for kin in each.kin]
    found = (pair[pair[0] == category] for pair in pairs if category in pair)
    return tuple(dict.fromkeys(found))


def labels_of(category: str) -> Mapping[str, str] | None:
    """Return the labels of an added category, by language; None for one of the city's files.

    A report keeps them, for the functions that send notices and have no catalogue.
    """
    added = _known.get(category)
    if added is None:
        return None
    key = f"category.{category}"
    return {language: said[key] for language, said in added.wordings.items()}
