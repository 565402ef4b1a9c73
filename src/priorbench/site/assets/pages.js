"use strict";
/* Studies, the environment, and what can be taken away. */
(() => {
  function studies(body, state) {
    const { studies: all, claims } = PRIORBENCH.experiment;
    if (!all.length) {
      body.replaceChildren(h("p", { class: "note" }, "This experiment has no studies."));
      return;
    }
    body.replaceChildren(
      h("ul", { class: "links" }, all.map(({ name }) => h("li", {}, h("a", { href: ADDRESS.link("studies", { study: name }) }, name)))),
      ...all.map((study) => h("section", { class: "study", "data-study": study.name, "aria-label": study.name },
        h("h2", { tabindex: "-1" }, study.name),
        h("p", {}, study.summary),
        study.figure ? h("figure", {}, h("a", { href: PRIORBENCH.encode(study.figure) }, h("img", { src: PRIORBENCH.encode(study.figure), alt: `Figure of the study ${study.name}`, loading: "lazy" })), h("figcaption", {}, study.caption)) : null,
        claimTable(claims.filter((claim) => claim.study === study.name), study.name),
        h("ul", { class: "links" }, study.files.map((path) => h("li", {}, h("a", { href: PRIORBENCH.encode(path) }, path.split("/").pop())))))));
    const chosen = body.querySelector(`[data-study="${CSS.escape(state.study ?? "")}"]`);
    if (chosen) {
      chosen.querySelector("h2").focus({ preventScroll: true });
      requestAnimationFrame(() => chosen.scrollIntoView());
    }
  }

  function claimTable(claims, name) {
    if (!claims.length) return h("p", { class: "note" }, "No claim is judged.");
    return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Claims of ${name}` }, h("table", { class: "claims stack" },
      h("thead", {}, h("tr", {}, ["Claim", "Verdict", "Evidence"].map((title) => h("th", { scope: "col" }, title)))),
      h("tbody", {}, claims.map((claim) => h("tr", {},
        h("td", {}, claim.statement, claim.source ? h("span", { class: "source" }, claim.source) : null),
        h("td", {}, h("span", { class: `verdict ${claim.verdict.replaceAll(" ", "-")}` }, claim.verdict)),
        h("td", { class: "evidence" }, claim.evidence))))));
  }

  function environment(body) {
    const { environments, commands, seed, version, commit } = PRIORBENCH.experiment;
    body.replaceChildren(
      h("h2", {}, "To repeat it"),
      ...commands.map(command),
      h("h2", {}, "This experiment"),
      facts([["priorbench", version], ["commit", commit || "not known"], ["seed", String(seed)]]),
      ...environments.flatMap((each) => [
        h("h2", {}, "Environment ", h("a", { href: `environment/${PRIORBENCH.encode(each.id)}.json` }, h("code", {}, each.id))),
        facts([["Python", each.python], ["processor", each.cpu], ["cores", String(each.cores)], ["threads", String(each.threads)],
          ["GPU", each.gpus.length ? each.gpus.map((gpu) => (typeof gpu === "string" ? gpu : Object.values(gpu).join(" "))).join(", ") : "none"], ["platform", each.platform], ["commit", each.commit || "not known"]]),
        h("h3", {}, "Packages"),
        h("ul", { class: "packages" }, Object.entries(each.packages).map(([name, text]) => h("li", {}, h("span", {}, name), h("span", { class: "unit" }, text)))),
      ]));
  }

  const facts = (pairs) => h("dl", { class: "facts" }, pairs.map(([term, text]) => [h("dt", {}, term), h("dd", {}, text)]));

  function command(text) {
    const button = h("button", { type: "button", "aria-label": `Copy: ${text}`, onclick: async () => {
      button.textContent = await copy(text) ? "Copied" : "Select it";
      announce(button.textContent);
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    } }, "Copy");
    return h("div", { class: "command" }, h("pre", {}, h("code", {}, text)), button);
  }

  /* The clipboard of a page of files needs the old way in some browsers. */
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = h("textarea", { class: "hidden" });
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  }

  function downloads(body) {
    const { downloads: all } = PRIORBENCH.experiment;
    const names = { csv: "CSV", md: "Markdown", tex: "LaTeX", html: "HTML" };
    const formats = [...new Set(all.flatMap(({ files }) => files.map(({ format }) => format)))];
    body.replaceChildren(
      h("p", { class: "note" }, "Every table as it was written; the parquet files hold every row, and config.yaml the whole configuration."),
      h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Downloads" }, h("table", { class: "stack" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Table"), formats.map((format) => h("th", { scope: "col" }, names[format] ?? format)))),
        h("tbody", {}, all.map(({ name, title, files }) => h("tr", {},
          h("th", { scope: "row" }, title || name),
          formats.map((format) => {
            const file = files.find((each) => each.format === format);
            return h("td", {}, file ? [h("a", { href: PRIORBENCH.encode(file.path), download: true, "aria-label": `${file.path.split("/").pop()}, ${title || name}` }, file.path.split("/").pop()), h("span", { class: "unit" }, ` ${bytes(file.bytes)}`)] : null);
          })))))));
  }

  Object.assign(PRIORBENCH.sections, { studies, environment, downloads });
})();
