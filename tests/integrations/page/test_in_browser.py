"""The page in Chromium: what it shows, what a click changes, what it exports."""

import json
import re

import pytest

from causal_mtl.data import WhitespaceTokenizer, from_json

REVIEW = "The soup was delicious. Our waiter ignored us."
BEAN = "Alan Bean was born in Wheeler , Texas ."
CASE = "经审理查明：2015年1月，被告人吴某酒后驾驶小型轿车，血液中酒精含量为97mg/100ml。"


@pytest.fixture(scope="module")
def urls(chromium, at, reviews, mentions, nested, chinese, topics):
    return {
        "reviews": at(reviews),
        "mentions": at(mentions),
        "nested": at(nested),
        "chinese": at(chinese),
        "topics": at(topics),
        "two": at(reviews, mentions),
    }


def task(page, name, panel=0):
    return page.locator(".panel").nth(panel).locator(f"[data-task='{name}']")


def choice(page, name, label):
    return task(page, name).locator(".choice").filter(has=page.get_by_text(label, exact=True))


def mention(page, words):
    return page.locator(".mention").filter(has_text=re.compile(f"^{re.escape(words)}")).first


def exported(page):
    with page.expect_download() as download:
        page.get_by_role("button", name="Export gold").first.click()
    assert download.value.suggested_filename.endswith(".jsonl")
    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1
    record = json.loads(lines[0])
    return record, from_json(record, WhitespaceTokenizer())


@pytest.fixture
def refused(new_page):
    """Chromium logs answers that are errors; here they are expected."""
    yield
    new_page.wrong[:] = [said for said in new_page.wrong if not said.startswith("Failed to load resource")]


def test_tasks_in_the_order_of_the_graph(predict, urls):
    page = predict(urls["reviews"], REVIEW)
    assert page.locator("h3").all_text_contents() == ["food", "ambiance", "service", "noise", "rating"]
    for name in ("food", "rating"):
        assert task(page, name).locator(".choice[aria-pressed=true]").count() == 1
        shown = task(page, name).locator(".score").all_text_contents()
        assert all(re.fullmatch(r"0\.\d{3}|> 0\.999|< 0\.001", score) for score in shown), shown
    assert "looks at food, ambiance, service, noise" in task(page, "rating").inner_text()


def test_a_label_is_set_and_others_follow_until_reset(predict, urls):
    page = predict(urls["reviews"], REVIEW)
    before = task(page, "rating").locator(".score").all_text_contents()
    other = task(page, "food").locator(".choice[aria-pressed=false]").first
    label = other.locator(".name").inner_text()
    other.click()
    task(page, "food").get_by_text("set by you").wait_for()
    assert choice(page, "food", label).get_attribute("aria-pressed") == "true"
    assert task(page, "food").locator(".before").inner_text().startswith("before: ")
    assert task(page, "rating").locator(".score").all_text_contents() != before
    page.get_by_role("button", name="Reset").click()
    task(page, "food").get_by_text("set by you").wait_for(state="detached")
    assert task(page, "rating").locator(".score").all_text_contents() == before


def test_a_click_before_the_answer_to_another_loses_neither(predict, urls):
    page = predict(urls["reviews"], REVIEW)
    page.evaluate(
        "for (const task of ['food', 'noise']) document.querySelector(`[data-task=${task}] .choice`).click()"
    )
    for name in ("noise", "food"):
        task(page, name).get_by_text("set by you").wait_for()


def test_gold_of_texts(predict, urls):
    page = predict(urls["reviews"], REVIEW)
    choice(page, "food", "Negative").click()
    task(page, "food").get_by_text("set by you").wait_for()
    record, instance = exported(page)
    assert record["annotations"]["food"] == {"labels": ["Negative"]}
    assert set(instance.annotations) == {"food", "ambiance", "service", "noise", "rating"}
    assert "scores" not in json.dumps(record)


def test_a_mention_is_changed_and_relations_follow(predict, urls):
    page = predict(urls["mentions"], BEAN)
    mention(page, "Alan Bean").click()
    page.get_by_role("button", name="Remove").click()
    task(page, "entities").get_by_text("set by you").wait_for()
    assert mention(page, "Alan Bean").count() == 0
    assert "no longer: Alan Bean" in task(page, "entities").inner_text()
    record, instance = exported(page)
    assert "Alan Bean" not in [span["text"] for span in record["annotations"]["entities"]["spans"]]
    assert not any(relation.head.start == 0 for relation in instance.annotations["relations"].relations)


