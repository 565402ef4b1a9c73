"use strict";
/* What a score costs: a chart with the Pareto front, and the numbers. */
(() => {
  function draw(body, state) {
    const { datasets, tasks, metrics, main_metric, costs } = PRIORBENCH.experiment;
    const known = (list, value, otherwise) => (list.some(({ id }) => id === value) ? value : otherwise);
    const at = { dataset: known(datasets, state.dataset, datasets[0].id), task: known(tasks, state.task, tasks[0].id), metric: known(metrics, state.metric, main_metric) };
    const metric = PRIORBENCH.metrics.get(at.metric);
    const { scores } = PRIORBENCH.lookup();
    const records = PRIORBENCH.records(costs)
      .filter((cost) => cost.dataset === at.dataset && cost.task === at.task && PRIORBENCH.priors.has(cost.prior))
      .map((cost) => ({ cost, prior: PRIORBENCH.priors.get(cost.prior), seconds: PRIORBENCH.seconds(cost), score: scores.get(PRIORBENCH.key(at.dataset, at.task, at.metric, cost.prior)) }));
    const points = records.filter((r) => r.seconds > 0 && r.score && r.score.mean !== null && !r.prior.baseline);
    redraw(body, [
      h("div", { class: "controls" },
        choice("Data set", datasets.map(({ id }) => [id, id]), at.dataset, (dataset) => ADDRESS.go({ dataset })),
        choice("Task", tasks.map(({ id, label }) => [id, label]), at.task, (task) => ADDRESS.go({ task })),
        choice("Metric", metrics.map(({ id, label }) => [id, label]), at.metric, (value) => ADDRESS.go({ metric: value }))),
      points.length ? chart(points, at, metric, CHART.widthOf(body)) : h("p", { class: "note" }, "Nothing here has both a cost and a score."),
      h("p", { class: "note" }, "Processor seconds an image, of a GPU seconds by the clock. The dashed line joins the priors that no other one beats in both cost and score. Baselines are left out of the chart."),
      numbers(records, at, metric, state),
    ]);
  }

  /* Priors that none beats in both, from cheap to dear. */
  function front(points, metric) {
    const sign = metric.higher_is_better ? 1 : -1;
    let best = -Infinity;
    return [...points].sort((a, b) => a.seconds - b.seconds || sign * (b.score.mean - a.score.mean)).filter(({ score }) => {
      if (sign * score.mean <= best) return false;
      best = sign * score.mean;
      return true;
    });
  }

  function chart(points, at, metric, width) {
    const drawn = CHART.frame({
      width, height: Math.max(320, Math.min(500, width * 0.55)), logarithmic: true,
      xTitle: "seconds an image", yTitle: metric.unit ? `${metric.label}, ${metric.unit}` : metric.label,
      x: CHART.range(points.map(({ seconds }) => Math.log10(seconds)), 0.08), y: CHART.range(points.map(({ score }) => score.mean), 0.08),
    });
    const spot = (r) => [drawn.x(r.seconds), drawn.y(r.score.mean)];
    const first = front(points, metric);
    // On a narrow screen only the front is named; the table has all.
    const text = (r) => (width > 560 || first.includes(r) ? r.prior.label : "");
    const labels = place(points.map((r) => ({ x: spot(r)[0], y: spot(r)[1], text: text(r) })), drawn.inside);
    return CHART.svg(drawn, { role: "group", "aria-label": `${metric.label} against cost; the table below has the numbers` },
      ...drawn.grid,
      h("path", { class: "front", d: CHART.path(first.map(spot)) }),
      points.map((r, index) => mark(r, spot(r), labels[index], at, metric)));
  }

  function mark(r, [x, y], label, at, metric) {
    return h("svg:a", {
      href: ADDRESS.link("images", { dataset: at.dataset, task: at.task, prior: r.prior.id }),
      "aria-label": `${r.prior.label}: ${fixed(r.score.mean, metric.decimals)} for ${rounded(r.seconds)} seconds`,
    }, h("g", { class: "coloured", "--colour": r.prior.color },
      label.far ? h("line", { class: "leader", x1: x, y1: y, x2: label.x, y2: label.y - 4 }) : null,
      h("circle", { class: "mark", cx: x, cy: y, r: 5 }),
      label.text ? h("text", { x: label.x, y: label.y, "text-anchor": label.anchor }, label.text) : null));
  }

  /* Put each label beside its point, where it covers no other label or point. */
  function place(points, inside) {
    const taken = points.map(({ x, y }) => [x - 6, y - 6, x + 6, y + 6]);
    const hits = (box) => taken.filter((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1]).length
      + (box[0] < inside.left || box[2] > inside.right || box[1] < inside.top || box[3] > inside.bottom ? 2 : 0);
    return points.map(({ x, y, text }) => {
      if (!text) return { text };
      const length = 6.3 * text.length;
      const options = [9, 18, 30, 44].flatMap((d) => [[d, 4, "start"], [-d, 4, "end"], [0, -d, "middle"], [0, d + 9, "middle"], [d, -d, "start"], [d, d + 6, "start"], [-d, -d, "end"], [-d, d + 6, "end"]]
        .map(([dx, dy, anchor]) => ({ x: x + dx, y: y + dy, anchor, far: d > 18 })));
      const boxOf = ({ x: tx, y: ty, anchor }) => {
        const start = anchor === "start" ? tx : anchor === "end" ? tx - length : tx - length / 2;
        return [start, ty - 10, start + length, ty + 3];
      };
      const chosen = options.map((option) => [hits(boxOf(option)), option]).reduce((a, b) => (b[0] < a[0] ? b : a))[1];
      taken.push(boxOf(chosen));
      return { ...chosen, text };
    });
  }

  function numbers(records, at, metric, state) {
    const number = (id, title, value, cell = rounded, explain = null) => ({ id, title, number: true, first: "ascending", value, cell: (r) => (value(r) === null || value(r) === undefined ? "" : cell(value(r))), explain });
    const columns = [
      { id: "prior", title: "Prior", head: true, first: "ascending", value: (r) => r.prior.label, cell: (r) => h("span", { class: "name" }, swatch(r.prior), h("a", { href: ADDRESS.link("images", { dataset: at.dataset, task: at.task, prior: r.prior.id }) }, r.prior.label)) },
      { ...number("mean", metric.unit ? `${metric.label}, ${metric.unit}` : metric.label, (r) => r.score?.mean, (value) => fixed(value, metric.decimals)), first: metric.higher_is_better ? "descending" : "ascending" },
      { id: "device", title: "Device", first: "ascending", value: (r) => r.cost.device, cell: (r) => r.cost.device ?? "" },
      number("processor", "Processor s", (r) => r.cost.processor_seconds_mean, rounded, "mean of all threads together, an image"),
      number("clock", "Clock s", (r) => r.cost.seconds_mean),
      number("memory", "Peak memory, MiB", (r) => r.cost.peak_memory_mb, (value) => value.toFixed(0)),
      number("training", "Training s", (r) => r.cost.training_processor_seconds),
      number("parameters", "Parameters", (r) => r.cost.n_parameters),
      number("threads", "Threads", (r) => r.cost.threads, String),
    ];
    return table({ columns, records, order: orderOf(state, "processor", "ascending"), reorder, caption: "Costs of the priors" });
  }

  let timer = 0;
  window.addEventListener("resize", () => {
    clearTimeout(timer);
    timer = setTimeout(() => { if (ADDRESS.read().section === "cost") ADDRESS.show(); }, 150);
  });

  PRIORBENCH.sections.cost = draw;
})();
