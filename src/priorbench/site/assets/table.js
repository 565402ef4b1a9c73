"use strict";
/* A table whose columns sort, drawn from records. */

/* Sort records by a column: numbers by size, words by the alphabet, what is missing last. */
function sorted(records, column, direction) {
  const sign = direction === "descending" ? -1 : 1;
  const missing = (value) => value === null || value === undefined || value === "";
  return records
    .map((record) => [column.value(record), record])
    .sort(([a], [b]) => {
      if (missing(a) || missing(b)) return missing(a) - missing(b);
      return sign * (typeof a === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true }));
    })
    .map(([, record]) => record);
}

/* Make a table.
   columns: {id, title, value(record), cell(record) → node or text, number, first, head: row header, explain}
   order: {column, direction}; reorder: called with another one. */
function table({ columns, records, order, reorder, rowClass, className, caption }) {
  const by = columns.find((column) => column.id === order.column) ?? columns[0];
  const rows = sorted(records, by, order.direction);
  const head = (column) => {
    const active = column === by;
    const other = active && order.direction === column.first;
    const next = other ? (column.first === "ascending" ? "descending" : "ascending") : column.first;
    return h("th", {
      scope: "col",
      class: [column.number ? "number" : "", column.head ? "head" : ""].join(" ").trim() || null,
      title: column.explain,
      "aria-sort": active ? order.direction : null,
    }, column.sortable === false ? h("span", {}, column.title) : h("button", {
      type: "button", "data-focus": `sort ${column.id}`, onclick: () => reorder({ column: column.id, direction: next }),
    }, column.title));
  };
  const cell = (column, record) => {
    const classes = [column.number ? "number" : "", column.head ? "head" : "", column.class?.(record) ?? ""].filter(Boolean).join(" ");
    return h(column.head ? "th" : "td", { scope: column.head ? "row" : null, class: classes || null }, column.cell(record));
  };
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", { class: className },
      h("caption", { class: "hidden" }, caption),
      h("thead", {}, h("tr", {}, columns.map(head))),
      h("tbody", {}, rows.map((record) => h("tr", { class: rowClass?.(record) || null }, columns.map((column) => cell(column, record)))))));
}

/* The order that a state asks for. */
function orderOf(state, column, direction) {
  const [name, way] = (state.sort ?? "").split(":");
  return name ? { column: name, direction: way === "down" ? "descending" : "ascending" } : { column, direction };
}

const reorder = ({ column, direction }) => {
  ADDRESS.go({ sort: `${column}:${direction === "descending" ? "down" : "up"}` });
  announce(`Sorted by ${column}, ${direction}.`);
};
