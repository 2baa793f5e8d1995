// The mentions of a task, marked in the text. A mention, or any words, can be clicked, or reached with Tab and the
// arrow keys: Enter opens the choice of labels, Shift and an arrow takes in more words.

import { element, hue, score } from "./dom.js";
import { add, exchange, isSet, replace, withdraw } from "./given.js";
import { Marks } from "./marks.js";
import { choose } from "./menu.js";
import { Range } from "./range.js";
import { samePlace, sharesWords } from "./text.js";

export function drawMentions(panel, task) {
  const spans = panel.items(task);
  const inline = apart(spans);
  const view = element("p", { class: "text", role: "group", "aria-label": `Text with ${task.name}` });
  let at = 0;
  for (const unit of units(panel.shown, inline)) {
    view.append(panel.shown.slice(at, unit.start), unit.label ? mention(panel, task, unit) : word(panel, task, unit));
    at = unit.end;
  }
  view.append(panel.shown.slice(at));
  view.querySelector(".word")?.setAttribute("tabindex", "0");
  const marks = new Marks(view, (place, near) => edit(panel, task, place, null, near));
  view.addEventListener("keydown", (event) => walk(marks, event));
  const rest = spans.filter((span) => !inline.includes(span));
  return rest.length === 0 ? view : [view, element("p", { class: "overlapping" }, "overlapping: ",
    rest.map((span) => mention(panel, task, span)))];
}

// Spans that can stand in the text beside each other: the longest of those that overlap.
function apart(spans) {
  const taken = [];
  for (const span of [...spans].sort((one, other) => other.end - other.start - (one.end - one.start))) {
    if (!taken.some((one) => sharesWords(one, span))) taken.push(span);
  }
  return taken;
}

function units(shown, spans) {
  const words = shown.offsets
    .map(([start, end]) => ({ start, end }))
    .filter((one) => !spans.some((span) => sharesWords(span, one)));
  return [...spans, ...words].sort((one, other) => one.start - other.start);
}

function mention(panel, task, span) {
  const set = isSet(panel.given, task, span);
  const words = panel.shown.slice(span.start, span.end);
  const sure = set || span.score === undefined ? "set by you" : `score ${score(span.score)}`;
  return element("span", {
    class: set ? "mention is-set" : "mention",
    role: "button",
    tabindex: "0",
    "--hue": hue(task, span.label),
    "data-key": `${task.name}/${span.start}`,
    "data-start": span.start,
    "data-end": span.end,
    "aria-label": `${words}: ${span.label}, ${sure}`,
    onclick: (event) => edit(panel, task, span, span, event.currentTarget),
  }, words, element("span", { class: "tag" }, span.label), element("span", { class: "tag score" }, score(span.score)));
}

function word(panel, task, place) {
  return element("span", {
    class: "word",
    tabindex: "-1",
    "data-key": `${task.name}/${place.start}`,
    "data-start": place.start,
    "data-end": place.end,
    onclick: (event) => edit(panel, task, place, null, event.currentTarget),
  }, panel.shown.slice(place.start, place.end));
}

function walk(marks, event) {
  const at = marks.unit(event);
  if (event.key === "Escape") marks.clear();
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!at || !(by || event.key === "Enter" || event.key === " ")) return;
  event.preventDefault();
  if (!by) {
    if (marks.place) marks.done(at);
    else at.click();
    return;
  }
  const next = marks.units[marks.units.indexOf(at) + by];
  if (!next) return;
  if (event.shiftKey) marks.extend(at, next);
  else marks.clear();
  next.focus();
}

// Choose the label, and the first and last word, of a mention that there is (`old`), or will be.
async function edit(panel, task, place, old, near) {
  const range = new Range(panel.shown, place);
  const set = old && isSet(panel.given, task, old) && !panel.given[task.name].whole;
  const chosen = await choose({
    title: old ? "Change the mention" : "Mark as a mention",
    near,
    head: range.controls,
    options: task.labels.map((name) => ({ name, value: { label: name }, pressed: name === old?.label, hue: hue(task, name) })),
    actions: [
      ...(set ? [{ name: "Leave to the model", value: { withdraw: true } }] : []),
      ...(old ? [{ name: "Remove", value: { remove: true }, class: "danger" }] : []),
    ],
  });
  if (!chosen) return;
  const words = panel.shown.slice(range.start, range.end);
  if (chosen.withdraw) panel.change(withdraw(panel.given, task, old), `${words} is left to the model`);
  else if (chosen.remove) panel.change(removed(panel, task, old), `${words} is no mention`);
  else panel.change(changed(panel, task, old, { ...range.place, label: chosen.label }), `${words} is ${chosen.label}`);
}

function removed(panel, task, old) {
  return panel.followed(replace(panel.given, task, panel.items(task), old), task, old, null);
}

function changed(panel, task, old, item) {
  const { given } = panel;
  if (!old) return add(given, task, item);
  if (isSet(given, task, old)) return panel.followed(exchange(given, task, old, item), task, old, item);
  // What the model predicted there goes by itself where both cannot stand beside each other.
  if (samePlace(old, item) || !task.overlaps) return panel.followed(add(given, task, item), task, old, item);
  return panel.followed(replace(given, task, panel.items(task), old, item), task, old, item);
}
