// The corrected text as a line that the `jsonl` reader reads as gold: no scores, ends of relations as their mentions.

import { samePlace } from "./text.js";

export function goldLine(record, tasks) {
  const annotations = {};
  for (const task of tasks) {
    const items = record.annotations[task.name][task.kind];
    const mentions = task.mentions ? record.annotations[task.mentions].spans : [];
    const bare = { spans: span, relations: (one) => relation(one, mentions), labels: (label) => label };
    annotations[task.name] = { [task.kind]: items.map(bare[task.kind]) };
  }
  return JSON.stringify({ text: record.text, tokens: record.tokens, annotations }) + "\n";
}

export function download(name, line) {
  const address = URL.createObjectURL(new Blob([line], { type: "application/jsonl" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

function span({ start, end, tokens, label, text }) {
  return { start, end, tokens, label, text };
}

function relation(one, mentions) {
  const end = (place) => span({ ...place, label: mentions.find((other) => samePlace(other, place))?.label ?? place.label });
  return { label: one.label, head: end(one.head), tail: end(one.tail) };
}