def test_words_become_a_mention(predict, urls):
    page = predict(urls["mentions"], BEAN)
    count = page.locator(".mention").count()
    page.locator(".word", has_text="was").click()
    page.get_by_role("button", name="End one word later").click()
    assert page.locator(".range").inner_text() == "was born"
    page.locator("dialog .choice").first.click()
    mention(page, "was born").wait_for()
    assert page.locator(".mention").count() == count + 1  # the rest is predicted around it
    assert "1 set by you" in task(page, "entities").inner_text()
    mention(page, "was born").click()
    page.get_by_role("button", name="Leave to the model").click()
    mention(page, "was born").wait_for(state="detached")


def test_words_are_marked_with_the_mouse(predict, urls):
    page = predict(urls["mentions"], BEAN)
    first = page.locator(".word", has_text="was").bounding_box()
    last = page.locator(".word", has_text="in").bounding_box()
    page.mouse.move(first["x"] + 2, first["y"] + first["height"] / 2)
    page.mouse.down()
    page.mouse.move(last["x"] + last["width"] - 2, last["y"] + last["height"] / 2, steps=4)
    page.mouse.up()
    page.locator("dialog .range", has_text="was born in").wait_for()


def test_what_the_model_cannot_hold_is_said_and_changes_nothing(predict, urls, refused):
    page = predict(urls["mentions"], BEAN)
    for word in ("was", "born"):
        page.locator(".word", has_text=word).click()
        if word == "born":
            page.get_by_role("button", name="Begin one word earlier").click()
        page.locator("dialog .choice").first.click()
        if word == "was":
            mention(page, "was").wait_for()
    problem = page.locator(".panel > .problem")
    problem.wait_for()
    assert "overlap, which the tags of this task cannot hold" in problem.inner_text()
    assert "1 set by you" in task(page, "entities").inner_text()
    page.get_by_role("button", name="Reset").click()
    problem.wait_for(state="hidden")


def test_relations_are_added_and_removed(predict, urls):
    page = predict(urls["mentions"], BEAN)
    rows = task(page, "relations").locator(".relation")
    count = rows.count()
    page.locator("summary", has_text="Add a relation").click()
    page.get_by_label("head", exact=True).select_option(index=1)
    page.get_by_label("tail", exact=True).select_option(index=0)
    label = page.get_by_label("label", exact=True).locator("option").last.inner_text()
    page.get_by_label("label", exact=True).select_option(label)
    page.get_by_role("button", name="Add", exact=True).click()
    task(page, "relations").get_by_text("1 set by you").wait_for()
    assert rows.count() == count + 1
    record, _ = exported(page)
    added = next(one for one in record["annotations"]["relations"]["relations"] if one["label"] == label)
    spans = {(one["start"], one["end"]): one["label"] for one in record["annotations"]["entities"]["spans"]}
    assert spans[added["head"]["start"], added["head"]["end"]] == added["head"]["label"]
    rows.filter(has_text="set").click()
    page.get_by_role("button", name="Remove").click()
    task(page, "relations").get_by_text("1 set by you").wait_for(state="detached")
    assert rows.count() == count


def test_mentions_that_overlap(predict, urls):
    page = predict(urls["nested"], BEAN)
    for number, (word, direction, more) in enumerate(
        (("was", "End one word later", 2), (",", "Begin one word earlier", 3))
    ):
        page.locator(".word", has_text=word).click()
        for _ in range(more):
            page.get_by_role("button", name=direction).click()
        page.locator("dialog .choice").first.click()
        task(page, "entities").get_by_text(f"{number + 1} set by you").wait_for()
    assert mention(page, "born in Wheeler ,").is_visible()
    assert page.locator(".overlapping").get_by_text("was born in").is_visible()
    record, instance = exported(page)
    assert {"was born in", "born in Wheeler ,"} <= {
        span["text"] for span in record["annotations"]["entities"]["spans"]
    }
    assert not instance.annotations["entities"].unplaced


def test_relations_between_words(predict, urls):
    page = predict(urls["nested"], BEAN)
    page.locator("summary", has_text="Add a relation").click()
    page.get_by_label("head", exact=True).select_option("Bean")
    page.get_by_label("tail", exact=True).select_option("Texas")
    page.get_by_role("button", name="Add", exact=True).click()
    task(page, "relations").get_by_text("1 set by you").wait_for()
    _, instance = exported(page)
    places = {(one.head.start, one.tail.start) for one in instance.annotations["relations"].relations}
    assert (1, 7) in places


