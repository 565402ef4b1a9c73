"use strict";
/* Elements, and how numbers are written. */

/* Make an element: h("a", {href, class, onclick, data-x}, ...children). */
function h(tag, attributes = {}, ...children) {
  const drawn = ["svg", "svg:a", "g", "line", "circle", "path", "text"].includes(tag);
  const element = drawn ? document.createElementNS("http://www.w3.org/2000/svg", tag.replace("svg:", "")) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) element.style.setProperty(name, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const MINUS = "−";

/* A number with a fixed count of decimals and a true minus; a dash where there is none. */
function fixed(value, decimals) {
  if (value === null || value === undefined) return "–";
  return value.toFixed(decimals).replace("-", MINUS);
}

/* A number with three significant digits, for what spans magnitudes, as seconds do. */
function rounded(value) {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6) return `${rounded(value / 1e6)} M`;
  if (size >= 1e4) return `${rounded(value / 1e3)} k`;
  if (size < 1e-3) {
    const [digits, power] = value.toExponential(1).split("e-");
    return `${digits.replace("-", MINUS)}·10⁻${[...power].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("")}`;
  }
  return String(Number(value.toPrecision(3))).replace("-", MINUS);
}

function bytes(count) {
  return count < 1000 ? `${count} B` : count < 1e6 ? `${Math.round(count / 1000)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

/* A labelled choice; `options` are [value, text]. */
function choice(label, options, value, change) {
  const select = h("select", { onchange: (event) => change(event.target.value) },
    options.map(([key, text]) => h("option", { value: key }, text)));
  select.value = value;
  return h("label", { class: "field" }, label, select);
}

const swatch = (prior) => h("span", { class: "swatch", "--colour": prior.color, "aria-hidden": "true" });

const announce = (text) => { document.getElementById("announce").textContent = text; };

/* Keep the focus on the control with the same label when a part of the page is drawn again. */
function redraw(body, content) {
  const active = document.activeElement;
  const name = (element) => element.closest("label.field")?.firstChild.textContent
    ?? element.dataset.focus ?? element.getAttribute("aria-label") ?? element.textContent;
  const known = body.contains(active) ? [active.tagName, name(active), active.selectionStart] : null;
  body.replaceChildren(...content.flat(Infinity).filter(Boolean));
  if (!known) return;
  const again = [...body.querySelectorAll(known[0])].find((element) => name(element) === known[1]);
  again?.focus({ preventScroll: true });
  if (again?.type === "search") again.setSelectionRange(known[2], known[2]);
}
