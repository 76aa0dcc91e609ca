"""From an empty page to part A: what there is before Python, and what Python finds when it comes."""

from playwright.sync_api import expect

from record import LAB


def test_the_lock_is_usable_before_python_and_python_then_opens_part_a(student, held, lab) -> None:
    page = student.page
    student.open()
    expect(page).to_have_title("Where does the time go? · ML Systems Labs")
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()
    expect(page.get_by_text(lab.briefing[0])).to_be_in_viewport()
    expect(page.get_by_text(lab.lock.question)).to_be_in_viewport()
    student.lock("3.2", "it has more arithmetic")
    expect(student.locks.first.locator(".frozen .big")).to_have_text("3.2×")
    expect(student.panel("A").get_by_role("radio", name="H100")).to_be_visible()
    assert page.locator("html").get_attribute("data-state") == "waiting"
    assert student.event("committed")["data"]["reason"] == "it has more arithmetic"

    # The runtime has been asked for; not a byte of it has come.
    student.until(lambda: held.routes)
    assert page.locator("html").get_attribute("data-state") == "waiting"
    held.release()
    student.is_live()
    expect(page.locator(".instrument svg")).to_have_count(1)
    assert [reading["settings"]["machine"] for reading in student.readings("A")] == ["A100", "H100"]
    expect(page.locator("#waiting")).to_have_count(0)
    assert page.evaluate("performance.getEntriesByName('committed-speedup')[0].startTime") < page.evaluate(
        "performance.getEntriesByName('live')[0].startTime"
    )


def test_the_site_works_below_a_folder_of_its_host(student) -> None:
    page = student.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    student.address += "/labs"
    page.goto(f"{student.address}/")
    page.get_by_role("link", name="Where does the time go?").click()
    expect(page).to_have_url(f"{student.address}/{LAB}.html")
    student.lock("3.2")
    student.is_live()
    expect(page.locator(".instrument svg")).to_have_count(1)
    page.get_by_role("link", name="ML Systems Labs").click()
    expect(page).to_have_url(f"{student.address}/index.html")
    outside = [url for url in asked if not url.startswith((f"{student.address}/", "data:", "blob:"))]
    assert not outside
