"use strict";
/* One image, seen with any two of: clean, observed, and what the priors made of it. */
(() => {
  const CLEAN = "~clean";
  const OBSERVED = "~observed";
  const PICTURES = { [CLEAN]: "clean", [OBSERVED]: "observed" };
  const AMPLIFICATIONS = ["1", "2", "4", "8", "16", "32"];
  const FILM = 24;
  let page = null;

  async function draw(body, state, current) {
    const at = complete(state);
    const cell = await PRIORBENCH.get(`cells/${at.dataset}/${at.task}`);
    if (!current()) return;
    at.index = Math.max(0, cell.images.findIndex((image) => image.name === at.image));
    at.image = cell.images[at.index]?.name;
    if (!at.image) {
      page = null;
      body.replaceChildren(h("p", { class: "note" }, "No image of this data set could be corrupted in this way."));
      return;
    }
    if (!page || !body.contains(page.stage)) page = build(body);
    page.at = at;
    page.cell = cell;
    redraw(page.controls, controls(at, cell));
    redraw(page.film, film(at, cell));
    views(at, cell);
    page.cards.replaceChildren(...[at.prior, at.other].map((which, index) => card(which, index, at, cell)));
    redraw(page.scores, [h("h2", {}, `Scores of ${at.image} by every prior`), scores(at, cell, state)]);
    await drawTraces(page.traces, [...new Set([at.prior, at.other])].filter((prior) => cell.priors[prior]?.has_trace[at.index]), at, state, current);
  }

  function complete(state) {
    const { datasets, tasks, main_metric } = PRIORBENCH.experiment;
    const known = (list, value) => (list.some(({ id }) => id === value) ? value : list[0].id);
    const at = { dataset: known(datasets, state.dataset), task: known(tasks, state.task), image: state.image, view: state.view ?? "" };
    const side = (value, otherwise) => (PICTURES[value] || PRIORBENCH.priors.has(value) ? value : otherwise);
    at.prior = side(state.prior, PRIORBENCH.best(at.dataset, at.task, main_metric));
    at.other = side(state.other, OBSERVED);
    at.times = AMPLIFICATIONS.includes(state.times) ? state.times : "8";
    return at;
  }

  /* Where the picture lies; null where there is none. */
  function file(which, at, cell) {
    const image = cell.images[at.index];
    const missing = { [CLEAN]: image.clean === false, [OBSERVED]: image.observed === false };
    if (missing[which]) return null;
    const inside = which === CLEAN
      ? (image.scene ? `scene/${at.dataset}/${at.task}/${at.image}` : `clean/${at.dataset}/${at.image}`)
      : which === OBSERVED ? `observed/${at.dataset}/${at.task}/${at.image}`
        : cell.priors[which]?.has_image[at.index] ? `restored/${at.dataset}/${at.task}/${which}/${at.image}` : null;
    return inside && `images/${PRIORBENCH.encode(inside)}.png`;
  }

  const thumbnail = (inside) => `thumbnails/${PRIORBENCH.encode(inside)}.webp`;
  const label = (which) => PICTURES[which] ?? PRIORBENCH.priors.get(which).label;
  const go = (changes) => ADDRESS.go(changes);
  const link = (at, changes) => ADDRESS.link("images", { dataset: at.dataset, task: at.task, image: at.image, prior: at.prior, other: at.other, view: at.view, ...changes });

  /* The parts of the page that stay, so that the slider and the zoom do, too. */
  function build(body) {
    const image = () => h("img", { alt: "", draggable: "false" });
    const parts = { left: image(), right: image(), small: {} };
    const compare = h("image-compare", {},
      h("div", { slot: "image-1", class: "pane" }, parts.left), h("div", { slot: "image-2", class: "pane" }, parts.right));
    parts.absent = h("div", { class: "absent", hidden: true });
    parts.main = h("div", { class: "view", tabindex: "0", role: "group" }, compare, parts.absent);
    parts.names = h("figcaption");
    const small = (id, ...images) => {
      const pane = { images, caption: h("figcaption"), absent: h("div", { class: "absent", hidden: true }, "no image") };
      parts.small[id] = pane;
      pane.view = h("div", { class: images.length > 1 ? "view difference" : "view" }, h("div", { class: "layer" }, ...images), pane.absent);
      return h("figure", {}, pane.view, pane.caption);
    };
    const stage = h("div", { class: "stage" },
      h("figure", { class: "main-view" }, parts.main, parts.names),
      h("div", { class: "panes" },
        small("clean", image()), small("observed", image()),
        small("left", image(), image()), small("right", image(), image())));
    Object.assign(parts, {
      stage, controls: h("div"), film: h("div", { class: "film", role: "group", "aria-label": "Images" }),
      tools: h("div", { class: "buttons no-print" }), cards: h("div", { class: "cards" }), scores: h("div", { class: "scores" }), traces: h("div"),
    });
    body.replaceChildren(parts.controls, parts.film, stage, parts.tools, h("div", { class: "details" }, parts.scores, h("div", {}, parts.cards, parts.traces)));
    parts.viewer = makeViewer(stage, (view) => { page.at.view = view; ADDRESS.note({ view }); });
    parts.tools.replaceChildren(
      h("button", { type: "button", onclick: () => parts.viewer.zoomAt(1.5), "aria-label": "Enlarge" }, "+"),
      h("button", { type: "button", onclick: () => parts.viewer.zoomAt(1 / 1.5), "aria-label": "Reduce" }, "−"),
      h("button", { type: "button", onclick: () => parts.viewer.reset() }, "Whole image"),
      h("button", { type: "button", onclick: () => go({ prior: page.at.other, other: page.at.prior }) }, "Swap sides"),
      h("span", { class: "note keys" }, "Wheel, pinch, ", h("kbd", {}, "+"), " ", h("kbd", {}, "−"), " ", h("kbd", {}, "0"), " zoom; drag and arrows pan; ",
        h("kbd", {}, "n"), " next image, ", h("kbd", {}, "p"), " previous."));
    const sheet = new CSSStyleSheet();
    // Only the handle takes the pointer: all else pans. It lies at the foot, where it hides little.
    sheet.replaceSync(`
      label { pointer-events: none; top: auto; height: 3.4rem; }
      input { pointer-events: none; width: calc(100% + var(--thumb-size)); min-width: 0; }
      input::-webkit-slider-thumb { pointer-events: auto; touch-action: none; }
      input::-moz-range-thumb { pointer-events: auto; touch-action: none; }
      input:focus { outline: none; }
      input:focus-visible::-webkit-slider-thumb { box-shadow: 0 0 0 3px var(--focus-color), 0 0 0 5px #fff; }
      input:focus-visible::-moz-range-thumb { box-shadow: 0 0 0 3px var(--focus-color), 0 0 0 5px #fff; }
      slot { height: 100%; }
      slot[name="image-2"] { inset: 0; pointer-events: none; }`);
    compare.shadowRoot.adoptedStyleSheets = [sheet];
    parts.slider = compare.shadowRoot.querySelector("input");
    return parts;
  }

  function controls(at, cell) {
    const { datasets, tasks, priors } = PRIORBENCH.experiment;
    const sides = [[CLEAN, "clean"], [OBSERVED, "observed"], ...priors.map((prior) => [prior.id, prior.label])];
    return [h("div", { class: "controls" },
      choice("Data set", datasets.map(({ id }) => [id, id]), at.dataset, (dataset) => go({ dataset, image: "", view: "" })),
      choice("Task", tasks.map((task) => [task.id, task.label]), at.task, (task) => go({ task })),
      choice("Image", cell.images.map(({ name }) => [name, name]), at.image, (image) => go({ image })),
      h("div", { class: "buttons" },
        h("button", { type: "button", onclick: () => step(-1), "aria-label": "Previous image" }, "←"),
        h("button", { type: "button", onclick: () => step(1), "aria-label": "Next image" }, "→")),
      choice("Left", sides, at.prior, (prior) => go({ prior })),
      choice("Right", sides, at.other, (other) => go({ other })),
      choice("Differences", AMPLIFICATIONS.map((times) => [times, `× ${times}`]), at.times, (times) => go({ times })))];
  }

  function step(by) {
    const { images } = page.cell;
    go({ image: images[(page.at.index + by + images.length) % images.length].name });
  }

  document.addEventListener("keydown", (event) => {
    const by = { n: 1, p: -1 }[event.key];
    const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(event.composedPath()[0].tagName) && event.composedPath()[0].type !== "range";
    if (!by || typing || event.ctrlKey || event.metaKey || event.altKey || !page || ADDRESS.read().section !== "images") return;
    step(by);
  });

  /* Small pictures of the images around this one. */
  function film(at, cell) {
    const start = Math.max(0, Math.min(at.index - FILM / 2, cell.images.length - FILM));
    return cell.images.slice(start, start + FILM).map(({ name, clean }) =>
      h("button", { type: "button", "aria-pressed": String(name === at.image), "aria-label": name, title: name, onclick: () => go({ image: name }) },
        clean === false ? name : h("img", { src: thumbnail(`clean/${at.dataset}/${name}`), alt: "", loading: "lazy", width: 56, height: 56 })));
  }

  function views(at, cell) {
    const image = cell.images[at.index];
    const size = { width: image.width ?? 1, height: image.height ?? 1 };
    const left = file(at.prior, at, cell);
    const right = file(at.other, at, cell);
    const clean = file(CLEAN, at, cell);
    fill(page.left, left, `${label(at.prior)}, ${at.image}`);
    fill(page.right, right, `${label(at.other)}, ${at.image}`);
    page.absent.hidden = Boolean(left && right);
    page.absent.textContent = [left ? "" : at.prior, right ? "" : at.other].filter(Boolean).map((which) => `${label(which)}: ${reason(which, at, cell)}`).join("\n");
    page.main.setAttribute("aria-label", `${label(at.prior)} on the left, ${label(at.other)} on the right. Plus, minus and arrows zoom and pan.`);
    page.slider.setAttribute("aria-label", `Share of ${label(at.prior)} that is shown, in percent`);
    page.names.replaceChildren(h("span", {}, "◧ ", label(at.prior)), h("span", {}, label(at.other), " ◨"));
    const small = (id, caption, ...files) => {
      const pane = page.small[id];
      const there = files.every(Boolean);
      pane.images.forEach((image, index) => fill(image, there ? files[index] : null, index ? "" : caption));
      pane.absent.hidden = there;
      pane.caption.textContent = caption;
    };
    small("clean", "clean", clean);
    small("observed", "observed", file(OBSERVED, at, cell));
    // Two pictures of one kind have no difference to show.
    const against = (which) => (which === CLEAN ? OBSERVED : CLEAN);
    for (const [id, which, source] of [["left", at.prior, left], ["right", at.other, right]]) {
      small(id, `|${label(which)} − ${label(against(which))}| × ${at.times}`, source, file(against(which), at, cell));
    }
    page.stage.style.setProperty("--amplification", at.times);
    page.viewer.show(size, at.view);
  }

  function fill(image, source, alt) {
    image.hidden = !source;
    image.alt = alt;
    if (source && image.getAttribute("src") !== source) image.src = source;
  }

  const reason = (which, at, cell) => {
    const prior = cell.priors[which];
    if (PICTURES[which]) return "no image";
    return prior ? [prior.status[at.index], prior.reason[at.index]].filter(Boolean).join(": ") : "was not run on this task";
  };

  /* Where the numbers of one side come from. */
  function card(which, index, at, cell) {
    const side = index ? "Right" : "Left";
    const prior = PRIORBENCH.priors.get(which);
    const own = cell.priors[which];
    if (!prior) {
      const text = which === CLEAN ? "The image that no prior sees." : "What the priors see, as an image; holes are black and small images have their pixels enlarged.";
      return h("section", { class: "card", "--series": "var(--strong-line)", "aria-label": side }, h("h3", {}, `${side}: ${label(which)}`), h("p", {}, text),
        h("ul", { class: "links" }, h("li", {}, file(which, at, cell) ? h("a", { href: file(which, at, cell) }, "picture") : "no image")));
    }
    const { main_metric, metrics } = PRIORBENCH.experiment;
    const { scores: means, ranks } = PRIORBENCH.lookup();
    const facts = metrics.map((metric) => {
      const mean = means.get(PRIORBENCH.key(at.dataset, at.task, metric.id, which))?.mean;
      const value = own?.values[metric.id]?.[at.index];
      return [metric.label, `${fixed(value, metric.decimals)}${metric.unit ? ` ${metric.unit}` : ""}; mean ${fixed(mean, metric.decimals)}`];
    });
    const rank = ranks.get(PRIORBENCH.key(at.dataset, at.task, main_metric, which));
    if (rank && rank.rank !== null) facts.push(["rank", `${rounded(rank.rank)} (${rounded(rank.rank_low)}–${rounded(rank.rank_high)}), group ${rank.group}`]);
    if (own) {
      facts.push(["time", `${rounded(own.processor_seconds[at.index])} processor seconds, ${rounded(own.seconds[at.index])} by the clock`]);
      if (own.origin) facts.push(["settings", PRIORBENCH.settings[own.origin] ?? own.origin]);
      if (own.status[at.index] !== "ok") facts.push(["status", reason(which, at, cell)]);
    }
    const name = index ? "other" : "prior";
    const extremes = PRIORBENCH.records(PRIORBENCH.experiment.worst_best)
      .find((row) => row.dataset === at.dataset && row.task === at.task && row.metric === main_metric && row.prior === which);
    const main = PRIORBENCH.metrics.get(main_metric);
    const extreme = (text, image, value) => image && h("li", {}, h("a", { href: link(at, { [name]: which, image, view: "" }) }, `${text} image: ${image}, ${fixed(value, main.decimals)}`));
    const source = (text, href) => href && h("li", {}, h("a", { href }, text));
    return h("section", { class: "card coloured", "--colour": prior.color, "aria-label": side },
      h("h3", {}, `${side}: ${prior.label}`),
      prior.summary ? h("p", { class: "note" }, prior.summary) : null,
      h("dl", {}, facts.map(([term, text]) => [h("dt", {}, term), h("dd", {}, text)])),
      extremes ? h("ul", { class: "links" }, extreme("worst", extremes.worst_image, extremes.worst), extreme("best", extremes.best_image, extremes.best)) : null,
      h("ul", { class: "links" },
        source("picture, 16 bits", file(which, at, cell)),
        source("log", own?.logs[at.index] && PRIORBENCH.encode(own.logs[at.index])),
        source("specification", own?.spec && PRIORBENCH.encode(own.spec)),
        source("configuration", "config.yaml"),
        source("environment", own?.environment[at.index] && `environment/${PRIORBENCH.encode(own.environment[at.index])}.json`),
        source("row in the leaderboard", ADDRESS.link("leaderboard", { dataset: at.dataset, task: at.task, filter: prior.id }))));
  }

  function scores(at, cell, state) {
    const { metrics, main_metric, priors } = PRIORBENCH.experiment;
    const records = priors.filter((prior) => cell.priors[prior.id]).map((prior) => ({ prior, own: cell.priors[prior.id] }));
    const pick = (event, id) => go(event.shiftKey ? { other: id } : { prior: id });
    const main = PRIORBENCH.metrics.get(main_metric);
    const columns = [
      { id: "picture", title: h("span", { class: "hidden" }, "Picture"), sortable: false, value: () => null, cell: ({ prior, own }) => (own.has_image[at.index]
        ? h("button", { type: "button", class: "pick", "aria-label": `${prior.label} on the left`, title: "left; with Shift right", onclick: (event) => pick(event, prior.id) },
          h("img", { src: thumbnail(`restored/${at.dataset}/${at.task}/${prior.id}/${at.image}`), alt: "", loading: "lazy", width: 48, height: 48 }))
        : "") },
      { id: "prior", title: "Prior", head: true, first: "ascending", value: ({ prior }) => prior.label, cell: ({ prior }) => h("span", { class: "name" }, swatch(prior), prior.label) },
      ...metrics.map((metric) => ({
        id: metric.id, title: metric.unit ? `${metric.label}, ${metric.unit}` : metric.label, number: true, first: metric.higher_is_better ? "descending" : "ascending",
        value: ({ own }) => own.values[metric.id]?.[at.index], cell: ({ own }) => fixed(own.values[metric.id]?.[at.index], metric.decimals),
      })),
      { id: "seconds", title: "Processor s", number: true, first: "ascending", value: ({ own }) => own.processor_seconds[at.index], cell: ({ own }) => rounded(own.processor_seconds[at.index]) },
      { id: "status", title: "Status", first: "ascending", value: ({ own }) => own.status[at.index],
        cell: ({ own }) => (own.status[at.index] === "ok" ? "ok" : h("span", { class: "status", title: own.reason[at.index] }, own.status[at.index])) },
      { id: "show", title: h("span", {}, "Show"), sortable: false, value: () => null, cell: ({ prior }) => h("span", { class: "buttons" },
        h("button", { type: "button", class: "side", "aria-pressed": String(at.prior === prior.id), "aria-label": `L: show ${prior.label} on the left`, onclick: (event) => pick(event, prior.id) }, "L"),
        h("button", { type: "button", class: "side", "aria-pressed": String(at.other === prior.id), "aria-label": `R: show ${prior.label} on the right`, onclick: () => go({ other: prior.id }) }, "R")) },
    ];
    return table({
      columns, records, order: orderOf(state, main_metric, main.higher_is_better ? "descending" : "ascending"), reorder,
      className: "scores", rowClass: ({ prior }) => (prior.id === at.prior ? "left" : prior.id === at.other ? "right" : ""),
      caption: `Scores of ${at.image}`,
    });
  }

  PRIORBENCH.sections.images = draw;
})();
