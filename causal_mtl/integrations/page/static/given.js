// The labels that a person has set in one model, by task: `{items, whole}`. Where they are not the whole, the model
// predicts the rest around them ("partial"). All functions return a new state.

import { samePlace } from "./text.js";

const BARE = { spans: bareSpan, relations: bareRelation, labels: (label) => label };

export function request(given, tasks) {
  const sent = {};
  for (const task of tasks) {
    const set = given[task.name];
    if (set) sent[task.name] = { [task.kind]: set.items, ...(set.whole ? {} : { partial: true }) };
  }
  return sent;
}

export function isSet(given, task, item) {
  return given[task.name]?.items.some((one) => same(task, one, item)) ?? false;
}

export function setLabel(given, task, label) {
  return { ...given, [task.name]: { items: [label], whole: true } };
}

// One item more; what the model predicts beside it stays the model's affair.
export function add(given, task, item) {
  const set = given[task.name] ?? { items: [], whole: false };
  const items = set.items.filter((one) => !same(task, one, item));
  return { ...given, [task.name]: { ...set, items: [...items, BARE[task.kind](item)] } };
}

// One item less, or another in its place. That something does not hold can only be said by naming all that does:
// from then on the task is set as a whole, as it is shown.
export function replace(given, task, shown, old, item = null) {
  const items = shown.filter((one) => !same(task, one, old) && !(item && same(task, one, item)));
  if (item) items.push(item);
  return { ...given, [task.name]: { items: items.map(BARE[task.kind]), whole: true } };
}

// Another item in place of one that a person has set.
export function exchange(given, task, old, item) {
  const set = given[task.name];
  const items = set.items.filter((one) => !same(task, one, old));
  return add({ ...given, [task.name]: { ...set, items } }, task, item);
}

// An item that a person has set among others that the model predicts is left to the model again.
export function withdraw(given, task, old) {
  const set = given[task.name];
  const items = set.items.filter((one) => !same(task, one, old));
  return items.length || set.whole ? { ...given, [task.name]: { ...set, items } } : unset(given, task);
}

export function unset(given, task) {
  const { [task.name]: _, ...others } = given;
  return others;
}

// What becomes of the relations that were set when a mention goes elsewhere (`to`), or away (null).
export function follow(given, tasks, mentions, from, to) {
  const followed = { ...given };
  for (const task of tasks) {
    const set = given[task.name];
    if (task.mentions !== mentions.name || !set) continue;
    const items = set.items
      .filter((one) => to || !(samePlace(one.head, from) || samePlace(one.tail, from)))
      .map((one) => ({ ...one, head: moved(one.head, from, to), tail: moved(one.tail, from, to) }));
    followed[task.name] = { ...set, items };
    if (!set.whole && items.length === 0) delete followed[task.name];
  }
  return followed;
}

export function same(task, one, other) {
  if (task.kind === "labels") return one === other;
  if (one.label !== other.label) return false;
  if (task.kind === "spans") return samePlace(one, other);
  return samePlace(one.head, other.head) && samePlace(one.tail, other.tail);
}

function moved(end, from, to) {
  return to && samePlace(end, from) ? { start: to.start, end: to.end } : end;
}

function bareSpan(span) {
  return { start: span.start, end: span.end, label: span.label };
}

function bareRelation(relation) {
  const end = ({ start, end }) => ({ start, end });
  return { label: relation.label, head: end(relation.head), tail: end(relation.tail) };
}
