// Small drawings: the line of a figure's past, and the strip of a link.

import { svg, set, say } from "./dom.js";
import { now } from "./time.js";

const known = (y) => Number.isFinite(y);

// Line draws figures over time, from 0 or the lowest of them up to the highest.
export class Line {
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.path = svg("path", { class: "line" });
    this.node = svg("svg", { class: "plot", width, height, viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" }, this.path);
    this.drawn = "";
  }

  // draw draws points [x, y], of which y may be null or NaN: not known. from and to bound x.
  draw(points, from, to, fromZero) {
    let low = fromZero ? 0 : Infinity;
    let high = -Infinity;
    for (const [, y] of points) {
      if (!known(y)) continue;
      if (y < low) low = y;
      if (y > high) high = y;
    }
    let d = "";
    if (high >= low) {
      const flat = high === low;
      const across = this.width / (to - from || 1);
      const up = flat ? 0 : (this.height - 3) / (high - low);
      let pen = false;
      for (const [x, y] of points) {
        if (!known(y)) {
          pen = false;
          continue;
        }
        const height = flat ? (fromZero ? 1 : this.height / 2) : 1.5 + (y - low) * up;
        d += `${pen ? "L" : "M"}${((x - from) * across).toFixed(1)} ${(this.height - height).toFixed(1)}`;
        pen = true;
      }
    }
    if (d !== this.drawn) {
      this.drawn = d;
      set(this.path, "d", d);
    }
  }
}

export const day = 24 * 3600e3;

// Strip draws the states of the last 24 hours, each change [{at, state}] as an upright line at least.
export class Strip {
  constructor() {
    this.name = svg("title");
    this.parts = svg("g");
    this.node = svg("svg", { class: "strip", viewBox: "0 0 1440 10", preserveAspectRatio: "none", role: "img" }, this.name, this.parts);
  }

  draw(changes, label) {
    const end = now();
    const begin = end - day;
    const x = (at) => Math.max(0, (Math.min(at, end) - begin) / 60e3);
    const up = [];
    const down = [];
    changes.forEach((change, i) => {
      if (change.state === "closed") return; // before the gateway began
      const next = changes[i + 1];
      const left = x(Date.parse(change.at));
      const right = next ? x(Date.parse(next.at)) : 1440;
      if (right <= 0) return;
      const good = change.state === "online";
      const width = good ? right - left : Math.max(right - left, 6);
      (good ? up : down).push(svg("rect", { x: Math.min(left, 1440 - width).toFixed(2), y: 0, width: width.toFixed(2), height: 10, "data-state": change.state }));
    });
    this.parts.replaceChildren(...up, ...down); // what was short is never hidden
    say(this.name, label);
    set(this.node, "aria-label", label);
  }
}
