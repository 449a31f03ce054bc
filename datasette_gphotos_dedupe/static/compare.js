/* Two pictures in one frame: flip, slider, difference, and one zoom for both. Without this file they stand side by side.
   Keys come from data-key through review.js, which shows the next two without loading the page anew; the frame itself takes + - 0 and the arrows when it has the focus. */
(function () {
  "use strict";
  let shown = null; // ends what the two shown before had set going

  function begin() {
    if (shown) shown.abort();
    shown = new AbortController();
    setUp(shown.signal);
  }

  function setUp(signal) {
    const box = document.querySelector(".gp-compare");
    if (!box) return;
    const stage = box.querySelector(".gp-stage");
    const views = { a: stage.querySelector("[data-side=a]"), b: stage.querySelector("[data-side=b]") };
    const images = [...stage.querySelectorAll("img")];
    const still = window.matchMedia("(prefers-reduced-motion: reduce)");
    const MODES = [
      ["side", "Side by side", ""], ["flip", "Flip", "f"], ["slider", "Slider", "s"], ["difference", "Difference", "d"],
    ];
    const FLIP_MS = 700; // far below three flashes a second
    const MAX_SCALE = 16;
    const view = { mode: "side", front: "a", scale: 1, x: 0, y: 0 };
    let timer = null;

    const bar = document.createElement("div");
    bar.className = "gp-tools";
    bar.setAttribute("role", "toolbar");
    bar.setAttribute("aria-label", "How the two are shown");
    const status = document.createElement("p");
    status.className = "gp-small gp-status";
    status.setAttribute("role", "status");

    function button(text, key, run) {
      const made = document.createElement("button");
      made.type = "button";
      made.className = "gp-button gp-quiet";
      made.textContent = text;
      if (key) {
        made.dataset.key = key;
        made.setAttribute("aria-keyshortcuts", key);
        const hint = document.createElement("kbd");
        hint.textContent = key;
        made.append(" ", hint);
      }
      made.addEventListener("click", run);
      return made;
    }

    function range(name, min, max, step, value, run) {
      const label = document.createElement("label");
      label.className = "gp-range";
      const input = Object.assign(document.createElement("input"), { type: "range", min, max, step, value });
      input.addEventListener("input", () => run(Number(input.value)));
      label.append(name, " ", input);
      return label;
    }

    const buttons = Object.fromEntries(MODES.map(([mode, text, key]) => [mode, button(text, key, () => choose(mode))]));
    const zoomButton = button("Zoom", "z", () => toggleZoom());
    const divider = range("Divider", 0, 100, 0.5, 50, (value) => stage.style.setProperty("--gp-cut", `${value}%`));
    const gain = range("Strengthen", 1, 16, 0.5, 4, (value) => stage.style.setProperty("--gp-gain", value));
    const byItself = document.createElement("label");
    const auto = Object.assign(document.createElement("input"), { type: "checkbox" });
    auto.addEventListener("change", runTimer);
    byItself.append(auto, " by itself");

    function choose(mode) {
      sessionStorage.setItem("gp-compare", mode); // the next two are shown in the same way
      if (mode === "flip" && view.mode === "flip") view.front = view.front === "a" ? "b" : "a";
      else if (mode === "flip") view.front = "b";
      view.mode = mode;
      for (const [name] of MODES) buttons[name].setAttribute("aria-pressed", String(name === mode));
      divider.hidden = mode !== "slider";
      gain.hidden = mode !== "difference";
      byItself.hidden = mode !== "flip" || still.matches;
      runTimer();
      paint();
    }

    function runTimer() {
      clearInterval(timer);
      timer = null;
      if (view.mode === "flip" && auto.checked && !still.matches) {
        timer = setInterval(() => { view.front = view.front === "a" ? "b" : "a"; paint(true); }, FLIP_MS);
      }
    }

    const pane = () => views.a.getBoundingClientRect();

    /* How far the larger of the two must be enlarged so that one of its pixels is one of the page's. */
    function fullScale() {
      const { width, height } = pane();
      const fits = images.filter((image) => image.naturalWidth).map((image) =>
        1 / Math.min(width / image.naturalWidth, height / image.naturalHeight));
      return Math.min(MAX_SCALE, Math.max(1.5, ...fits));
    }

    function toggleZoom(x, y) {
      zoomTo(view.scale > 1 ? 1 : fullScale(), x, y);
    }

    /* Zoom so that the point of the pane at x, y stays where it is. */
    function zoomTo(scale, x, y) {
      const { width, height } = pane();
      const [cx, cy] = [x === undefined ? width / 2 : x, y === undefined ? height / 2 : y];
      const wanted = Math.min(MAX_SCALE, Math.max(1, scale));
      view.x = cx - (cx - view.x) * (wanted / view.scale);
      view.y = cy - (cy - view.y) * (wanted / view.scale);
      view.scale = wanted;
      paint();
    }

    function pan(dx, dy) {
      view.x += dx;
      view.y += dy;
      paint();
    }

    function paint(quiet) {
      const { width, height } = pane();
      view.x = Math.min(0, Math.max(width * (1 - view.scale), view.x));
      view.y = Math.min(0, Math.max(height * (1 - view.scale), view.y));
      stage.dataset.mode = view.mode;
      stage.dataset.front = view.front;
      stage.classList.toggle("gp-zoomed", view.scale > 1);
      for (const image of images) image.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
      zoomButton.setAttribute("aria-pressed", String(view.scale > 1));
      for (const caption of box.querySelectorAll(".gp-caption")) {
        caption.classList.toggle("gp-front", view.mode === "flip" && caption.dataset.side === view.front);
      }
      if (quiet) return;
      const shown = { side: "A and B side by side", flip: `${view.front.toUpperCase()} is shown`, slider: "A left of the divider, B right of it",
        difference: "Black: no difference" }[view.mode];
      status.textContent = `${shown}. ${view.scale > 1 ? `Enlarged ${Math.round(view.scale * 10) / 10} times` : "The whole picture"}.`;
    }

    function inPane(event) {
      const over = event.target.closest(".gp-view");
      const { left, top } = (over || views.a).getBoundingClientRect();
      return [event.clientX - left, event.clientY - top];
    }

    const pointers = new Map();
    let spread = 0;

    stage.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      pointers.set(event.pointerId, [event.clientX, event.clientY]);
      stage.setPointerCapture(event.pointerId);
      spread = 0;
    });
    stage.addEventListener("pointermove", (event) => {
      const last = pointers.get(event.pointerId);
      if (!last) return;
      const moved = [event.clientX - last[0], event.clientY - last[1]];
      pointers.set(event.pointerId, [event.clientX, event.clientY]);
      if (pointers.size === 2) pinch();
      else if (view.scale > 1) pan(moved[0], moved[1]);
      else if (view.mode === "slider") cutAt(event);
    });
    for (const name of ["pointerup", "pointercancel"]) stage.addEventListener(name, (event) => pointers.delete(event.pointerId));

    function pinch() {
      const [one, two] = [...pointers.values()];
      const now = Math.hypot(one[0] - two[0], one[1] - two[1]);
      const { left, top } = pane();
      if (spread) zoomTo(view.scale * (now / spread), (one[0] + two[0]) / 2 - left, (one[1] + two[1]) / 2 - top);
      spread = now;
    }

    function cutAt(event) {
      const { left, width } = pane();
      const share = Math.min(100, Math.max(0, ((event.clientX - left) / width) * 100));
      divider.querySelector("input").value = share;
      stage.style.setProperty("--gp-cut", `${share}%`);
    }

    stage.addEventListener("dblclick", (event) => toggleZoom(...inPane(event)));
    stage.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && view.scale === 1 && event.deltaY > 0) return; // nothing to shrink: the page scrolls
      event.preventDefault();
      zoomTo(view.scale * Math.exp(-event.deltaY / 400), ...inPane(event));
    }, { passive: false });
    stage.addEventListener("keydown", (event) => {
      const step = 60;
      const moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "+" || event.key === "=") zoomTo(view.scale * 1.5);
      else if (event.key === "-") zoomTo(view.scale / 1.5);
      else if (event.key === "0") zoomTo(1);
      else if (moves[event.key] && view.scale > 1) pan(...moves[event.key]);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });

    /* An original that cannot be shown after all gives way to the preview, and the caption says so. */
    for (const image of images) {
      const caption = box.querySelector(`.gp-caption[data-side=${image.parentElement.dataset.side}] .gp-shown`);
      const failed = () => {
        if (!image.dataset.preview || image.dataset.gone) return;
        image.dataset.gone = "1";
        image.src = image.dataset.preview;
        caption.textContent = "Shown: the preview only, because the original could not be read.";
      };
      image.addEventListener("error", failed);
      image.addEventListener("load", () => { image.parentElement.classList.remove("gp-loading"); paint(true); });
      if (!image.complete) {
        image.parentElement.classList.add("gp-loading");
        // What an archive gives takes a moment: the preview is there at once, in the same place.
        if (image.dataset.preview) image.parentElement.style.setProperty("--gp-preview", `url("${image.dataset.preview}")`);
      }
      else if (!image.naturalWidth) failed();
      image.draggable = false;
    }

    stage.tabIndex = 0;
    stage.setAttribute("role", "group");
    stage.setAttribute("aria-label", "The two pictures. Plus and minus zoom, arrows move.");
    stage.classList.add("gp-live");
    bar.append(...Object.values(buttons), zoomButton, byItself, divider, gain);
    box.prepend(bar);
    box.insertBefore(status, box.querySelector(".gp-captions"));
    window.addEventListener("resize", () => paint(true), { signal });
    still.addEventListener("change", () => choose(view.mode === "flip" ? "side" : view.mode), { signal });
    signal.addEventListener("abort", () => clearInterval(timer));
    choose(buttons[sessionStorage.getItem("gp-compare")] ? sessionStorage.getItem("gp-compare") : "side");
  }

  document.addEventListener("gphotos:page", begin);
  begin();
})();