def test_any_number_of_labels(predict, urls):
    page = predict(urls["topics"], "about topic 7 and topic 1")
    held = task(page, "topics").locator(".choice[aria-pressed=true]")
    count = held.count()
    page.get_by_role("button", name="more labels").click()
    page.get_by_role("searchbox").fill("topic 12")
    page.keyboard.press("Enter")
    task(page, "topics").get_by_text("1 set by you").wait_for()
    assert held.count() == count + 1
    choice(page, "topics", "topic 12").click()  # it does not hold: from now on all is set
    task(page, "topics").get_by_text("set by you", exact=True).wait_for()
    assert held.count() == count
    assert "topic 12" not in exported(page)[0]["annotations"]["topics"]["labels"]


def test_words_are_shaded_by_what_they_do(predict, urls):
    page = predict(urls["reviews"], REVIEW)
    page.locator("summary", has_text="Which words matter").click()
    page.locator(".words table").wait_for()
    assert page.locator(".shading .text").inner_text() == REVIEW
    depths = [
        float(one.evaluate("one => one.style.getPropertyValue('--depth')"))
        for one in page.locator(".shading .text .effect").all()
    ]
    assert len(depths) == len(REVIEW.split())
    assert max(depths) > 0
    assert (
        page.locator(".shading .text .effect").first.evaluate("one => getComputedStyle(one).backgroundColor")
        != "rgba(0, 0, 0, 0)"
    )
    first = page.locator(".words table").inner_text()
    page.get_by_label("Task", exact=True).select_option("food")
    page.wait_for_function("old => document.querySelector('.words table').innerText !== old", arg=first)
    assert page.get_by_label("Label", exact=True).input_value() in ("Positive", "Negative", "unknown")


def test_chinese_has_no_blanks(predict, urls):
    page = predict(urls["chinese"], CASE)
    page.locator("summary", has_text="Which words matter").click()
    page.locator(".words table").wait_for()
    assert page.locator(".shading .text").inner_text() == CASE
    record, instance = exported(page)
    assert record["text"] == CASE
    assert len(instance.tokens) == len(CASE)


def test_characters_of_two_units_are_not_cut(predict, urls):
    text = "😀 Alan Bean was born in 𠮷 ."
    page = predict(urls["mentions"], text)
    page.locator(".word", has_text="𠮷").or_(mention(page, "𠮷")).first.click()
    page.locator("dialog .choice").first.click()
    page.get_by_text("1 set by you").wait_for()
    record, instance = exported(page)
    spans = [span for span in record["annotations"]["entities"]["spans"] if span["text"] == "𠮷"]
    assert [text[span["start"] : span["end"]] for span in spans] == ["𠮷"]
    assert not instance.annotations["entities"].unplaced


def test_text_is_never_read_as_html(predict, urls):
    page = predict(urls["mentions"], "<img src=//evil.example/a onerror=alert(1)> <b>Alan</b> Bean")
    assert page.locator("img, .text b").count() == 0
    assert page.locator(".text").inner_text().startswith("<img src=//evil.example/a onerror=alert(1")


def test_two_models_beside_each_other(predict, urls):
    page = predict(urls["two"], BEAN)
    page.locator(".panel").nth(1).locator(".text").wait_for()
    assert page.locator("h2").all_text_contents() == ["reviews", "mentions"]
    left, right = (page.locator(".panel").nth(number).bounding_box() for number in (0, 1))
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] < right["x"]
    choice(page, "food", "Negative").click()
    task(page, "food").get_by_text("set by you").wait_for()
    assert page.locator(".panel").nth(1).get_by_text("set by you").count() == 0


def test_what_goes_wrong_is_said(new_page, urls, refused):
    page = new_page(urls["reviews"])
    page.get_by_role("button", name="Predict").click()
    assert page.locator("#problem").inner_text() == "Type a text first."
    page.fill("#text", "a" * 20_001)
    page.get_by_role("button", name="Predict").click()
    page.locator(".panel > .problem", has_text="20,001 characters are too many").wait_for()
    page.route("**/predict", lambda route: route.abort())
    page.get_by_role("button", name="Predict").click()
    page.get_by_text("The server does not answer").wait_for()


def test_another_machine_is_not_reached(new_page, urls):
    page = new_page(urls["reviews"])
    asked = page.evaluate("fetch('http://evil.example/').then(() => 'reached', () => 'refused')")
    assert asked == "refused"
    assert new_page.wrong  # the policy's complaint: what these tests would fail by
    new_page.wrong.clear()
