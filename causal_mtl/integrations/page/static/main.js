// The page: a text, and beside each other what every model says of it.

import { ask } from "./api.js";
import { say } from "./dom.js";
import { Panel } from "./panel.js";

const form = document.getElementById("ask");
const text = document.getElementById("text");
const problem = document.getElementById("problem");
const place = document.getElementById("panels");
let panels = [];

async function start() {
  const { models } = await ask("/api/models");
  panels = models.map((model, number) => new Panel(number, model));
  document.body.classList.toggle("several", panels.length > 1);
  place.replaceChildren(...panels.map((panel) => panel.root));
  document.title = `${models.map((model) => model.name).join(", ")} · causal-mtl`;
}

async function predict() {
  problem.hidden = true;
  if (!text.value.trim()) {
    show("Type a text first.");
    text.focus();
    return;
  }
  const done = await Promise.all(panels.map((panel) => panel.open(text.value)));
  say(done.every(Boolean) ? "Predicted" : "");
}

function show(message) {
  problem.textContent = message;
  problem.hidden = false;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  predict();
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

start().catch((error) => show(error.message));
