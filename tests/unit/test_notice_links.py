"""A notice leads to a page of the console; to a route of the API where no console is."""

import pytest

from chalicelib.domain.notices.notice import NoticeLinks

BASE = "https://tips.example.org"


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/v1/officer/reports/R1", "/console/reports/R1"),
        (
            "/v1/officer/reports?category=other&district=chaoyang",
            "/console/reports?category=other&district=chaoyang",
        ),
        ("/v1/officer/bulletins/B-1", "/console/bulletins/B-1"),
        ("/v1/officer/exports/E1", "/console/exports/E1"),
        ("/v1/officer/me", "/console/"),
        ("/v1/admin/officers", "/console/admin/officers"),
        ("/v1/elsewhere", "/v1/elsewhere"),
    ],
)
def test_each_path_of_a_notice_has_its_page(path: str, page: str) -> None:
    assert NoticeLinks(BASE, console=True).to(path) == f"{BASE}{page}"
    assert NoticeLinks(BASE, console=False).to(path) == f"{BASE}{path}"
