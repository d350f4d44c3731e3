from collections.abc import Iterator

import pytest

from tests.web.cutter import Cutter


@pytest.fixture(scope="module")
def cutter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cutter]:
    running = Cutter(tmp_path_factory.mktemp("cutter"))
    yield running
    running.close()
