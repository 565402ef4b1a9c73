"use strict";
/* What an iterative prior has noted on its way, one chart for each side that has a trace. */
async function drawTraces(body, priors, at, state, current) {
  const traces = await Promise.all(priors.map((prior) => PRIORBENCH.get(`traces/${at.dataset}/${at.task}/${prior}/${at.image}`)));
  if (!current()) return;
  redraw(body, priors.map((prior, index) => traceFigure(PRIORBENCH.priors.get(prior), traces[index], at, state, CHART.widthOf(body))));
}

function traceFigure(prior, { columns, rows }, at, state, width) {
  const run = columns.indexOf("run");
  const steps = Math.max(0, columns.findIndex((name) => /iteration|step|epoch/i.test(name)));
  const names = columns.filter((_, index) => index !== run && index !== steps && rows.some((row) => typeof row[index] === "number"));
  const words = (name) => name.replaceAll("_", " ");
  const heading = h("h2", {}, `Trace of ${prior.label}`);
  if (!names.length) return h("figure", { class: "trace" }, heading, h("p", { class: "note" }, "It holds no numbers."));
  const column = names.includes(state.trace) ? state.trace : names.find((name) => /psnr/i.test(name)) ?? names[0];
  const shown = columns.indexOf(column);
  const points = rows.filter((row) => typeof row[shown] === "number").map((row) => ({ run: run < 0 ? 0 : row[run], step: row[steps], value: row[shown] }));
  const chart = CHART.frame({
    width, height: 260, xTitle: words(columns[steps]), yTitle: words(column),
    x: CHART.range(points.map(({ step }) => step), 0), y: CHART.range(points.map(({ value }) => value), 0.06),
  });
  const runs = [...new Set(points.map((point) => point.run))];
  const readout = h("span", { class: "readout" }, "");
  const cursor = h("circle", { class: "mark", r: 4, visibility: "hidden" });
  const nearest = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * width;
    const y = ((event.clientY - box.top) / box.height) * chart.height;
    const far = (point) => 1e4 * Math.abs(chart.x(point.step) - x) + Math.abs(chart.y(point.value) - y);
    const point = points.reduce((a, b) => (far(b) < far(a) ? b : a));
    cursor.setAttribute("cx", chart.x(point.step));
    cursor.setAttribute("cy", chart.y(point.value));
    cursor.setAttribute("visibility", "visible");
    readout.textContent = `${words(columns[steps])} ${point.step}: ${Number(point.value.toPrecision(5))}${runs.length > 1 ? `, run ${point.run}` : ""}`;
  };
  const last = points[points.length - 1];
  return h("figure", { class: "trace" }, heading,
    h("div", { class: "controls" }, choice(`Column of ${prior.label}`, names.map((name) => [name, words(name)]), column, (trace) => ADDRESS.go({ trace }))),
    CHART.svg(chart, {
      role: "img", "aria-label": `${words(column)} of ${prior.label} against ${words(columns[steps])}; at the end ${Number(last.value.toPrecision(5))}`, onpointermove: nearest,
    }, ...chart.grid, h("g", { class: "coloured", "--colour": prior.color },
      ...runs.map((each) => h("path", { class: "curve", d: CHART.path(points.filter((point) => point.run === each).map(({ step, value }) => [chart.x(step), chart.y(value)])) })), cursor)),
    h("figcaption", {}, `${words(column)} against ${words(columns[steps])}, ${at.image}${runs.length > 1 ? `, ${runs.length} runs` : ""}. `, readout));
}
