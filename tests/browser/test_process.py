"""What can be done with a process on its page: each action, and what others who look at it see of that."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.arranging import Rest, item_of
from tests.browser.conftest import Opens, told
from tests.fault_server import FaultServer

pytestmark = pytest.mark.asyncio(loop_scope="session")  # of the one browser


async def dialog_of(page: Page, action: str) -> Locator:
    """The form that the button of an action opens."""
    await page.locator("#process").get_by_role("link", name=action, exact=True).click()
    dialog = page.get_by_role("dialog", name=action)
    await expect(dialog).to_be_visible()
    return dialog


async def test_a_comment_appears_at_the_other_one_as_well(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Errand", what="bank")
    anna, ben = await opened("anna"), await opened("ben")
    hers, his = await anna.to(f"/processes/{process}"), await ben.to(f"/processes/{process}")

    await his.get_by_label("Add a comment").fill("Half a thought")
    await hers.get_by_label("Add a comment").fill("It is the one with the red door.")
    await hers.get_by_role("button", name="Comment", exact=True).click()

    await expect(hers.locator(".comments")).to_contain_text("the red door")
    await expect(his.locator(".comments")).to_contain_text("the red door")
    await expect(his.locator(".timeline")).to_contain_text("Anna Berg")
    await expect(his.get_by_label("Add a comment")).to_have_value("Half a thought")  # what he types is left alone


async def test_an_initiator_takes_a_request_back(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Errand", what="bank")
    anna, ben = await opened("anna"), await opened("ben")
    his = await ben.to(f"/work-items/{item_of(process)}")

    page = await anna.to(f"/processes/{process}")
    dialog = await dialog_of(page, "Terminate")
    await anna.has_no_fault_for_anybody()
    await dialog.get_by_label("Reason").fill("I was quicker.")
    await dialog.get_by_role("button", name="Terminate").click()

    await told(page, "The process is terminated.")
    await expect(page.locator(".status")).to_contain_text("Terminated")
    await expect(page.locator(".comments")).to_contain_text("I was quicker.")
    await expect(page.get_by_role("link", name="Terminate", exact=True)).to_have_count(0)
    await his.get_by_role("button", name="Approve").click()
    await expect(his.get_by_role("alert")).to_be_visible()


async def test_a_supervisor_pauses_resumes_and_ends_in_error(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Errand", what="bank")
    admin, anna = await opened("admin"), await opened("anna")
    page, hers = await admin.to(f"/processes/{process}"), await anna.to(f"/processes/{process}")

    await page.get_by_role("button", name="Pause").click()
    await told(page, "The process is paused")
    await expect(hers.locator(".status")).to_contain_text("Stopped")
    await expect(hers.locator(".waiting")).to_contain_text("Paused")
    await page.get_by_role("button", name="Resume").click()
    await told(page, "The process goes on.")
    await expect(hers.locator(".status")).to_contain_text("Running")

    dialog = await dialog_of(page, "End in error")
    await dialog.get_by_role("button", name="End in error").click()
    await told(page, "The process has ended in error.")
    await expect(hers.locator(".status")).to_contain_text("Error")


async def test_data_is_corrected(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Errand", what="bank")
    admin, anna = await opened("admin"), await opened("anna")
    page, hers = await admin.to(f"/processes/{process}"), await anna.to(f"/processes/{process}")

    dialog = await dialog_of(page, "Change data")
    await dialog.get_by_label("parcels").fill("many")
    await dialog.get_by_role("button", name="Change data").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("parcels")
    await dialog.get_by_label("parcels").fill("4")
    await dialog.get_by_label("Reason").fill("She said so on the phone.")
    await dialog.get_by_role("button", name="Change data").click()

    await told(page, "The data is changed.")
    await expect(hers.locator("dl.data")).to_contain_text("4")
    await expect(hers.locator(".comments")).to_contain_text("on the phone")


async def test_work_is_reassigned_and_answered_in_the_place_of_others(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Errand", what="bank")
    admin = await opened("admin")
    page = await admin.to(f"/processes/{process}")

    dialog = await dialog_of(page, "Reassign")
    await dialog.get_by_label("To").fill("nobody at all")
    await dialog.get_by_role("button", name="Reassign").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("nobody at all")
    await dialog.get_by_label("To").fill("kenji")
    await dialog.get_by_label("Comment").fill("He is there anyway.")
    await dialog.get_by_role("button", name="Reassign").click()
    await told(page, "Reassigned.")
    await expect(page.locator(".waiting")).to_contain_text("Kenji Mori can answer")

    dialog = await dialog_of(page, "Approve")
    await dialog.get_by_role("button", name="Approve").click()
    await told(page, "Approved.")
    await expect(page.locator(".status")).to_contain_text("Approved")


async def test_what_failed_is_retried_with_other_inputs(opened: Opens, rest: Rest, faults: FaultServer):
    process = await rest.failed_booking(faults, "/error?code=400&times=1&of=retry")
    admin = await opened("admin")
    page = await admin.to(f"/processes/{process}")

    await expect(page.locator(".waiting")).to_contain_text("Incident")
    await page.get_by_text("What was tried, and what came back").click()
    await expect(page.get_by_role("region", name="Tries")).to_contain_text("400")
    await admin.has_no_fault_for_anybody()
    dialog = await dialog_of(page, "Retry")
    await dialog.get_by_label("Inputs").fill("[1]")
    await dialog.get_by_role("button", name="Retry").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("no JSON object")
    await dialog.get_by_label("Inputs").fill('{"who": "room 14"}')
    await dialog.get_by_role("button", name="Retry").click()

    await told(page, "It is tried again.")
    await expect(page.locator(".status")).to_contain_text("Completed")
    assert faults.requests[-1].json == {"who": "room 14"}


async def test_what_failed_is_skipped_with_a_result(opened: Opens, rest: Rest, faults: FaultServer):
    process = await rest.failed_booking(faults, "/error?code=400&of=skip")
    admin = await opened("admin")
    page = await admin.to("/query?of=incidents&q=ResolutionTime+is+null+sort+OpenTime+desc")
    await page.locator(f'#rows a[href*="{process}"]').first.click()

    dialog = await dialog_of(page, "Skip")
    await dialog.get_by_label("Result").fill('{"message": "room 9"}')
    await dialog.get_by_role("button", name="Skip").click()

    await told(page, "Skipped: the process goes on without it.")
    await expect(page.locator(".status")).to_contain_text("Completed")


async def test_a_diagram_shows_where_it_stands_and_related_processes_are_linked(opened: Opens, rest: Rest):
    first = await rest.start("anna", "Errand", correlation="two errands", what="bank")
    second = await rest.start("anna", "Visit", correlation="two errands", guest="Ms Related")
    anna = await opened("anna")

    page = await anna.to(f"/processes/{first}")
    await expect(page.locator('[data-activity="ask"].here')).to_be_visible()
    await page.locator(".related").get_by_role("link", name="Visit").click()
    await page.wait_for_url(f"**/{second}")
    await expect(page.locator(".related")).to_contain_text("Errand")


async def test_a_comment_that_is_sent_twice_at_once_is_kept_once(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Errand", what="bank")
    anna = await opened("anna")
    page = await anna.to(f"/processes/{process}")

    await page.get_by_label("Add a comment").fill("Only once.")
    await page.get_by_role("button", name="Comment", exact=True).dblclick()
    await told(page, "Your comment is kept.")

    comments = (await rest("anna", "GET", f"/v1/wf/processes/{process}/comments")).json()
    assert [each["Comment"] for each in comments if "Only once." in str(each)] == ["Only once."]


async def test_a_form_that_is_refused_can_be_sent_again(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Errand", what="bank")
    admin = await opened("admin")
    page = await admin.to(f"/processes/{process}")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)

    dialog = await dialog_of(page, "Change data")
    await dialog.get_by_label("parcels").fill("many")
    await dialog.get_by_role("button", name="Change data").dblclick()
    await expect(dialog.get_by_role("alert")).to_contain_text("parcels")
    assert len(sent) == 1
    await dialog.get_by_label("parcels").fill("2")
    await dialog.get_by_role("button", name="Change data").click()
    await told(page, "The data is changed.")


async def test_a_dialog_that_was_closed_has_what_was_typed_when_it_is_opened_again(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Errand", what="bank")
    admin = await opened("admin")
    page = await admin.to(f"/processes/{process}")

    dialog = await dialog_of(page, "Terminate")
    await dialog.get_by_label("Reason").fill("For many reasons")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    other = await dialog_of(page, "Change data")
    await other.get_by_label("parcels").fill("7")
    await page.mouse.click(5, 5)
    await expect(other).to_be_hidden()

    dialog = await dialog_of(page, "Terminate")
    await expect(dialog.get_by_label("Reason")).to_have_value("For many reasons")
    await page.keyboard.press("Escape")
    other = await dialog_of(page, "Change data")
    await expect(other.get_by_label("parcels")).to_have_value("7")
    await other.get_by_role("button", name="Change data").click()
    await told(page, "The data is changed.")


#: Whether a part of the diagram lies within what is seen of it, and how large it is drawn.
_SEEN = """part => {
    const [box, place] = [part.closest(".picture").getBoundingClientRect(), part.getBoundingClientRect()];
    const svg = part.closest("svg");
    const isBetween = (begin, end) => place[begin] >= box[begin] && place[end] <= box[end];
    return {
        inside: isBetween("top", "bottom") && isBetween("left", "right"),
        scale: svg.getBoundingClientRect().width / svg.viewBox.baseVal.width,
    };
}"""


@pytest.mark.parametrize("viewport", [{"width": 1440, "height": 900}, {"width": 390, "height": 844}])
async def test_a_long_diagram_shows_where_it_stands_and_stays_where_it_is_moved(
    opened: Opens, rest: Rest, viewport: dict[str, int]
):
    process = await rest.start("anna", "Corridor")
    anna = await opened("anna", viewport=viewport)
    page = await anna.to(f"/processes/{process}")
    picture = page.locator(".picture")

    seen = await picture.locator(".here").evaluate(_SEEN)
    assert seen["inside"]
    assert 0.8 <= seen["scale"] <= 1.2
    await anna.has_no_fault_for_anybody()
    await picture.evaluate("picture => picture.scrollTo(0, 100)")
    await rest("ben", "POST", f"/v1/wf/processes/{process}/comments", json={"Comment": "A look at it"})
    await expect(page.locator(".comments")).to_contain_text("A look at it")
    assert await picture.evaluate("picture => picture.scrollTop") == 100

    page = await anna.to(f"/definitions/{await rest.definition('Corridor')}")
    seen = await page.locator(".picture g.start").evaluate(_SEEN)
    assert seen["inside"]
    assert 0.8 <= seen["scale"] <= 1.2
    await anna.has_no_fault_for_anybody()


async def test_what_happens_leaves_what_is_open_the_focus_and_the_place(opened: Opens, rest: Rest, faults: FaultServer):
    process = await rest.failed_booking(faults, "/error?code=400&of=stays")
    admin = await opened("admin", viewport={"width": 1440, "height": 500})
    page = await admin.to(f"/processes/{process}")
    opener = page.get_by_text("What was tried, and what came back")
    await opener.click()
    await page.get_by_role("link", name="Retry", exact=True).focus()

    await rest("admin", "POST", f"/v1/wf/processes/{process}/comments", json={"Comment": "First\n" * 9})
    await expect(page.locator(".comments li")).to_have_count(1)
    await expect(page.get_by_role("region", name="Tries")).to_be_visible()
    await expect(page.get_by_role("link", name="Retry", exact=True)).to_be_focused()

    last = page.locator(".timeline li").last
    await last.evaluate("last => last.scrollIntoView({block: 'center'})")
    before = await last.evaluate("last => last.getBoundingClientRect().top")
    await rest("admin", "POST", f"/v1/wf/processes/{process}/comments", json={"Comment": "Second\n" * 9})
    await expect(page.locator(".comments li")).to_have_count(2)
    after = await page.locator(".timeline li").last.evaluate("last => last.getBoundingClientRect().top")
    assert abs(after - before) <= 2


async def test_long_values_and_many_comments_do_not_push_the_rest_away(opened: Opens, rest: Rest):
    process = await rest.start("anna", "Visit", guest="A very long name. " * 1000)
    for number in range(53):
        await rest("anna", "POST", f"/v1/wf/processes/{process}/comments", json={"Comment": f"Number {number}."})
    anna = await opened("anna")
    page = await anna.to(f"/processes/{process}")

    box = await page.locator("dl.data").bounding_box()
    assert box is not None
    assert box["height"] < 400
    await expect(page.locator(".comments li")).to_have_count(50)
    await expect(page.locator(".comments")).to_contain_text("Number 52.")
    await anna.has_no_fault_for_anybody()
    await page.get_by_role("link", name="Show 3 earlier comments").click()
    await expect(page.locator(".comments")).to_contain_text("Number 0.")
    await expect(page.locator(".comments li")).to_have_count(53)
