"""What a resident reads while the network, or the service, is away."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.residents import Resident, phone_photo
from tests.local.stack import Stack

LATER = {"Retry-After": "600"}


def _waiting(page: Page) -> Resident:
    """Return a resident whose report waits."""
    resident = Resident(page)
    resident.write("An old man at the bus stop.")
    resident.send()
    expect(resident.heading("waiting")).to_be_visible()
    return resident


@pytest.mark.thorough
def test_a_fault_of_the_service_is_not_one_of_the_network(open_page: OpenPage) -> None:
    page = open_page(service_workers="block")
    expect(Resident(page).button("category")).to_be_visible()
    page.route("**/v1/**", lambda route: route.fulfill(status=503))
    page.reload()
    expect(page.get_by_text("The service cannot be reached")).to_be_visible()
    Resident(page).begin()
    _waiting(page)
    expect(page.get_by_text("as soon as the service can be reached")).to_be_visible()
    expect(page.get_by_text("connection")).to_have_count(0)


@pytest.mark.thorough
def test_send_now_says_when_there_is_still_no_connection(page: Page) -> None:
    Resident(page).begin().lose_network()
    resident = _waiting(page)
    resident.button("Send now").click()
    expect(page.get_by_role("status").filter(has_text="still no connection")).to_be_in_viewport()


@pytest.mark.thorough
def test_send_now_says_when_the_service_does_not_answer(open_page: OpenPage) -> None:
    page = open_page(service_workers="block")
    Resident(page).begin()
    page.route("**/v1/**", lambda route: route.fulfill(status=503))
    resident = _waiting(page)
    resident.button("Send now").click()
    said = page.get_by_role("status")
    expect(said.filter(has_text="the service does not answer")).to_be_visible()
    page.route("**/v1/**", lambda route: route.fulfill(status=503, headers=LATER))
    # Once it has asked for time, nothing is tried before.
    with page.expect_response(lambda response: response.headers.get("retry-after") == "600"):
        resident.button("Send now").click()
    resident.button("Send now").click()
    expect(said.filter(has_text="The service asks to wait a little.")).to_be_visible()


@pytest.mark.thorough
def test_files_that_wait_are_not_said_to_be_sent(open_page: OpenPage, stack: Stack) -> None:
    held: list[Route] = []
    page = open_page(service_workers="block")
    page.route(f"{stack.outputs['aws']}/**", lambda route: held.append(route))
    resident = Resident(page).begin()
    resident.photograph(phone_photo())
    resident.send()
    expect(page.get_by_text("1 file is still being sent. Keep this page open.")).to_be_visible()
    page.context.set_offline(True)
    waits = page.get_by_text("As soon as the service can be reached and this page is open")
    expect(waits).to_contain_text("1 file is not sent yet.")
    resident.button("start").click()
    expect(page.locator(".unfinished")).to_contain_text("Files not all sent yet: 0 %")
    expect(waits).to_be_visible()
    expect(page.get_by_text("being sent")).to_have_count(0)
    page.get_by_role("button", name="Show or erase my receipt").click()
    # The network is back, but storage is not.
    page.route(f"{stack.outputs['aws']}/**", lambda route: route.abort())
    page.context.set_offline(False)
    for route in held:
        route.abort()
    expect(waits).to_be_visible()
    page.unroute_all()
    expect(page.get_by_text("All files are sent.")).to_be_visible()


@pytest.mark.thorough
def test_what_the_service_cannot_do_is_nothing_to_change(open_page: OpenPage) -> None:
    page = open_page(language="zh-CN")
    page.route("**/v1/reports/mine", lambda route: route.fulfill(status=503))
    resident = Resident(page, "zh-CN")
    resident.button("mine").click()
    resident.settle()
    page.get_by_label(resident.words["receipt"]).fill("回执：4J8Z T0W6 QK2N 9XVB 5M3H CRY7 EG")
    resident.button("open").click()
    summary = page.get_by_role("alert").filter(has_text="没有成功")
    expect(summary).to_contain_text("请注意以下问题")
