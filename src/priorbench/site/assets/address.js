"use strict";
/* The address says what is shown: #section?key=value&…, so that it can be sent. */
const ADDRESS = (() => {
  function read() {
    const [section, query = ""] = decodeHash(location.hash.slice(1)).split("?");
    return { section: section || "overview", state: Object.fromEntries(new URLSearchParams(query)) };
  }

  /* What a mail program has encoded once more. */
  const decodeHash = (hash) => (hash.includes("?") ? hash : hash.replace(/%3F/i, "?").replace(/%3D/gi, "=").replace(/%26/g, "&"));

  function link(section, state = {}) {
    const set = Object.entries(state).filter(([, value]) => value !== "" && value !== null && value !== undefined);
    const query = new URLSearchParams(set).toString();
    return query ? `#${section}?${query}` : `#${section}`;
  }

  /* Change the state of the present section; a step back undoes it. */
  function go(changes) {
    const { section, state } = read();
    location.hash = link(section, { ...state, ...changes });
  }

  /* Change it without a step in the history: what follows a moving finger. */
  function note(changes) {
    const { section, state } = read();
    history.replaceState(null, "", link(section, { ...state, ...changes }));
  }

  let shown = null;
  async function show() {
    const { section, state } = read();
    const page = document.querySelector(`[data-page="${CSS.escape(section)}"]`);
    if (!page) {
      // A part of the overview, such as #claims.
      const part = document.getElementById(section);
      if (!part && section !== "overview") history.replaceState(null, "", "#overview");
      open("overview");
      part?.scrollIntoView();
      return;
    }
    open(section);
    const draw = PRIORBENCH.sections[section];
    if (!draw) return;
    const body = page.querySelector(".body");
    try {
      await draw(body, state, () => location.hash.slice(1) && read().section === section && same(read().state, state));
    } catch (error) {
      body.replaceChildren(h("p", { class: "error", role: "alert" }, error.message));
    }
  }

  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

  function open(section) {
    for (const page of document.querySelectorAll("[data-page]")) page.hidden = page.dataset.page !== section;
    for (const entry of document.querySelectorAll("[data-section]")) {
      if (entry.dataset.section === section) {
        entry.setAttribute("aria-current", "page");
        entry.scrollIntoView({ block: "nearest", inline: "nearest" });
      } else entry.removeAttribute("aria-current");
    }
    document.title = `${section} · ${document.querySelector(".experiment").textContent} · priorbench`;
    if (shown !== null && shown !== section) {
      window.scrollTo(0, 0);
      document.getElementById("main").focus({ preventScroll: true });
    }
    shown = section;
  }

  return { read, link, go, note, show };
})();

/* The first link leads past the head, and not to another section. */
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});

/* The theme: the system's, or the one chosen here. */
(() => {
  const names = ["auto", "light", "dark"];
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  let theme = "auto";
  try { theme = localStorage.getItem("priorbench-theme") ?? "auto"; } catch { /* Not kept here. */ }

  function apply() {
    if (theme === "auto") delete root.dataset.theme; else root.dataset.theme = theme;
    root.toggleAttribute("data-dark", theme === "dark" || (theme === "auto" && system.matches));
    button.textContent = `Theme: ${theme}`;
    
  }
  button.hidden = false;
  button.addEventListener("click", () => {
    theme = names[(names.indexOf(theme) + 1) % names.length];
    try { localStorage.setItem("priorbench-theme", theme); } catch { /* Not kept here. */ }
    apply();
  });
  system.addEventListener("change", apply);
  apply();
})();

window.addEventListener("load", () => {
  if (PRIORBENCH.experiment) return;
  document.getElementById("main").prepend(h("p", { class: "error", role: "alert" }, "data/experiment.js can't be read; was the whole folder copied?"));
});

PRIORBENCH.wait("experiment").then((experiment) => {
  PRIORBENCH.experiment = experiment;
  // Where this page keeps the records, by name.
  PRIORBENCH.priors = new Map(experiment.priors.map((prior) => [prior.id, prior]));
  PRIORBENCH.metrics = new Map(experiment.metrics.map((metric) => [metric.id, metric]));
  PRIORBENCH.tasks = new Map(experiment.tasks.map((task) => [task.id, task]));
  window.addEventListener("hashchange", ADDRESS.show);
  return ADDRESS.show();
});
