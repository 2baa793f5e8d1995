// What followed from the labels that were set: how a task differs from its first prediction.

import { element, score } from "./dom.js";
import { same } from "./given.js";

export function notes(panel, task) {
  const now = panel.items(task);
  const before = panel.items(task, panel.before);
  const gone = without(task, before, now);
  if (task.exclusive) return gone.length ? note(`before: ${names(panel, task, gone)}`) : null;
  const added = without(task, now, before);
  const lines = [];
  if (added.length) lines.push(note(`new: ${names(panel, task, added)}`));
  if (gone.length) lines.push(note(`no longer: ${names(panel, task, gone)}`));
  return lines.length ? lines : null;
}

// The tasks of which another answer says something else.
export function changed(panel, other) {
  return panel.tasks.filter((task) => {
    const [now, then] = [panel.items(task), panel.items(task, other)];
    return without(task, now, then).length + without(task, then, now).length > 0;
  });
}

function without(task, items, others) {
  return items.filter((one) => !others.some((other) => same(task, one, other)));
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
