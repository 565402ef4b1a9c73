"use strict";
/* Data come as scripts that call PRIORBENCH.put: a page of files may not fetch any. */
const PRIORBENCH = (() => {
  const arrived = new Map();
  const waiting = new Map();

  /* Percent-encode each part of a path. */
  const encode = (path) => path.split("/").map(encodeURIComponent).join("/");

  function put(key, data) {
    const entry = wait(key);
    arrived.set(key, data);
    entry.resolve(data);
  }

  function wait(key) {
    if (!waiting.has(key)) {
      const entry = {};
      entry.promise = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
      waiting.set(key, entry);
    }
    return waiting.get(key);
  }

  /* Run a script of the site; each is run once. */
  const scripts = new Map();
  function script(path) {
    if (!scripts.has(path)) {
      scripts.set(path, new Promise((resolve, reject) => {
        const element = document.createElement("script");
        element.src = path;
        element.onload = resolve;
        element.onerror = () => {
          scripts.delete(path);
          reject(new Error(`${decodeURI(path)} is missing; was the whole folder copied?`));
        };
        document.head.append(element);
      }));
    }
    return scripts.get(path);
  }

  /* The data of a key, read when first asked for. */
  async function get(key) {
    if (arrived.has(key)) return arrived.get(key);
    await script(`data/${encode(key)}.js`);
    return wait(key).promise;
  }

  /* Columns and rows as objects. */
  const records = ({ columns, rows }) =>
    rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index]])));

  return { put, get, wait: (key) => wait(key).promise, script, encode, records, sections: {} };
})();
