// Words beside each other that are marked with the mouse or with Shift and the arrow keys, to become one mention.

export class Marks {
  constructor(view, done) {
    this.view = view;
    this.chosen = done;
    this.anchor = null;
    view.addEventListener("pointerdown", (event) => {
      this.clear();
      this.anchor = event.pointerType === "mouse" ? this.unit(event) : null; // a finger scrolls
    });
    view.addEventListener("pointermove", (event) => {
      if (event.buttons === 1 && this.anchor && this.unit(event)) this.to(this.unit(event));
    });
    view.addEventListener("pointerup", (event) => this.place && this.done(this.unit(event) ?? this.anchor));
  }

  unit(event) {
    return event.target.closest("[data-start]");
  }

  get units() {
    return [...this.view.querySelectorAll("[data-start]")];
  }

  // Where the marked words stand; null unless there are several.
  get place() {
    const taken = this.units.filter((one) => one.classList.contains("taken"));
    return taken.length < 2 ? null : { start: Number(taken[0].dataset.start), end: Number(taken.at(-1).dataset.end) };
  }

  done(near) {
    const { place } = this;
    this.clear();
    this.chosen(place, near);
  }

  // From where a marking began, or begins now, to the next word.
  extend(from, next) {
    this.anchor ??= from;
    this.to(next);
  }

  to(unit) {
    const units = this.units;
    const [from, to] = [units.indexOf(this.anchor), units.indexOf(unit)].sort((one, other) => one - other);
    units.forEach((one, index) => one.classList.toggle("taken", from <= index && index <= to && from < to));
  }

  clear() {
    this.anchor = null;
    for (const one of this.units) one.classList.remove("taken");
  }
}
