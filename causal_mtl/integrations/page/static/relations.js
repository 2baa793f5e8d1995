// The relations of a task: one row each, and a form for another one.

import { button, element, score } from "./dom.js";
import { add, exchange, isSet, replace, withdraw } from "./given.js";
import { choose } from "./menu.js";

export function drawRelations(panel, task) {
  const relations = panel.items(task);
  return [
    relations.length === 0 ? element("p", { class: "none" }, "none") : null,
    element("ul", { class: "relations" }, relations.map((one, index) => element("li", {}, row(panel, task, one, index)))),
    form(panel, task),
  ];
}

function row(panel, task, relation, index) {
  const set = isSet(panel.given, task, relation);
  const [head, tail] = [relation.head, relation.tail].map((end) => panel.shown.slice(end.start, end.end));
  return element("button", {
    type: "button",
    class: set ? "choice relation is-set" : "choice relation",
    "aria-label": `${head}, ${relation.label}, ${tail}: change`,
    "--share": relation.score ?? 0,
    "data-key": `${task.name}/${index}`,
    onclick: (event) => edit(panel, task, relation, event.currentTarget),
  },
  element("span", { class: "name" }, head, element("span", { class: "label" }, `${relation.label} →`), tail),
  set ? element("span", { class: "set" }, "set") : null,
  element("span", { class: "score" }, score(relation.score)));
}

async function edit(panel, task, old, near) {
  const set = isSet(panel.given, task, old);
  const chosen = await choose({
    title: "Change the relation",
    near,
    options: options(task, old.label),
    actions: [
      ...(set && !panel.given[task.name].whole ? [{ name: "Leave to the model", value: { withdraw: true } }] : []),
      { name: "Remove", value: { remove: true }, class: "danger" },
    ],
  });
  if (!chosen) return;
  const { given } = panel;
  const item = { ...old, label: chosen.label };
  if (chosen.withdraw) panel.change(withdraw(given, task, old), "the relation is left to the model");
  else if (chosen.remove) panel.change(replace(given, task, panel.items(task), old), "the relation is removed");
  else if (set) panel.change(exchange(given, task, old, item), `the relation is ${chosen.label}`);
  else if (chosen.label === old.label) panel.change(add(given, task, item), `the relation is ${chosen.label}`);
  else panel.change(replace(given, task, panel.items(task), old, item), `the relation is ${chosen.label}`);
}

function options(task, label) {
  return task.labels.map((name) => ({ name, value: { label: name }, pressed: name === label }));
}

// Where a task has no mentions its relations hold between words.
function ends(panel, task) {
  const places = task.mentions
    ? panel.answer.record.annotations[task.mentions].spans
    : panel.shown.offsets.map(([start, end]) => ({ start, end }));
  return places.map(({ start, end }) => ({ start, end, name: panel.shown.slice(start, end) }));
}

function form(panel, task) {
  const places = ends(panel, task);
  if (places.length === 0) return null;
  const select = (name, names) => element("select", { "aria-label": name, "data-key": `${task.name}/${name}` },
    names.map((one, index) => element("option", { value: index }, one)));
  const head = select("head", places.map((one) => one.name));
  const label = select("label", task.labels);
  const tail = select("tail", places.map((one) => one.name));
  if (places.length > 1) tail.value = "1";
  const made = () => ({ label: task.labels[label.value], head: places[head.value], tail: places[tail.value] });
  const details = element("details", { class: "add", open: panel.opened.has(task.name) },
    element("summary", { "data-key": `${task.name}/add` }, "Add a relation"),
    element("div", { class: "row" }, head, label, tail,
      button("Add", { onclick: () => panel.change(add(panel.given, task, made()), "a relation is added") })));
  details.addEventListener("toggle", () => panel.opened[details.open ? "add" : "delete"](task.name));
  return details;
}
