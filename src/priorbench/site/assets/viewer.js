"use strict";
/* Zoom and pan that all views of an element share. What is drawn follows from three numbers: the
   zoom, and the place (x, y) in the image, from 0 to 1, at the centre. CSS variables carry them. */
function makeViewer(root, changed) {
  const now = { zoom: 1, x: 0.5, y: 0.5 };
  let pixels = { width: 1, height: 1 };
  const views = () => root.querySelectorAll(".view");
  const most = () => Math.max(8, (16 * pixels.width) / Math.max(1, root.querySelector(".view").clientWidth));

  function apply() {
    now.zoom = Math.min(most(), Math.max(1, now.zoom));
    const half = 0.5 / now.zoom;
    now.x = Math.min(1 - half, Math.max(half, now.x));
    now.y = Math.min(1 - half, Math.max(half, now.y));
    root.style.setProperty("--zoom", now.zoom);
    root.style.setProperty("--x", `${100 * (0.5 - now.x * now.zoom)}%`);
    root.style.setProperty("--y", `${100 * (0.5 - now.y * now.zoom)}%`);
    for (const view of views()) {
      view.classList.toggle("pixelated", view.clientWidth * now.zoom > 1.2 * pixels.width);
      view.classList.toggle("zoomed", now.zoom > 1);
    }
  }

  let timer = 0;
  function set(next) {
    Object.assign(now, next);
    apply();
    clearTimeout(timer);
    timer = setTimeout(() => changed(text()), 250);
  }

  const text = () => (now.zoom === 1 ? "" : [now.zoom.toFixed(2), now.x.toFixed(4), now.y.toFixed(4)].join(","));

  /* Zoom by a factor; what is under (u, v) of the view, from 0 to 1, stays there. */
  function zoomAt(factor, u = 0.5, v = 0.5) {
    const zoom = Math.min(most(), Math.max(1, now.zoom * factor));
    set({ zoom, x: now.x + (u - 0.5) * (1 / now.zoom - 1 / zoom), y: now.y + (v - 0.5) * (1 / now.zoom - 1 / zoom) });
  }

  const pan = (du, dv) => set({ x: now.x - du / now.zoom, y: now.y - dv / now.zoom });

  function place(view, event) {
    const box = view.getBoundingClientRect();
    return { u: (event.clientX - box.left) / box.width, v: (event.clientY - box.top) / box.height };
  }

  const ofSlider = (event) => event.composedPath()[0].tagName === "INPUT";

  root.addEventListener("wheel", (event) => {
    const view = event.target.closest(".view");
    if (!view) return;
    event.preventDefault();
    const { u, v } = place(view, event);
    const lines = event.deltaMode === 1 ? 16 : 1;
    zoomAt(Math.exp(-0.002 * Math.max(-300, Math.min(300, lines * event.deltaY))), u, v);
  }, { passive: false });

  const fingers = new Map();
  root.addEventListener("pointerdown", (event) => {
    const view = event.target.closest(".view");
    if (!view || ofSlider(event) || (event.pointerType === "mouse" && event.button !== 0)) return;
    fingers.set(event.pointerId, { view, ...place(view, event) });
    view.setPointerCapture(event.pointerId);
    view.classList.add("dragged");
  });
  root.addEventListener("pointermove", (event) => {
    const finger = fingers.get(event.pointerId);
    if (!finger) return;
    const next = place(finger.view, event);
    const other = [...fingers].find(([id, each]) => id !== event.pointerId && each.view === finger.view)?.[1];
    if (other) {
      const distance = (a, b) => Math.hypot(a.u - b.u, a.v - b.v) || 1e-6;
      pan((next.u - finger.u) / 2, (next.v - finger.v) / 2);
      zoomAt(distance(next, other) / distance(finger, other), (next.u + other.u) / 2, (next.v + other.v) / 2);
    } else pan(next.u - finger.u, next.v - finger.v);
    Object.assign(finger, next);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    root.addEventListener(end, (event) => {
      fingers.get(event.pointerId)?.view.classList.remove("dragged");
      fingers.delete(event.pointerId);
    });
  }

  const STEP = 0.1;
  const keys = {
    "+": () => zoomAt(1.25), "=": () => zoomAt(1.25), "-": () => zoomAt(0.8), 0: () => set({ zoom: 1, x: 0.5, y: 0.5 }),
    ArrowLeft: () => pan(STEP, 0), ArrowRight: () => pan(-STEP, 0), ArrowUp: () => pan(0, STEP), ArrowDown: () => pan(0, -STEP),
  };
  root.addEventListener("keydown", (event) => {
    const arrow = event.key.startsWith("Arrow");
    // The slider has the arrows; without zoom they scroll the page.
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey || (arrow && (ofSlider(event) || now.zoom === 1 || !event.target.closest(".view")))) return;
    if (event.target.tagName === "SELECT") return;
    event.preventDefault();
    keys[event.key]();
  });
  new ResizeObserver(apply).observe(root);

  return {
    zoomAt,
    reset: () => set({ zoom: 1, x: 0.5, y: 0.5 }),
    /* Show an image of these pixels, at the place that the address names. */
    show(size, view) {
      pixels = size;
      if (view !== text()) {
        const [zoom, x, y] = (view || "1,0.5,0.5").split(",").map(Number);
        if ([zoom, x, y].every(Number.isFinite)) Object.assign(now, { zoom, x, y });
      }
      root.style.setProperty("--ratio", size.width / size.height);
      apply();
    },
  };
}
