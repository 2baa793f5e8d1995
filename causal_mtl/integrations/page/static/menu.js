// A pop-up of choices. Escape, or a click beside it, closes it; the arrow keys go from choice to choice.

import { button, element, score } from "./dom.js";

const MANY = 10;
const NARROW = 600;

// Resolves to what was chosen: the value of an option or an action, or null. `head` are elements shown above the choices.
export function choose({ title, options, actions = [], head = [], near }) {
  return new Promise((resolve) => {
    const dialog = element("dialog", { class: "menu", "aria-label": title });
    let chosen = null;
    const close = (value) => {
      chosen = value;
      dialog.close();
    };
    const list = element("div", { class: "options" }, options.map((one) => choice(one, () => close(one.value))));
    dialog.append(
      element("p", { class: "menu-title" }, title),
      ...head,
      ...(options.length > MANY ? [filter(list)] : []),
      list,
      element("div", { class: "row" },
        actions.map((one) => button(one.name, { class: one.class ?? "quiet", onclick: () => close(one.value) })),
        button("Cancel", { class: "quiet", onclick: () => close(null) })),
    );
    dialog.addEventListener("click", (event) => event.target === dialog && outside(dialog, event) && close(null));
    dialog.addEventListener("keydown", (event) => step(dialog, event));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(chosen);
    });
    document.body.append(dialog);
    dialog.showModal();
    place(dialog, near);
    (dialog.querySelector("input, [aria-pressed=true]") ?? dialog.querySelector(".options button"))?.focus();
  });
}

function choice(option, onclick) {
  return element("button", {
    type: "button",
    class: option.hue ? "choice coloured" : "choice",
    "aria-pressed": String(Boolean(option.pressed)),
    "--hue": option.hue,
    "--share": option.probability ?? 0,
    onclick,
  }, element("span", { class: "name" }, option.name), element("span", { class: "score" }, score(option.probability)));
}

function filter(list) {
  const input = element("input", { type: "search", placeholder: "Filter", "aria-label": "Filter the choices" });
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase();
    for (const one of list.children) one.hidden = !one.textContent.toLowerCase().includes(wanted);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // else the same key would press what gets the focus back
    list.querySelector("button:not([hidden])")?.click();
  });
  return input;
}

function step(dialog, event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  const stops = [...dialog.querySelectorAll("input, button:not([hidden], [disabled])")];
  const at = stops.indexOf(document.activeElement);
  stops[(at + by + stops.length) % stops.length].focus();
}

function outside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}

// Below what was clicked, or above it where there is no room; on a narrow screen at the bottom, by the stylesheet.
function place(dialog, near) {
  if (!near || window.innerWidth < NARROW) return;
  const box = near.getBoundingClientRect();
  const own = dialog.getBoundingClientRect();
  const below = box.bottom + 6;
  const top = below + own.height < window.innerHeight ? below : Math.max(8, box.top - own.height - 6);
  dialog.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - own.width - 8))}px`;
  dialog.style.top = `${top}px`;
  dialog.classList.add("placed");
}
