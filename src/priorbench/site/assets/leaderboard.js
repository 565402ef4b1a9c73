"use strict";
/* Which prior restores best, and what the data can't tell apart. */
(() => {
  const key = (...parts) => parts.join("\n");
  let found = null;

  /* Scores, ranks, differences and costs by data set, task, metric and prior. */
  function lookup() {
    if (found) return found;
    const { scores, rankings, paired, costs, published } = PRIORBENCH.experiment;
    const by = (part, names) => new Map(PRIORBENCH.records(part).map((record) => [key(...names.map((name) => record[name])), record]));
    const full = ["dataset", "task", "metric", "prior"];
    found = {
      scores: by(scores, full),
      ranks: by(rankings, full),
      paired: by(paired, full),
      costs: by(costs, ["dataset", "task", "prior"]),
      published: PRIORBENCH.records(published),
    };
    return found;
  }

  /* The priors that can't be told from the first: they share a letter with it. */
  function topGroup(dataset, task, metric) {
    const { ranks } = lookup();
    const rows = PRIORBENCH.experiment.priors.map(({ id }) => ranks.get(key(dataset, task, metric, id))).filter((row) => row && row.rank !== null);
    if (!rows.length) return new Set();
    const first = rows.reduce((a, b) => (b.rank < a.rank ? b : a));
    const letters = new Set(first.group ?? "");
    return new Set(rows.filter((row) => row === first || [...(row.group ?? "")].some((letter) => letters.has(letter))).map((row) => row.prior));
  }

  /* Seconds of an image: of the processors, or by the clock of a GPU. */
  function seconds(cost) {
    if (!cost) return null;
    return cost.device === "gpu" ? cost.seconds_mean : cost.processor_seconds_mean ?? cost.seconds_mean;
  }

  /* The first prior of a task by rank, by mean where there are no ranks. */
  function best(dataset, task, metric) {
    const { ranks, scores } = lookup();
    const { priors } = PRIORBENCH.experiment;
    const sign = PRIORBENCH.metrics.get(metric).higher_is_better ? -1 : 1;
    const place = ({ id, baseline }) => {
      const rank = ranks.get(key(dataset, task, metric, id))?.rank;
      const mean = scores.get(key(dataset, task, metric, id))?.mean;
      return rank ?? (mean === null || mean === undefined ? Infinity : 1e6 + sign * mean + (baseline ? 1e3 : 0));
    };
    return [...priors].sort((a, b) => place(a) - place(b))[0].id;
  }

  /* The same prior with the other kind of settings, where an experiment has both. */
  function sibling(prior) {
    const plain = (label) => label.replace(/[\s,(-]*\b(tuned|default)\b\)?/gi, "");
    return PRIORBENCH.experiment.priors.find((other) => other.tuned !== prior.tuned && other.family === prior.family && plain(other.label) === plain(prior.label));
  }

  const settings = { prior: "its own", configuration: "configuration", tuned: "tuned", default: "default" };
  const differs = (note) => /protocol differs/i.test(note ?? "");

  function complete(state) {
    const { datasets, tasks, metrics, main_metric } = PRIORBENCH.experiment;
    const known = (list, value, otherwise) => (list.some(({ id }) => id === value) ? value : otherwise);
    return {
      dataset: known(datasets, state.dataset, datasets[0].id),
      task: known(tasks, state.task, tasks.length === 1 ? tasks[0].id : ""),
      metric: known(metrics, state.metric, main_metric),
      family: state.family ?? "",
      filter: state.filter ?? "",
    };
  }

  function draw(body, state) {
    const { datasets, tasks, metrics, priors } = PRIORBENCH.experiment;
    const at = complete(state);
    const metric = PRIORBENCH.metrics.get(at.metric);
    const families = [...new Set(priors.map((prior) => prior.family))].sort();
    const words = at.filter.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (prior) => (!at.family || prior.family === at.family)
      && words.every((word) => `${prior.id} ${prior.label} ${prior.family} ${prior.summary}`.toLowerCase().includes(word));
    const shown = priors.filter(fits);
    const rows = [...shown.map((prior) => measured(prior, at)), ...published(at, fits)];
    const content = [
      h("div", { class: "controls" },
        choice("Data set", datasets.map(({ id, images }) => [id, `${id} (${images.length} images)`]), at.dataset, (dataset) => ADDRESS.go({ dataset })),
        choice("Task", [["", "all tasks"], ...tasks.map(({ id, label }) => [id, label])], at.task, (task) => ADDRESS.go({ task, sort: "" })),
        choice("Metric", metrics.map(({ id, label }) => [id, label]), at.metric, (value) => ADDRESS.go({ metric: value })),
        choice("Family", [["", "all families"], ...families.map((name) => [name, name])], at.family, (family) => ADDRESS.go({ family })),
        h("label", { class: "field" }, "Prior", h("input", {
          type: "search", value: at.filter, placeholder: "part of a name",
          oninput: (event) => { ADDRESS.note({ filter: event.target.value }); draw(body, ADDRESS.read().state); },
        }))),
      explain(at, metric, tasks),
      rows.length
        ? (at.task ? oneTask : allTasks)(rows, at, metric, state)
        : h("p", { class: "note", role: "status" }, "No prior has this name and family. ", h("a", { href: ADDRESS.link("leaderboard", { ...state, filter: "", family: "" }) }, "Show all")),
      notes(rows, at),
    ];
    redraw(body, content);
  }

  const hasRanks = () => PRIORBENCH.experiment.rankings.rows.length > 0;

  function explain(at, metric, tasks) {
    const better = metric.higher_is_better ? "higher is better" : "lower is better";
    const task = PRIORBENCH.tasks.get(at.task);
    const what = task ? (task.summary || task.label) : `${tasks.length} tasks`;
    return h("p", { class: "note" },
      `${what[0].toUpperCase()}${what.slice(1).replace(/\.$/, "")}. Mean ${metric.label}${metric.unit ? ` in ${metric.unit}` : ""} over images, ${better}, with its 95 % interval. `,
      hasRanks() ? "Priors that share a letter can't be told apart by these images; those on a tinted ground can't be told from the first." : "");
  }

  function measured(prior, at) {
    const { scores, ranks, paired, costs } = lookup();
    const own = (task) => key(at.dataset, task, at.metric, prior.id);
    const cost = at.task
      ? costs.get(key(at.dataset, at.task, prior.id))
      : null;
    const each = PRIORBENCH.experiment.tasks.map(({ id }) => seconds(costs.get(key(at.dataset, id, prior.id)))).filter((value) => value !== null && value !== undefined);
    return {
      prior, label: prior.label, published: false,
      rank: ranks.get(own(at.task)),
      score: scores.get(own(at.task)),
      difference: paired.get(own(at.task)),
      seconds: at.task ? seconds(cost) : (each.length ? each.reduce((a, b) => a + b, 0) / each.length : null),
      gpu: cost?.device === "gpu",
      parameters: cost?.n_parameters ?? null,
      scoreOf: (task) => scores.get(own(task)),
    };
  }

  /* Published numbers, one row for each prior and source. */
  function published(at, fits) {
    const groups = new Map();
    for (const row of lookup().published) {
      if (row.dataset !== at.dataset || row.metric !== at.metric || (at.task && row.task !== at.task)) continue;
      const own = PRIORBENCH.priors.get(row.prior);
      const prior = own ?? { id: row.prior, label: row.prior, family: "", summary: "", color: "transparent" };
      if (!fits(prior)) continue;
      const name = key(row.prior, row.note);
      if (!groups.has(name)) groups.set(name, { prior, label: prior.label, published: true, note: row.note, dagger: differs(row.note), values: new Map() });
      groups.get(name).values.set(row.task, row.value);
    }
    return [...groups.values()].map((group) => {
      const score = (task) => (group.values.has(task) ? { mean: group.values.get(task), low: null, high: null } : undefined);
      return { ...group, rank: undefined, score: score(at.task), scoreOf: score, seconds: null, parameters: null };
    });
  }

  const imagesOf = (at, task, prior) => ADDRESS.link("images", { dataset: at.dataset, task, prior: prior.id });

  function name(record) {
    const { prior } = record;
    return h("span", { class: record.published ? "label" : "label name", title: record.published ? record.note : prior.summary },
      record.published ? null : swatch(prior), record.label,
      record.published ? h("span", { class: "interval" }, " published") : null);
  }

  function value(record, task, at, metric, interval) {
    const score = record.scoreOf(task);
    if (!score) return "–";
    if (score.mean === null) {
      const word = ["unsupported", "undefined"].includes(score.status) ? "cannot" : score.status || "–";
      return word === "cannot" || word === "–"
        ? h("span", { class: "interval" }, word)
        : h("a", { class: "status", href: imagesOf(at, task, record.prior) }, word);
    }
    const number = fixed(score.mean, metric.decimals);
    if (record.published) return h("span", { class: "cited" }, number, record.dagger ? h("span", { class: "dagger", title: record.note }, "†") : null);
    const half = interval && score.low !== null ? h("span", { class: "interval" }, ` ± ${fixed((score.high - score.low) / 2, metric.decimals)}`) : null;
    return h("span", {}, h("a", { class: "value", href: imagesOf(at, task, record.prior), title: `images of ${record.label}` }, number), half,
      score.n_failed ? h("span", { class: "status", title: `${score.n_failed} images failed` }, ` ${score.n_failed} failed`) : null);
  }

  /* A rank with the interval in which it lies. */
  function rankCells() {
    return [
      { id: "rank", title: "Rank", number: true, first: "ascending", value: (r) => r.rank?.rank,
        cell: (r) => (r.rank && r.rank.rank !== null ? rounded(r.rank.rank) : "") },
      { id: "prior", title: "Prior", head: true, first: "ascending", value: (r) => r.label, cell: name },
    ];
  }

  const rankInterval = { id: "ranks", title: "Rank, 95 %", number: true, first: "ascending", value: (r) => r.rank?.rank_high,
    explain: "which ranks the data leave open",
    cell: (r) => (r.rank && r.rank.rank_low !== null ? h("span", { class: "interval" }, `${rounded(r.rank.rank_low)}–${rounded(r.rank.rank_high)}`) : "") };
  const group = { id: "group", title: "Group", first: "ascending", value: (r) => r.rank?.group,
    explain: "priors that share a letter can't be told apart", cell: (r) => h("span", { class: "letters" }, staircase(r.rank?.group ?? "")) };
  /* Each letter in a place of its own, so that those of one group stand below each other. */
  const staircase = (letters) => [...letters].reduce((text, letter) => text.padEnd(Math.max(text.length, /[a-z]/.test(letter) ? letter.charCodeAt(0) - 97 : 0)) + letter, "");
  const improvability = (decimals) => ({ id: "improvability", title: "Improvability", number: true, first: "ascending", value: (r) => r.rank?.improvability,
    explain: "mean distance to the best prior of each image", cell: (r) => (r.rank ? fixed(r.rank.improvability, decimals) : "") });
  const cost = { id: "cost", title: "s / image", number: true, first: "ascending", value: (r) => r.seconds,
    explain: "processor seconds; of a GPU, seconds by the clock", cell: (r) => (r.published ? "" : `${r.gpu ? "GPU " : ""}${rounded(r.seconds)}`) };

  /* Tinted where a prior can't be told from the first. */
  const ground = (top) => (record) => [
    record.published ? "published" : "",
    record.prior.baseline ? "baseline" : "",
    !record.published && top.has(record.prior.id) ? "top-group" : "",
  ].filter(Boolean).join(" ");

  function oneTask(rows, at, metric, state) {
    const top = topGroup(at.dataset, at.task, at.metric);
    const scale = scaleOf(rows.filter((row) => row.score && row.score.mean !== null));
    const ranked = rows.some((row) => row.rank);
    const tuned = rows.some((row) => row.score?.origin || row.prior.tuned);
    const columns = [
      ...(ranked ? rankCells() : rankCells().slice(1)),
      { id: "mean", title: metric.unit ? `${metric.label}, ${metric.unit}` : metric.label, number: true, first: metric.higher_is_better ? "descending" : "ascending",
        value: (r) => r.score?.mean, cell: (r) => value(r, at.task, at, metric, false) },
      { id: "interval", title: "95 % interval", number: true, sortable: false, value: () => null,
        cell: (r) => (r.score && r.score.low !== null && r.score.mean !== null ? h("span", { class: "interval" }, `${fixed(r.score.low, metric.decimals)} to ${fixed(r.score.high, metric.decimals)}`) : "") },
      { id: "plot", title: h("span", { class: "hidden" }, "Mean and interval, drawn"), sortable: false, class: () => "drawn", value: () => null, cell: (r) => plot(r, scale) },
      ...(ranked ? [group, rankInterval] : []),
      { id: "difference", title: "To the best", number: true, first: metric.higher_is_better ? "descending" : "ascending", value: (r) => r.difference?.difference,
        explain: "paired difference to the best mean, with the simultaneous interval of all pairs", cell: (r) => difference(r, metric) },
      ...(ranked ? [improvability(metric.decimals)] : []), cost,
      { id: "parameters", title: "Parameters", number: true, first: "ascending", value: (r) => r.parameters, cell: (r) => (r.parameters === null ? "" : rounded(r.parameters)) },
      ...(tuned ? [{ id: "settings", title: "Settings", first: "ascending", value: (r) => r.score?.origin, cell: (r) => origin(r, at, metric) }] : []),
    ];
    return table({
      columns, records: rows, order: orderOf(state, ranked ? "rank" : "mean", ranked || !metric.higher_is_better ? "ascending" : "descending"),
      reorder, rowClass: ground(top), className: "leaderboard",
      caption: `Priors by ${metric.label}, ${PRIORBENCH.tasks.get(at.task).label}`,
    });
  }

  function allTasks(rows, at, metric, state) {
    const { tasks } = PRIORBENCH.experiment;
    const overall = topGroup(at.dataset, "", at.metric);
    const tops = new Map(tasks.map(({ id }) => [id, topGroup(at.dataset, id, at.metric)]));
    const wide = tasks.length <= 6;
    const ranked = rows.some((row) => row.rank);
    const columns = [
      ...(ranked ? rankCells() : rankCells().slice(1)), ...(ranked ? [group] : []),
      ...tasks.map((task) => ({
        id: task.id, title: task.label, number: true, first: metric.higher_is_better ? "descending" : "ascending", explain: task.summary,
        value: (r) => r.scoreOf(task.id)?.mean, cell: (r) => value(r, task.id, at, metric, wide),
        class: (r) => (!r.published && tops.get(task.id).has(r.prior.id) ? "in-top" : ""),
      })),
      ...(ranked ? [rankInterval, improvability(metric.decimals)] : []), cost,
    ];
    const first = tasks[0].id;
    return table({
      columns, records: rows,
      order: orderOf(state, ranked ? "rank" : first, ranked || !metric.higher_is_better ? "ascending" : "descending"),
      reorder, rowClass: (r) => ground(overall)(r), className: "leaderboard matrix",
      caption: `Priors by ${metric.label} in all tasks`,
    });
  }

  function difference(record, metric) {
    const { difference: d } = record;
    if (!d || d.difference === null) return "";
    if (d.best === record.prior.id) return h("span", { class: "interval" }, "best mean");
    const interval = d.low === null ? "" : ` (${fixed(d.low, metric.decimals)} to ${fixed(d.high, metric.decimals)})`;
    return h("span", {}, fixed(d.difference, metric.decimals), h("span", { class: "interval" }, interval));
  }

  /* Where the settings come from; of a prior that is there with others, too, what those reach. */
  function origin(record, at, metric) {
    if (record.published) return h("span", { class: "interval" }, record.note);
    const text = record.prior.tuned ? "tuned" : settings[record.score?.origin] ?? "";
    const other = sibling(record.prior);
    const score = other && lookup().scores.get(key(at.dataset, at.task, at.metric, other.id));
    if (!score || score.mean === null) return text;
    return h("span", {}, text, h("span", { class: "interval" }, `; ${other.tuned ? "tuned" : "not tuned"} ${fixed(score.mean, metric.decimals)}`));
  }

  /* The range that the marks are drawn in: of all but what lies far away. */
  function scaleOf(rows) {
    const means = rows.map((row) => row.score.mean).sort((a, b) => a - b);
    if (!means.length) return { low: 0, high: 1 };
    const middle = means[Math.floor(means.length / 2)];
    const spread = means.map((mean) => Math.abs(mean - middle)).sort((a, b) => a - b)[Math.floor(means.length / 2)] || 1;
    const near = rows.filter((row) => Math.abs(row.score.mean - middle) <= 7 * spread);
    const ends = near.flatMap(({ score }) => [score.low ?? score.mean, score.high ?? score.mean]);
    return { low: Math.min(...ends), high: Math.max(...ends) };
  }

  const WIDTH = 176;
  function plot(record, { low, high }) {
    const { score } = record;
    if (!score || score.mean === null) return "";
    const place = (x) => 4 + (WIDTH - 8) * Math.min(1, Math.max(0, (x - low) / (high - low || 1)));
    const outside = score.mean < low || score.mean > high;
    const mark = outside
      ? h("text", { x: score.mean < low ? 0 : WIDTH - 8, y: 13, class: "outside" }, score.mean < low ? "◂" : "▸")
      : h("circle", { cx: place(score.mean), cy: 8.5, r: 3.5 });
    return h("svg", { class: "plot coloured", viewBox: `0 0 ${WIDTH} 17`, "--colour": record.prior.color === "transparent" ? "#777" : record.prior.color, "aria-hidden": "true" },
      h("line", { class: "best-line", x1: 0, x2: WIDTH, y1: 8.5, y2: 8.5 }),
      score.low === null || score.low === undefined || outside ? null : h("line", { x1: place(score.low), x2: place(score.high), y1: 8.5, y2: 8.5 }),
      mark);
  }

  function notes(rows, at) {
    const cited = rows.filter((row) => row.published);
    return h("div", { class: "note" },
      at.task ? null : h("p", { class: "note" }, hasRanks() ? "The overall rank is over all tasks; " : "", "s / image is the mean over tasks."),
      cited.length ? [
        h("h3", {}, "Published numbers"),
        cited.some((row) => row.dagger) ? h("p", { class: "note" }, "† The protocol differs from that of this experiment.") : null,
        h("ul", { class: "remarks" }, [...new Set(cited.map((row) => `${row.label}${row.dagger ? " †" : ""}: ${row.note}`))].map((text) => h("li", {}, text)))] : null);
  }

  PRIORBENCH.sections.leaderboard = draw;
  PRIORBENCH.lookup = lookup;
  PRIORBENCH.key = key;
  PRIORBENCH.best = best;
  PRIORBENCH.seconds = seconds;
  PRIORBENCH.settings = settings;
})();
