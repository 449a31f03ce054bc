/* Two pictures in one frame, one zoom for both, a divider to drag, a difference to strengthen. The page works without this file:
   its radio buttons choose how the two are shown, and CSS does it. Keys come from data-key through review.js, which shows the next two
   without loading the page anew; the frame itself takes + - 0 and the arrows when it has the focus. */
(function () {
  "use strict";
  let shown = null; // ends what the two shown before had set going

  function begin() {
    if (shown) shown.abort();
    shown = new AbortController();
    setUp(shown.signal);
  }

  function setUp(signal) {
    const box = document.querySelector("main.gp-compare");
    if (!box) return;
    const stage = box.querySelector(".gp-stage");
    const first = stage.querySelector("[data-side=a]");
    const images = [...stage.querySelectorAll("img")];
    const still = window.matchMedia("(prefers-reduced-motion: reduce)");
    const FLIP_MS = 700; // far below three flashes a second
    const MAX_SCALE = 16;
    const modes = Object.fromEntries([...box.querySelectorAll("[name=mode]")].map((radio) => [radio.value, radio]));
    const sides = Object.fromEntries([...box.querySelectorAll("[name=show]")].map((radio) => [radio.value, radio]));
    const zoomBox = box.querySelector("#zoom");
    const view = { mode: "side", scale: 1, x: 0, y: 0 };
    let timer = null;
    let cut = 50;

    const status = document.createElement("p");
    status.className = "gp-hidden";
    status.setAttribute("role", "status");

    function range(name, css, min, max, step, value, run) {
      const label = document.createElement("label");
      label.className = `gp-row gp-small ${css}`;
      const input = Object.assign(document.createElement("input"), { type: "range", min, max, step, value });
      input.addEventListener("input", () => run(Number(input.value)));
      label.append(name, " ", input);
      return label;
    }

    const divider = range("Divider", "gp-slider-only", 0, 100, 0.5, 50, cutTo);
    const gain = range("Strengthen", "gp-diff-only", 1, 16, 0.5, 4, (value) => stage.style.setProperty("--gp-gain", value));
    const byItself = Object.assign(document.createElement("label"), { className: "gp-row gp-small gp-flip-only" });
    const auto = Object.assign(document.createElement("input"), { type: "checkbox" });
    auto.addEventListener("change", runTimer);
    byItself.append(auto, " by itself");

    function flip() {
      const front = sides.a.checked ? sides.b : sides.a;
      front.checked = true;
    }

    function choose(mode) {
      sessionStorage.setItem("gp-compare", mode); // the next two are shown in the same way
      if (mode === "flip") { if (view.mode === "flip") flip(); else sides.b.checked = true; }
      view.mode = mode;
      modes[mode].checked = true;
      runTimer();
      paint();
    }

    function runTimer() {
      clearInterval(timer);
      timer = null;
      byItself.hidden = still.matches;
      if (view.mode === "flip" && auto.checked && !still.matches) timer = setInterval(() => { flip(); paint(true); }, FLIP_MS);
    }

    const pane = () => first.getBoundingClientRect();

    /* How far the larger of the two must be enlarged so that one of its pixels is one of the page's. */
    function fullScale() {
      const { width, height } = pane();
      const fits = images.filter((image) => image.naturalWidth).map((image) =>
        1 / Math.min(width / image.naturalWidth, height / image.naturalHeight));
      return Math.min(MAX_SCALE, Math.max(1.5, ...fits));
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

    const toggleZoom = (x, y) => zoomTo(view.scale > 1 ? 1 : fullScale(), x, y);

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
      stage.dataset.front = sides.a.checked ? "a" : "b";
      stage.classList.toggle("gp-zoomed", view.scale > 1);
      for (const image of images) image.style.transform = view.scale > 1 ? `translate(${view.x}px, ${view.y}px) scale(${view.scale})` : "";
      zoomBox.checked = view.scale > 1;
      if (quiet) return;
      const told = { side: "A and B side by side", flip: `${stage.dataset.front.toUpperCase()} is shown`, slider: "A left of the divider, B right of it",
        diff: "Black: no difference" }[view.mode];
      status.textContent = `${told}. ${view.scale > 1 ? `Enlarged ${Math.round(view.scale * 10) / 10} times` : "The whole picture"}.`;
    }

    function inPane(event) {
      const over = event.target.closest(".gp-side");
      const { left, top } = (over || first).getBoundingClientRect();
      return [event.clientX - left, event.clientY - top];
    }

    const pointers = new Map();
    let spread = 0;

    stage.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      pointers.set(event.pointerId, [event.clientX, event.clientY]);
      stage.setPointerCapture(event.pointerId);
      spread = 0;
      if (pointers.size === 1 && view.scale === 1 && view.mode === "slider") cutAt(event);
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

    function cutTo(share) {
      cut = Math.min(100, Math.max(0, share));
      divider.querySelector("input").value = cut;
      stage.style.setProperty("--gp-cut", `${cut}%`);
    }

    function cutAt(event) {
      const { left, width } = pane();
      cutTo(((event.clientX - left) / width) * 100);
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
      else if (moves[event.key] && view.mode === "slider") cutTo(cut - moves[event.key][0] / 30);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });

    /* An original that cannot be shown after all gives way to the preview, and the page says so. */
    for (const image of images) {
      const side = image.parentElement;
      const failed = () => {
        if (!image.dataset.preview || image.dataset.gone) return;
        image.dataset.gone = "1";
        image.src = image.dataset.preview;
        side.querySelector(".gp-preview-only").hidden = false;
      };
      image.addEventListener("error", failed);
      image.addEventListener("load", () => { side.classList.remove("gp-loading"); paint(true); });
      if (!image.complete) {
        side.classList.add("gp-loading");
        // What an archive gives takes a moment: the preview is there at once, in the same place.
        if (image.dataset.preview) side.style.setProperty("--gp-preview", `url("${image.dataset.preview}")`);
      } else if (!image.naturalWidth) failed();
      image.draggable = false;
    }

    for (const [mode, radio] of Object.entries(modes)) {
      radio.addEventListener("click", () => choose(mode)); // pressed again, flip shows the other one
    }
    for (const radio of Object.values(sides)) radio.addEventListener("change", () => paint());
    zoomBox.addEventListener("change", () => zoomTo(zoomBox.checked ? fullScale() : 1));
    stage.tabIndex = 0;
    stage.setAttribute("role", "group");
    stage.setAttribute("aria-label", "The two pictures. Plus and minus zoom, arrows move.");
    stage.classList.add("gp-live");
    box.querySelector(".gp-tools").append(byItself, divider, gain);
    box.append(status);
    window.addEventListener("resize", () => paint(true), { signal });
    still.addEventListener("change", () => runTimer(), { signal });
    signal.addEventListener("abort", () => clearInterval(timer));
    choose(modes[sessionStorage.getItem("gp-compare")] ? sessionStorage.getItem("gp-compare") : "side");
  }

  document.addEventListener("gphotos:page", begin);
  begin();
})();
