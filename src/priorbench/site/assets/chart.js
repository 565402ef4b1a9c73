"use strict";
/* What charts share: scales, axes with round numbers, and the frame. Drawn as SVG, which follows the
   theme and prints. */
const CHART = (() => {
  const MARGIN = { left: 56, right: 16, top: 12, bottom: 44 };

  /* Round numbers between two ends, with their decimals. */
  function ticks(low, high, count) {
    const raw = (high - low) / count || 1;
    const power = 10 ** Math.floor(Math.log10(raw));
    const unit = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= raw);
    const marks = [];
    for (let mark = Math.ceil(low / unit); mark * unit <= high + 1e-9 * unit; mark += 1) marks.push(mark * unit);
    const decimals = Math.max(0, -Math.floor(Math.log10(unit) + 1e-9));
    return marks.map((value) => [value, fixed(value, Math.min(decimals, 6))]);
  }

  /* Powers of ten between two ends, whose logarithms are given; 2 and 5 of each where they are few. */
  function powers(low, high) {
    const factors = high - low < 2 ? [1, 2, 5] : [1];
    const marks = [];
    for (let power = Math.floor(low); power <= high; power += 1) marks.push(...factors.map((factor) => factor * 10 ** power));
    return marks.filter((value) => Math.log10(value) >= low && Math.log10(value) <= high).map((value) => [value, String(Number(value.toPrecision(1)))]);
  }

  /* The ends of values, with a share of their distance more. */
  function range(values, share) {
    const low = values.reduce((a, b) => Math.min(a, b));
    const high = values.reduce((a, b) => Math.max(a, b));
    const more = share * (high - low) || (share ? 0.5 : 0);
    return { low: low - more, high: high + more };
  }

  /* A frame of a size with scales: {x(value), y(value), grid: nodes}. */
  function frame({ width, height, x, y, logarithmic, xTitle, yTitle }) {
    const { left, right, top, bottom } = MARGIN;
    const of = logarithmic ? Math.log10 : (value) => value;
    const px = (value) => left + ((of(value) - x.low) / (x.high - x.low || 1)) * (width - left - right);
    const py = (value) => height - bottom - ((value - y.low) / (y.high - y.low || 1)) * (height - top - bottom);
    const columns = logarithmic ? powers(x.low, x.high) : ticks(x.low, x.high, width / 110);
    const middle = (height - bottom + top) / 2;
    const grid = [
      ...columns.map(([value, text]) => h("g", {},
        h("line", { class: "grid", x1: px(value), x2: px(value), y1: top, y2: height - bottom }),
        h("text", { class: "tick", x: px(value), y: height - bottom + 16, "text-anchor": "middle" }, text))),
      ...ticks(y.low, y.high, height / 60).map(([value, text]) => h("g", {},
        h("line", { class: "grid", x1: left, x2: width - right, y1: py(value), y2: py(value) }),
        h("text", { class: "tick", x: left - 8, y: py(value) + 4, "text-anchor": "end" }, text))),
      h("text", { class: "tick", x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, xTitle),
      h("text", { class: "tick", x: 12, y: middle, transform: `rotate(-90 12 ${middle})`, "text-anchor": "middle" }, yTitle),
    ];
    return { x: px, y: py, grid, width, height, inside: { left, top, right: width - right, bottom: height - bottom } };
  }

  const svg = ({ width, height }, attributes, ...children) =>
    h("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, width, height, ...attributes }, ...children);

  const path = (points) => points.map(([x, y], index) => `${index ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("");

  return { frame, range, svg, path, widthOf: (body) => Math.max(300, Math.min(1024, body.clientWidth)) };
})();
