"""Every event function of the app has its trigger."""

from collections.abc import Mapping

import pytest

from infra.local.triggers.pollers import Pollers


def test_every_event_function_of_the_app_is_fed(aws: Mapping[str, str]) -> None:
    from app import app

    Pollers(app, aws)
    with pytest.raises(ValueError, match="publish_notices"):
        Pollers(app, aws, without=["nothing"])
