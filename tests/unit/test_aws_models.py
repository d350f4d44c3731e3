import re
from pathlib import Path

import pytest
from botocore.exceptions import UnknownServiceError

from chalicelib.aws.clients import SERVICES, Models

_CODE = Path(__file__).parents[2] / "chalicelib"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_is_used_has_its_model(service: str) -> None:
    assert Models().load_service_model(service, "service-2")["operations"]


def test_the_service_of_every_client_is_known() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in _CODE.rglob("*.py"))
    assert {"s3", *re.findall(r'\bclient\("([a-z0-9-]+)"', code)} == set(SERVICES)


def test_no_other_service_is_looked_for() -> None:
    with pytest.raises(UnknownServiceError):
        Models().load_service_model("ec2", "service-2")
