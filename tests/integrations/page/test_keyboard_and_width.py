"""The page without a mouse, and on the screen of a telephone."""

import pytest

REVIEW = "The soup was delicious. Our waiter ignored us."
BEAN = "Alan Bean was born in Wheeler , Texas ."
NARROW = 375


@pytest.fixture(scope="module")
def urls(chromium, at, reviews, mentions, chinese):
    return {"reviews": at(reviews), "mentions": at(mentions), "all": at(reviews, mentions, chinese)}


def focused(page, property_):
    return page.evaluate(f"document.activeElement.{property_}")


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def test_labels_are_reached_and_set_with_keys(predict, urls):
    page = predict(urls["reviews"], REVIEW)
    assert focused(page, "id") == "text"
    seen = []
    for _ in range(7):
        press(page, "Tab")
        seen.append(focused(page, "innerText").split("\n")[0])
    # Reset is not reached: nothing is set yet.
    assert seen == ["Predict", "Export gold", "Negative", "Positive", "unknown", "Negative", "Positive"]
    press(page, "Enter")
    page.locator("[data-task=ambiance] .set").first.wait_for()
    assert focused(page, "dataset.key") == "ambiance/Positive"  # though all was drawn anew
    press(page, "Space")
    page.locator("[data-task=ambiance] .set").first.wait_for(state="detached")


def test_the_focus_stays_in_a_task_whose_change_is_undone(predict, urls):
    page = predict(urls["reviews"], REVIEW)
    page.locator("[data-task=service] .choice").last.focus()
    press(page, "Enter")
    undo = page.get_by_role("button", name="Undo what was set in service")
    undo.focus()
    press(page, "Enter")
    undo.wait_for(state="detached")
    assert focused(page, "dataset.key") == "service/Negative"


def test_focus_can_be_seen(predict, urls):
    page = predict(urls["reviews"], REVIEW)
    press(page, "Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2


def test_a_mention_is_changed_with_keys(predict, urls):
    page = predict(urls["mentions"], BEAN)
    mention = page.locator(".mention").first
    mention.focus()
    key = focused(page, "dataset.key")
    press(page, "Enter")
    page.locator("dialog").wait_for()
    assert focused(page, "ariaPressed") == "true"  # the label that it has
    press(page, "Escape")
    page.locator("dialog").wait_for(state="detached")
    assert focused(page, "dataset.key") == key
    press(page, "Space")
    page.locator("dialog").wait_for()
    press(page, "ArrowDown", "ArrowUp", "Enter")
    page.get_by_text("1 set by you").wait_for()
    assert focused(page, "dataset.key") == key


def test_words_are_taken_with_keys(predict, urls):
    page = predict(urls["mentions"], BEAN)
    page.locator(".word", has_text="was").focus()
    press(page, "Shift+ArrowRight")
    assert page.locator(".taken").all_text_contents() == ["was", "born"]
    press(page, "Escape")
    assert page.locator(".taken").count() == 0
    press(page, "ArrowLeft", "Shift+ArrowRight", "Shift+ArrowRight", "Enter")
    page.locator("dialog").wait_for()
    assert page.locator(".range").inner_text() == "was born in"
    press(page, "Enter")
    page.locator(".mention.is-set", has_text="was born in").wait_for()


def test_everything_that_can_be_used_has_a_name(predict, urls):
    page = predict(urls["mentions"], BEAN)
    page.locator("summary", has_text="Add a relation").click()
    page.locator("summary", has_text="Which words matter").click()
    page.locator(".words table").wait_for()
    page.locator(".mention").first.click()
    page.locator("dialog").wait_for()
    for one in page.locator("button, select, input, textarea, [role=button], dialog, section").all():
        named = one.evaluate(
            "one => one.ariaLabel || one.labels?.[0]?.innerText || (one.matches('section') ? '' : one.innerText)"
        )
        assert named.strip(), one.evaluate("one => one.outerHTML")


def test_what_happens_is_announced(predict, urls):
    page = predict(urls["reviews"], REVIEW)
    assert page.get_by_role("status").text_content() == "Predicted"
    page.locator("[data-task=food] .choice").first.click()
    page.locator("[data-task=food] .set").first.wait_for()
    said = page.get_by_role("status").text_content()
    assert said.startswith("reviews: food is set to Negative")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_screen_shows_all(predict, urls, scheme):
    page = predict(urls["all"], BEAN, width=NARROW, color_scheme=scheme, has_touch=True)
    page.locator(".panel").nth(2).locator(".task").first.wait_for()
    for one in page.locator("summary", has_text="Which words matter").all():
        one.tap()
    page.locator(".words table").nth(2).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    page.locator(".mention").first.tap()
    menu = page.locator("dialog")
    menu.wait_for()
    box = menu.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= NARROW
    assert all(one.bounding_box()["height"] >= 36 for one in menu.locator(".choice, .arrow").all())


def test_colours_can_be_read(predict, urls):
    """The ratio of contrast that WCAG asks for (4.5), for text on its own background."""
    for scheme in ("light", "dark"):
        page = predict(urls["mentions"], BEAN, color_scheme=scheme)
        for selector in (".note", ".tag", ".mention", "#predict", "h3"):
            assert page.locator(selector).first.evaluate(CONTRAST) >= 4.5, (scheme, selector)


CONTRAST = """
one => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  let behind = one;
  while (rgb(getComputedStyle(behind).backgroundColor)[3] < 255) behind = behind.parentElement;
  const light = ([r, g, b]) => [r, g, b]
    .map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const ink = light(rgb(getComputedStyle(one).color));
  const ground = light(rgb(getComputedStyle(behind).backgroundColor));
  return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
}
"""
