// Elements made from data. Strings only ever become text, so nothing of a text or a label is read as HTML.

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) made.style.setProperty(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null));
  return made;
}

export function button(text, attributes = {}) {
  return element("button", { type: "button", ...attributes }, text);
}

export const HUES = [212, 28, 152, 330, 268, 188, 52, 0];

// A label's colour is that of its place among the labels of its task, so it is the same in every text.
export function hue(task, label) {
  return String(HUES[Math.max(0, task.labels.indexOf(label)) % HUES.length]);
}

export function score(value) {
  if (value === undefined || value === null) return "";
  if (value > 0.9995) return "> 0.999";
  return value < 0.0005 ? "< 0.001" : value.toFixed(3);
}

// Draws anew and puts the focus back on what had it: it has the same key. If it is gone, the focus stays in its task.
export function redraw(container, ...children) {
  const focused = document.activeElement;
  const inside = container.contains(focused);
  const key = focused.dataset?.key;
  const task = focused.closest?.("[data-task]")?.dataset.task;
  container.replaceChildren(...children);
  if (inside) (find(container, "key", key) ?? find(container, "task", task)?.querySelector("[data-key]"))?.focus();
}

function find(container, name, value) {
  return [...container.querySelectorAll(`[data-${name}]`)].find((one) => one.dataset[name] === value);
}

export function say(text) {
  document.getElementById("status").textContent = text;
}
