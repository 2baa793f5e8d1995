// What followed from the labels that were set: how a task differs from its first prediction.

import { element, score } from "./dom.js";
import { same } from "./given.js";

export function notes(panel, task) {
  const now = panel.items(task);
  const before = panel.items(task, panel.before);
  const gone = before.filter((one) => !now.some((other) => same(task, one, other)));
  if (task.exclusive) return gone.length ? note(`before: ${names(panel, task, gone)}`) : null;
  const added = now.filter((one) => !before.some((other) => same(task, one, other)));
  const lines = [];
  if (added.length) lines.push(note(`new: ${names(panel, task, added)}`));
  if (gone.length) lines.push(note(`no longer: ${names(panel, task, gone)}`));
  return lines.length ? lines : null;
}

function note(text) {
  return element("p", { class: "before" }, text);
}

function names(panel, task, items) {
  return items.map((one) => name(panel, task, one)).join("; ");
}

function name(panel, task, item) {
  if (task.kind === "labels") {
    const found = panel.before.probabilities[task.name]?.[item];
    return found === undefined || !task.exclusive ? item : `${item} (${score(found)})`;
  }
  const words = (place) => panel.shown.slice(place.start, place.end);
  if (task.kind === "spans") return `${words(item)} (${item.label})`;
  return `${words(item.head)} – ${item.label} → ${words(item.tail)}`;
}
