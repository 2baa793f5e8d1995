// What each word does to a label: n-grams are hidden in turn, the text is shaded by what that changes.

import { ask } from "./api.js";
import { element, score } from "./dom.js";
import { request } from "./given.js";

const SIZES = [1, 2, 3, 4];
const OUTSIDE = "O"; // the tag of a word that is in no mention

export class Words {
  constructor(panel) {
    this.panel = panel;
    this.asked = 0;
    this.target = this.select("Task", panel.tasks.map((task) => task.name), () => this.refresh(true));
    this.target.value = panel.tasks.at(-1).name;
    this.longest = this.select("N-grams up to", SIZES, () => this.refresh());
    this.longest.value = "3";
    this.outcome = this.select("Label", [], () => this.draw());
    this.body = element("div", { class: "shading", "aria-live": "polite" });
    this.root = element("details", { class: "words" },
      element("summary", {}, "Which words matter"),
      element("div", { class: "row" }, [this.target, this.outcome, this.longest].map((one) => this.labelled(one))),
      this.body);
    this.root.addEventListener("toggle", () => this.refresh());
  }

  select(name, values, onchange) {
    return element("select", { id: `${this.panel.address}/${name}`, name, onchange }, values.map((one) => element("option", {}, String(one))));
  }

  labelled(select) {
    return element("div", { class: "labelled" }, element("label", { class: "note", for: select.id }, select.name), select);
  }

  // Asks anew, if this is open; another label is chosen where the task is another one.
  async refresh(anew = false) {
    const { panel } = this;
    const turn = ++this.asked; // what is still to come belongs to another text
    this.root.removeAttribute("aria-busy");
    if (!this.root.open || !panel.answer) return;
    this.root.setAttribute("aria-busy", "true");
    try {
      const body = { text: panel.text, given: request(panel.given, panel.tasks), target: this.target.value, n: Number(this.longest.value) };
      const found = await ask(`${panel.address}/effects`, body);
      if (turn === this.asked) this.take(found, anew ? null : this.outcome.value);
    } catch (error) {
      if (turn === this.asked) this.body.replaceChildren(element("p", { class: "problem", role: "alert" }, error.message));
    } finally {
      if (turn === this.asked) this.root.removeAttribute("aria-busy");
    }
  }

  take(found, wanted) {
    this.found = found;
    const names = found.outcomes.map((one) => one.name);
    this.outcome.replaceChildren(...names.map((name) => element("option", {}, name)));
    this.outcome.value = names.includes(wanted) ? wanted : names.find((name) => name !== OUTSIDE) ?? names[0];
    this.draw();
  }

  draw() {
    const outcome = this.found.outcomes.find((one) => one.name === this.outcome.value);
    const deepest = Math.max(...this.found.outcomes.flatMap((one) => one.by_token.map(Math.abs)));
    this.body.replaceChildren(
      element("p", { class: "note" }, `probability ${score(outcome.probability)}; `,
        element("span", { class: "effect", "--depth": 60 }, "for"), " and ",
        element("span", { class: "effect against", "--depth": 60 }, "against"),
        ` the label; the deepest shade is ${deepest.toFixed(3)}`),
      this.shaded(outcome.by_token, deepest),
      ...table(outcome.strongest));
  }

  shaded(effects, deepest) {
    const { shown } = this.panel;
    const view = element("p", { class: "text" });
    let at = 0;
    shown.offsets.forEach(([start, end], index) => {
      const depth = deepest > 0 ? Math.round(75 * Math.abs(effects[index]) / deepest) : 0;
      view.append(shown.slice(at, start), element("span", {
        class: effects[index] < 0 ? "effect against" : "effect",
        "--depth": depth,
        title: signed(effects[index]),
      }, shown.slice(start, end)));
      at = end;
    });
    view.append(shown.slice(at));
    return view;
  }
}

function table(grams) {
  const title = "The strongest n-grams: what hiding each one takes from the probability";
  return [element("p", { class: "note" }, title), element("table", { "aria-label": title },
    element("tbody", {}, grams.map((one) => element("tr", {},
      element("td", {}, one.text), element("td", { class: "number" }, signed(one.effect))))))];
}

function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
}
