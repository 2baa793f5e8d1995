// A text by its characters. Offsets count code points, as Python does; JavaScript's own count UTF-16 units.

export class Text {
  constructor(answer) {
    this.points = Array.from(answer.record.text);
    this.offsets = answer.offsets;
  }

  slice(start, end) {
    return this.points.slice(start, end).join("");
  }

  // The index of the token that begins, or ends, at a character.
  tokenAt(start) {
    return this.offsets.findIndex((token) => token[0] === start);
  }

  tokenTo(end) {
    return this.offsets.findIndex((token) => token[1] === end);
  }
}

export function samePlace(one, other) {
  return one.start === other.start && one.end === other.end;
}

export function sharesWords(one, other) {
  return one.start < other.end && other.start < one.end;
}
