// One model: what it says of the text, and what a person has set in it.

import { ask } from "./api.js";
import { changed, notes } from "./before.js";
import { button, element, redraw, say } from "./dom.js";
import { follow, request, unset } from "./given.js";
import { download, goldLine } from "./gold.js";
import { drawLabels } from "./labels.js";
import { drawMentions } from "./mentions.js";
import { drawRelations } from "./relations.js";
import { Text } from "./text.js";
import { Words } from "./words.js";

const DRAW = { labels: drawLabels, spans: drawMentions, relations: drawRelations };

export class Panel {
  constructor(number, model) {
    this.address = `/api/models/${number}`;
    this.name = model.name;
    this.tasks = model.tasks;
    this.given = {};
    this.opened = new Set(); // what a drawing must open again
    this.asked = 0;
    this.problem = element("p", { class: "problem", role: "alert", hidden: true });
    this.cards = element("div", { class: "cards" });
    this.words = new Words(this);
    this.resetButton = button("Reset", { class: "quiet reset", onclick: () => this.change({}, "Everything is predicted") });
    this.body = element("div", {},
      element("div", { class: "row" }, this.resetButton,
        button("Export gold", { class: "quiet export", onclick: () => this.save() })),
      this.cards, this.words.root);
    this.root = element("section", { class: "panel", "aria-label": `Model ${model.name}`, hidden: true },
      element("h2", {}, model.name), this.problem, this.body);
  }

  // A new text: nothing is set in it.
  async open(text) {
    this.text = text;
    return this.update({}, true);
  }

  // Other labels are set. What the model refuses is said, and nothing changes.
  async change(given, said) {
    const { answer } = this;
    if (!(await this.update(given, false))) return;
    const names = changed(this, answer).map((task) => task.name);
    say(`${this.name}: ${said}${names.length ? `; changed: ${names.join(", ")}` : ""}`);
  }

  // A click may come before the answer to an earlier one: it builds on what that one has set.
  async update(given, fresh) {
    const turn = ++this.asked;
    this.given = given;
    this.root.setAttribute("aria-busy", "true");
    try {
      const answer = await ask(`${this.address}/predict`, { text: this.text, given: request(given, this.tasks) });
      if (turn !== this.asked) return false;
      this.take(answer, given, fresh);
      return true;
    } catch (error) {
      if (turn === this.asked) this.fail(error, fresh);
      return false;
    } finally {
      if (turn === this.asked) this.root.removeAttribute("aria-busy");
    }
  }

  take(answer, given, fresh) {
    this.answer = answer;
    this.accepted = given;
    if (fresh) this.before = answer;
    this.shown = new Text(answer);
    this.root.hidden = this.body.hidden = false;
    this.problem.hidden = true;
    this.draw();
    this.words.refresh();
  }

  // Of a text that the model refuses nothing can be shown; of a label, what was there before.
  fail(error, fresh) {
    this.root.hidden = false;
    if (fresh) this.body.hidden = true;
    else this.given = this.accepted;
    this.problem.textContent = error.message;
    this.problem.hidden = false;
  }

  items(task, answer = this.answer) {
    return answer.record.annotations[task.name][task.kind];
  }

  // A mention of `task` is at another place (null: gone): relations that were set go with it.
  followed(given, task, from, to) {
    return follow(given, this.tasks, task, from, to);
  }

  draw() {
    this.resetButton.disabled = Object.keys(this.given).length === 0;
    redraw(this.cards, ...this.tasks.map((task) => this.card(task)));
  }

  card(task) {
    const set = this.given[task.name];
    return element("section", { class: `task of-${task.kind}${set ? " is-set" : ""}`, "aria-label": `Task ${task.name}`, "data-task": task.name },
      element("header", {},
        element("h3", {}, task.name),
        task.parents.length ? element("span", { class: "note" }, `looks at ${task.parents.join(", ")}`) : null,
        set ? element("span", { class: "set" }, set.whole ? "set by you" : `${set.items.length} set by you`) : null,
        set ? button("Undo", {
          class: "quiet undo",
          "data-key": `${task.name}/undo`,
          "aria-label": `Undo what was set in ${task.name}`,
          onclick: () => this.change(unset(this.given, task), `${task.name} is predicted`),
        }) : null),
      DRAW[task.kind](this, task),
      notes(this, task));
  }

  save() {
    download(`${this.name.replace(/[^\p{L}\p{N}._-]+/gu, "-")}.jsonl`, goldLine(this.answer.record, this.tasks));
    say(`${this.name}: exported as gold`);
  }
}
