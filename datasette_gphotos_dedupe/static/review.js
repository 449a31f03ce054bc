/* Makes the review pages quick: keys, the next group painted before it is asked for, decisions without reloading.
   Every page works without this file. Keys are read from data-key (anywhere) and data-member-key / data-choice (inside a photo). */
(function () {
  "use strict";
  const KEYS = [
    ["n / p", "next, previous group (or row)"], ["→ / ←", "next, previous photo of the group"], ["k", "keep this photo"],
    ["r", "remove this photo"], ["x", "not the same picture"], ["m", "make this photo the keeper"], ["a", "accept the suggestion and go on"], ["K", "keep all that is open and go on"],
    ["A", "accept the suggestion for the whole queue"], ["u", "undo my last decision"], ["c", "compare with the keeper"],
    ["f", "flip between the two, large"], ["d / s", "difference, slider (compare)"], ["z", "zoom (compare)"], ["q", "back"], ["Enter", "open the row"],
    ["?", "this list"],
  ];
  const DONE = { accept: "Accepted", keep_all: "All kept" };
  const ready = new Map(); // address -> promise of a page fetched ahead, its pictures loading
  let here = location.href; // where the page shown came from: the address is ahead of it while going back
  let busy = null;
  let current = 0;

  const main = () => document.getElementById("gp-main");
  const live = document.createElement("div");
  live.id = "gp-live";
  live.setAttribute("role", "status");

  function say(text, isError) {
    live.textContent = text;
    live.className = text ? (isError ? "message-error" : "message-info") : "";
  }

  async function fetchPage(url) {
    const answer = await fetch(url, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById("gp-main");
    if (!found) { location.href = url; throw new Error("not one of our pages"); }
    return { url: answer.url, title: page.title, main: document.importNode(found, true) };
  }

  function keep(url, page) {
    ready.set(url, page);
    page.catch(() => ready.delete(url));
    while (ready.size > 3) ready.delete(ready.keys().next().value); // an evening's walk must not fill the tab
  }

  function ahead(url) {
    if (!ready.has(url)) keep(url, fetchPage(url));
    return ready.get(url);
  }

  function fetchNeighbours() {
    const wanted = { group: "a[rel=next], a[rel=prev]", compare: "a[rel=next]" }[main().dataset.page]; // originals take work: one way only
    if (wanted) for (const link of main().querySelectorAll(wanted)) ahead(link.href);
  }

  function show(page, push, again) {
    const left = { url: here, title: document.title, main: main() };
    left.main.replaceWith(page.main);
    if (again && left.url !== page.url && left.main.dataset.page === "group") keep(left.url, Promise.resolve(left)); // going back shows it at once
    document.title = page.title;
    if (push) history.pushState({ gphotos: true }, "", page.url);
    here = location.href;
    current = 0;
    if (push) window.scrollTo(0, 0);
    begin();
  }

  async function go(url, again = true) {
    const page = await ahead(url);
    ready.delete(url);
    show(page, true, again);
  }

  async function reload() {
    ready.clear();
    const focused = document.activeElement && document.activeElement.closest("[data-photo]");
    const scroll = window.scrollY;
    show(await fetchPage(location.href), false);
    window.scrollTo(0, scroll);
    if (focused) focusMember([...members()].findIndex((member) => member.dataset.photo === focused.dataset.photo));
  }

  async function post(form, button) {
    const fields = new URLSearchParams(new FormData(form));
    if (button && button.name) fields.set(button.name, button.value);
    const token = form.querySelector("[name=csrftoken]");
    const headers = { accept: "application/json", "x-csrftoken": token ? token.value : "" };
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body: fields, headers });
    const told = await answer.json().catch(() => ({ ok: false, error: "The server gave no answer that can be read." }));
    if (!told.ok) throw new Error(told.error);
    return { told, action: fields.get("action") };
  }

  async function submit(form, button) {
    if (busy) return;
    busy = true;
    try {
      const { told, action } = await post(form, button);
      ready.forEach((_, url) => { if (url !== abs(told.next_url) || new URL(url).pathname === location.pathname) ready.delete(url); });
      if (form.classList.contains("gp-undo")) { await reload(); say(`Taken back: ${told.restored} ${told.restored === 1 ? "decision" : "decisions"}.`); }
      else if (main().dataset.page === "queue") rowDecided(form, told);
      else if (DONE[action]) await goOn(told, DONE[action]);
      else if (main().dataset.page === "compare") await compareOn(told);
      else { await reload(); say(told.batch_id ? "Saved. u takes it back." : "Nothing changed."); }
    } catch (error) {
      say(error.message, true);
    } finally {
      busy = null;
    }
  }

  /* Everything about this group is said: the next one. */
  async function goOn(told, word) {
    if (!told.next_url) { await reload(); say(`${word}. That was the last group of this queue; q goes back to it.`); return; }
    await go(abs(told.next_url), false);
    remember(told.batch_id);
    say(`${word}. u takes it back.`);
  }

  /* The next photo of the group that is still open, else the next group, in the same frame. */
  async function compareOn(told) {
    if (!told.next_url) { location.href = main().dataset.queue; return; }
    await go(abs(told.next_url), false);
    remember(told.batch_id);
    say("Saved. u takes it back.");
  }

  const abs = (url) => (url ? new URL(url, location.href).href : null);

  function rowDecided(form, told) {
    const badge = document.createElement("span");
    badge.className = "gp-badge gp-keep";
    badge.textContent = "Decided";
    form.replaceWith(badge);
    remember(told.batch_id);
    say("Accepted. u takes it back.");
    move(1);
  }

  function remember(batch) {
    const form = main().querySelector(".gp-undo");
    if (!form || !batch) return;
    form.hidden = false;
    form.querySelector("[name=batch_id]").value = batch;
  }

  const rows = () => main().querySelectorAll(".gp-row");
  const members = () => main().querySelectorAll(".gp-member");

  function move(step) {
    const all = rows();
    if (!all.length) return;
    if (all[current]) all[current].classList.remove("gp-current");
    current = Math.max(0, Math.min(all.length - 1, current + step));
    all[current].classList.add("gp-current");
    all[current].querySelector(".gp-name").focus({ preventScroll: true });
    all[current].scrollIntoView({ block: "nearest" });
  }

  function focusMember(index) {
    const all = members();
    if (all.length) all[(index + all.length) % all.length].focus({ preventScroll: false });
  }

  function focusedMember() {
    const inside = document.activeElement && document.activeElement.closest(".gp-member");
    return inside || main().querySelector(".gp-member:not(.gp-is-keeper)") || members()[0];
  }

  function memberKey(key) {
    const member = focusedMember();
    if (!member) return false;
    const radio = member.querySelector(`[data-choice="${key}"]`);
    if (radio) {
      radio.checked = true;
      member.focus({ preventScroll: true });
      submit(radio.form, radio.form.querySelector("button[value=save]"));
      return true;
    }
    const control = member.querySelector(`[data-member-key="${key === "f" ? "c" : key}"]`);
    if (control && key === "f") sessionStorage.setItem("gp-compare", "flip"); // compare.js begins with it
    if (control) control.click();
    return Boolean(control);
  }

  function queueKey(key) {
    if (key === "n" || key === "ArrowDown") move(rows()[current] && rows()[current].classList.contains("gp-current") ? 1 : 0);
    else if (key === "p" || key === "ArrowUp") move(-1);
    else if (key === "a" && rows()[current]) { const button = rows()[current].querySelector("button[value=accept]"); if (button) button.click(); else move(1); }
    else return false;
    return true;
  }

  function groupKey(key) {
    const all = [...members()];
    const at = all.indexOf(document.activeElement && document.activeElement.closest(".gp-member"));
    if (key === "ArrowRight") focusMember(at + 1);
    else if (key === "ArrowLeft") focusMember(at < 0 ? -1 : at - 1);
    else return memberKey(key);
    return true;
  }

  function onKey(event) {
    const typing = event.target.closest("textarea, select, input:not([type=radio]):not([type=checkbox]):not([type=range]), [contenteditable]");
    if (event.ctrlKey || event.metaKey || event.altKey || typing || document.querySelector("dialog[open]")) return;
    const radio = event.target.closest("input[type=radio]");
    if (radio && event.key.startsWith("Arrow")) return;
    if (event.key === "?") { help(); event.preventDefault(); return; }
    const page = main().dataset.page;
    const done = (page === "queue" && queueKey(event.key)) || (page === "group" && groupKey(event.key));
    const control = done ? null : main().querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (control && !control.closest("[hidden]")) control.click();
    if (done || control) event.preventDefault();
  }

  function onClick(event) {
    const link = event.target.closest("a[rel=next], a[rel=prev]");
    if (!link || !link.closest("#gp-main:is([data-page=group], [data-page=compare])")) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    say("");
    go(link.href).catch(() => { location.href = link.href; });
  }

  function onSubmit(event) {
    const form = event.target;
    const ours = form.closest("main#gp-main:is([data-page=group], [data-page=queue], [data-page=compare])");
    if (!ours || form.method !== "post") return;
    event.preventDefault();
    submit(form, event.submitter);
  }

  function help() {
    const dialog = document.createElement("dialog");
    dialog.className = "gp-help";
    dialog.setAttribute("aria-label", "Keys");
    const list = KEYS.map(([key, text]) => `<dt><kbd>${key}</kbd></dt><dd>${text}</dd>`).join("");
    dialog.innerHTML = `<h2>Keys</h2><dl>${list}</dl><form method="dialog"><button class="gp-button">Close</button></form>`;
    dialog.addEventListener("close", () => dialog.remove());
    main().append(dialog);
    dialog.showModal();
  }

  function poll() {
    if (!main().dataset.poll) return;
    setTimeout(() => { if (main().dataset.poll) reload().catch(() => poll()); }, 1000);
  }

  function hint() {
    const foot = main().querySelector(".gp-foot");
    if (!foot || foot.querySelector("[data-key='?']")) return;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "gp-link", textContent: "Keys" });
    button.dataset.key = "?";
    button.addEventListener("click", help);
    foot.append(" · ", button);
  }

  function begin() {
    document.body.classList.add("gp-keyed");
    hint();
    poll();
    main().prepend(live);
    say("");
    requestAnimationFrame(() => setTimeout(fetchNeighbours, 0)); // after this page is painted
    document.dispatchEvent(new CustomEvent("gphotos:page"));
  }

  if (!document.documentElement.lang) document.documentElement.lang = "en"; // Datasette 0.65 leaves it out
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  document.addEventListener("submit", onSubmit);
  window.addEventListener("popstate", () => { if (main()) reload().catch(() => location.reload()); });
  if (main()) begin();
})();
