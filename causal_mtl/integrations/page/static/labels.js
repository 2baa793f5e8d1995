// The labels of the whole text: one row each, likeliest first where there are many. A click sets a label.

import { button, element, score } from "./dom.js";
import { add, isSet, replace, setLabel, unset } from "./given.js";
import { choose } from "./menu.js";

const SHOWN = 6;

export function drawLabels(panel, task) {
  const options = optionsOf(panel, task);
  const listed = options.length <= SHOWN ? options : likeliest(options);
  const more = options.length - listed.length;
  return element("div", { class: "labels" },
    listed.map((one) => row(panel, task, one)),
    more ? button(`${more} more labels…`, {
      class: "quiet more",
      "data-key": `${task.name}/more`,
      onclick: (event) => pick(panel, task, options, event.currentTarget),
    }) : null);
}

function optionsOf(panel, task) {
  const held = panel.items(task);
  const probabilities = panel.answer.probabilities[task.name] ?? {};
  return [...task.labels]
    .sort((one, other) => one.localeCompare(other, "en", { numeric: true }))
    .map((name) => ({ name, probability: probabilities[name], held: held.includes(name) }));
}

function likeliest(options) {
  const sorted = [...options].sort((one, other) => other.held - one.held || (other.probability ?? 0) - (one.probability ?? 0));
  return sorted.filter((one, index) => one.held || index < SHOWN);
}

function row(panel, task, option) {
  const set = isSet(panel.given, task, option.name);
  return element("button", {
    type: "button",
    class: set ? "choice is-set" : "choice",
    "aria-pressed": String(option.held),
    "--share": option.probability ?? 0,
    "data-key": `${task.name}/${option.name}`,
    onclick: () => press(panel, task, option),
  },
  element("span", { class: "name" }, option.name),
  set ? element("span", { class: "set" }, "set") : null,
  element("span", { class: "score" }, score(option.probability)));
}

function press(panel, task, { name, held }) {
  const { given } = panel;
  if (task.exclusive) {
    if (isSet(given, task, name)) panel.change(unset(given, task), `${task.name} is predicted`);
    else panel.change(setLabel(given, task, name), `${task.name} is set to ${name}`);
  } else if (held) {
    panel.change(replace(given, task, panel.items(task), name), `${name} does not hold`);
  } else {
    panel.change(add(given, task, name), `${name} holds`);
  }
}

async function pick(panel, task, options, near) {
  const chosen = await choose({
    title: task.name,
    near,
    options: options.map((one) => ({ ...one, value: one, pressed: one.held })),
  });
  if (chosen) press(panel, task, chosen);
}
