// The first and the last word of a mention, moved by buttons: this works with a finger and with keys.

import { button, element } from "./dom.js";

export class Range {
  constructor(shown, place) {
    this.shown = shown;
    this.first = shown.tokenAt(place.start);
    this.last = shown.tokenTo(place.end);
    this.words = element("p", { class: "range", "aria-live": "polite" });
    this.buttons = [
      this.arrow("◂", "Begin one word earlier", () => this.move(-1, 0)),
      this.arrow("▸", "Begin one word later", () => this.move(1, 0)),
      this.arrow("◂", "End one word earlier", () => this.move(0, -1)),
      this.arrow("▸", "End one word later", () => this.move(0, 1)),
    ];
    const [back, on, shorter, longer] = this.buttons;
    this.controls = [element("div", { class: "ends" }, back, on, this.words, shorter, longer)];
    this.move(0, 0);
  }

  get start() {
    return this.shown.offsets[this.first][0];
  }

  get end() {
    return this.shown.offsets[this.last][1];
  }

  get place() {
    return { start: this.start, end: this.end };
  }

  arrow(sign, name, onclick) {
    return button(sign, { class: "arrow", "aria-label": name, title: name, onclick });
  }

  move(first, last) {
    this.first += first;
    this.last += last;
    this.words.textContent = this.shown.slice(this.start, this.end);
    const [back, on, shorter, longer] = this.buttons;
    back.disabled = this.first === 0;
    on.disabled = shorter.disabled = this.first === this.last;
    longer.disabled = this.last === this.shown.offsets.length - 1;
  }
}
