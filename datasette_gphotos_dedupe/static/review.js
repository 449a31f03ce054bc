/* Makes the review pages quick: keys, the next group painted before it is asked for, decisions without reloading.
   Every page works without this file. Keys are read from data-key (anywhere) and data-member-key / data-choice (inside a photo). */
(function () {
  "use strict";
  const KEYS = [
    ["n / p", "next, previous group (or row)"], ["→ / ←", "next, previous photo of the group"], ["k", "keep this photo"],
    ["r", "remove this photo"], ["x", "not the same picture"], ["e", "the same picture, on your word"], ["m", "make this photo the keeper"],
    ["a", "accept and go on"], ["K", "keep all that is open and go on"], ["Space", "tick the group (queue)"],
    ["A", "accept all that is proved"], ["u", "undo my last decision"], ["c", "compare with the keeper"],
    ["f", "flip between the two, large"], ["d / s", "difference, slider (compare)"], ["z", "pixel for pixel (compare)"], ["q", "back"], ["Enter", "open the group"],
    ["?", "this list"],
  ];
  const DONE = { accept: "Accepted", save_on: "Saved", keep_all: "All kept" };
  const ready = new Map(); // address -> promise of a page fetched ahead, its pictures loading
  let here = location.href; // where the page shown came from: the address is ahead of it while going back
  const NOBODY = " "; // no photo has this id
  const QUIET_MS = 8000;
  const STAY_MS = 500;
  const ASK_MS = 250;
  let asking = null;
  let staying = null;
  let quiet = null;
  let busy = null;
  let current = 0;

  const main = () => document.getElementById("gp-main");
  const live = document.createElement("div");
  live.id = "gp-live";
  live.setAttribute("role", "status");
  const tray = document.createElement("div"); // takes no room, so that nothing moves when something is said
  tray.className = "gp-tray";
  tray.append(live);

  function say(text, isError) {
    live.textContent = text;
    live.className = text ? (isError ? "gp-note gp-goes" : "gp-note gp-stays") : "";
    clearTimeout(quiet);
    if (text && !isError) quiet = setTimeout(() => say(""), QUIET_MS);
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

  /* What a form sends; of a form with many photos in it, for a button that is about one, only what that one needs. */
  function fieldsOf(form, button, only) {
    const all = new FormData(form);
    const fields = new URLSearchParams();
    for (const [name, value] of all) if (!only || ["csrftoken", "seen", "then"].includes(name) || name.endsWith(`:${only}`)) fields.append(name, value);
    if (button && button.name) fields.set(button.name, button.value);
    return fields;
  }

  async function post(form, button, only) {
    const fields = fieldsOf(form, button, only);
    const token = form.querySelector("[name=csrftoken]");
    const headers = { accept: "application/json", "x-csrftoken": token ? token.value : "" };
    const address = (button && button.getAttribute("formaction")) || form.getAttribute("action");
    const answer = await fetch(address, { method: "POST", body: fields, headers }).catch(() => {
      throw new Error("The connection broke off: either all of it was saved or none. Open the page again to see which.");
    });
    const told = await answer.json().catch(() => ({ ok: false, error: "The server gave no answer that can be read." }));
    if (!told.ok) throw new Error(told.error);
    return { told, action: fields.get("action") };
  }

  async function submit(form, button, only) {
    if (busy) return;
    busy = true;
    try {
      const { told, action } = await post(form, button, only);
      ready.forEach((_, url) => { if (url !== abs(told.next_url) || new URL(url).pathname === location.pathname) ready.delete(url); });
      if (form.classList.contains("gp-undo")) { await reload(); say(`Taken back: ${told.restored} ${told.restored === 1 ? "decision" : "decisions"}.`); }
      else if (main().dataset.page === "queue") await rowDecided(button, told);
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
    const done = told.batch_id ? word : "Nothing to save";
    if (!told.next_url) { await reload(); say(`${done}. That was the last group of this queue; q goes back to it.`); return; }
    await go(abs(told.next_url), false);
    remember(told.batch_id);
    say(told.batch_id ? `${done}. u takes it back.` : `${done}.`);
  }

  /* The next photo of the group that is still open, else the next group, in the same frame. */
  async function compareOn(told) {
    if (!told.next_url) { location.href = main().dataset.queue; return; }
    await go(abs(told.next_url), false);
    remember(told.batch_id);
    say("Saved. u takes it back.");
  }

  const abs = (url) => (url ? new URL(url, location.href).href : null);

  /* A group of the list is said: it stays where it is, so that nothing jumps, and every count is read anew. */
  async function rowDecided(button, told) {
    const row = button.closest(".gp-group");
    const badge = Object.assign(document.createElement("span"), { className: "gp-soft gp-decided", textContent: told.group.decided ? "Decided" : "Accepted" });
    const pick = row.querySelector(".gp-pick");
    if (pick) pick.remove();
    row.dataset.goes = row.dataset.bytes = "0";
    row.classList.add("gp-done");
    button.replaceWith(badge);
    countPicked();
    remember(told.batch_id);
    say("Accepted. u takes it back.");
    await countAnew();
    if (rows()[current] === row) move(1);
  }

  /* Head, tabs and filters as they are now, the list as it is shown. */
  async function countAnew() {
    const page = await fetchPage(location.href);
    for (const part of [".gp-head", ".gp-tabs"]) {
      const [old, now] = [main().querySelector(part), page.main.querySelector(part)];
      if (old && now) old.replaceWith(now);
    }
  }

  function remember(batch) {
    const form = main().querySelector(".gp-undo");
    if (!form || !batch) return;
    form.hidden = false;
    form.querySelector("[name=batch_id]").value = batch;
  }

  const rows = () => main().querySelectorAll(".gp-group[data-group]");
  const members = () => main().querySelectorAll(".gp-member");

  function move(step) {
    const all = rows();
    if (!all.length) return;
    if (all[current]) all[current].classList.remove("gp-current");
    current = Math.max(0, Math.min(all.length - 1, current + step));
    all[current].classList.add("gp-current");
    (all[current].querySelector(".gp-name") || all[current]).focus({ preventScroll: true });
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
      addUp();
      submit(radio.form, null, member.dataset.photo);
      return true;
    }
    const control = member.querySelector(`[data-member-key="${key === "f" ? "c" : key}"]`);
    if (control && key === "f") sessionStorage.setItem("gp-compare", "flip"); // compare.js begins with it
    if (control) control.click();
    return Boolean(control);
  }

  /* What the choices on a group's page add up to, while they are made. */
  function addUp() {
    const sum = main().querySelector(".gp-sum");
    if (!sum) return;
    let [go, stay, later, word] = [0, 0, 0, 0];
    for (const member of members()) {
      const chosen = member.querySelector("[data-choice]:checked, .gp-choice input[value='']:checked");
      if (!chosen || chosen.value === "keep") stay++;
      else if (chosen.value === "remove") { go++; if ("unproved" in member.dataset) word++; }
      else later++;
    }
    const told = [`${go} ${go === 1 ? "goes" : "go"}`, `${stay} ${stay === 1 ? "stays" : "stay"}`];
    if (later) told.push(`${later} later`);
    sum.textContent = `${told.join(", ")}.${word ? ` Nothing proves ${word} of them.` : ""}`;
  }

  const size = (bytes) => {
    for (const unit of ["bytes", "kB", "MB", "GB"]) {
      if (bytes < 1000) return `${unit === "bytes" || unit === "kB" || bytes >= 100 ? Math.round(bytes) : bytes.toFixed(1)} ${unit}`;
      bytes /= 1000;
    }
    return `${bytes.toFixed(1)} TB`;
  };

  /* What accepting the ticked groups would do, in the bar and on its button. */
  function countPicked() {
    const bar = main().querySelector(".gp-bulk");
    if (!bar) return;
    const picked = [...rows()].filter((row) => row.querySelector(".gp-pick input:checked"));
    const goes = picked.reduce((sum, row) => sum + Number(row.dataset.goes), 0);
    const bytes = picked.reduce((sum, row) => sum + Number(row.dataset.bytes), 0);
    const asks = picked.flatMap((row) => (row.dataset.asks ? row.dataset.asks.split("; ") : []));
    const told = bar.querySelector(".gp-told");
    told.replaceChildren();
    const strong = (text, css) => told.append(Object.assign(document.createElement(css ? "span" : "b"), { className: css || "", textContent: text }));
    strong(`${picked.length.toLocaleString("en")} ${picked.length === 1 ? "group" : "groups"} selected.`);
    told.append(` ${goes.toLocaleString("en")} ${goes === 1 ? "copy goes" : "copies go"}, ${size(bytes)}.`);
    if (asks.length) {
      told.append(" ");
      const names = asks.length < 3 ? asks.join(" and ") : `${asks.slice(0, 2).join(", ")} and ${asks.length - 2} more`;
      strong(`${names} ${asks.length === 1 ? "stays" : "stay"}`, "gp-asks-word");
      told.append(`: nothing proves ${asks.length === 1 ? "it" : "them"}.`);
    }
    const accept = bar.querySelector("[value=accept]");
    accept.textContent = goes ? `Accept ${goes.toLocaleString("en")} ${goes === 1 ? "copy" : "copies"}` : "Nothing to accept";
    accept.disabled = !goes;
    delete accept.dataset.expected;
    clearTimeout(asking);
    if (goes) asking = setTimeout(() => askPlan(bar, accept).catch(() => {}), ASK_MS);
  }

  /* What the server makes of the ticked groups: what it would refuse is named before the button is pressed. */
  async function askPlan(bar, accept) {
    const form = bar.closest("form");
    const fields = new URLSearchParams(new FormData(form));
    fields.set("rule", "accept");
    const headers = { accept: "application/json", "x-csrftoken": fields.get("csrftoken") || "" };
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body: fields, headers });
    const plan = await answer.json();
    if (!plan.ok || String(new URLSearchParams(new FormData(form)).getAll("group")) !== String(fields.getAll("group"))) return;
    accept.textContent = plan.photos ? `Accept ${plan.photos.toLocaleString("en")} ${plan.photos === 1 ? "copy" : "copies"}` : "Nothing to accept";
    accept.disabled = !plan.photos;
    accept.dataset.expected = plan.post.digest;
    const old = bar.querySelector(".gp-refused");
    if (old) old.remove();
    if (!plan.refused) return;
    const reasons = plan.refusals.slice(0, 2).map((refusal) => refusal.reason).join("; ");
    const more = plan.refused > 2 ? `; and ${plan.refused - 2} more` : "";
    bar.querySelector(".gp-told").append(Object.assign(document.createElement("span"), { className: "gp-refused", textContent: ` ${reasons}${more}.` }));
  }

  let ticked = null; // the group that was ticked last: shift ticks all from there

  function onTick(box, shift) {
    const all = [...main().querySelectorAll(".gp-pick input")];
    if (shift && ticked && all.includes(ticked)) {
      const [from, to] = [all.indexOf(ticked), all.indexOf(box)].sort((a, b) => a - b);
      for (const one of all.slice(from, to + 1)) one.checked = box.checked;
    }
    ticked = box;
    countPicked();
  }

  function queueKey(key) {
    if (key === "n" || key === "ArrowDown") move(rows()[current] && rows()[current].classList.contains("gp-current") ? 1 : 0);
    else if (key === "p" || key === "ArrowUp") move(-1);
    else if (key === "a" && rows()[current]) { const button = rows()[current].querySelector("button[name=accept]"); if (button) button.click(); else move(1); }
    else if (key === " " && rows()[current] && rows()[current].contains(document.activeElement) && !document.activeElement.matches("input, button, summary")) {
      const box = rows()[current].querySelector(".gp-pick input");
      if (box) { box.checked = !box.checked; onTick(box, false); }
    }
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
    if (event.key === " " && event.target.closest("input, button, summary, a[role=button]")) return;
    if (event.key === "?") { help(); event.preventDefault(); return; }
    const page = main().dataset.page;
    const done = (page === "queue" && queueKey(event.key)) || (page === "group" && groupKey(event.key));
    const control = done ? null : main().querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (control && control.dataset.say) say(control.dataset.say);
    else if (control && !control.closest("[hidden]")) control.click();
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
    const button = event.submitter;
    if (button && button.name === "rule") { askFirst(event, form, button); return; }
    const ours = form.closest("main#gp-main:is([data-page=group], [data-page=queue], [data-page=compare])");
    if (!ours || form.method !== "post") return;
    event.preventDefault();
    const alone = button && (button.dataset.memberKey || form.hasAttribute("data-choosing")); // such a button says all itself
    submit(form, button, alone ? NOBODY : undefined);
  }

  /* Only what the page itself has counted is done at once; everything else is shown first. */
  function askFirst(event, form, button) {
    if (button.value !== "accept" || !button.dataset.expected) return;
    const expected = Object.assign(document.createElement("input"), { type: "hidden", name: "expected", value: button.dataset.expected });
    form.append(expected);
    setTimeout(() => expected.remove(), 0);
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
    const button = Object.assign(document.createElement("button"), { type: "button", className: "gp-as-link", textContent: "Keys" });
    button.dataset.key = "?";
    button.addEventListener("click", help);
    foot.append(" · ", button);
  }

  /* The group's pictures at full size, one after the other, once a person stays; the first that cannot be reached ends it. */
  async function showOriginals() {
    const shown = main();
    const images = [...shown.querySelectorAll("img[data-original]")];
    for (const image of images) {
      const original = new Image();
      original.src = image.dataset.original;
      try { await original.decode(); } catch (error) { return; }
      if (main() !== shown) return;
      image.src = original.src;
    }
  }

  function stay() {
    clearTimeout(staying);
    if (main().dataset.page === "group") staying = setTimeout(showOriginals, STAY_MS);
  }

  function begin() {
    document.body.classList.add("gp-keyed");
    hint();
    stay();
    countPicked();
    poll();
    main().before(tray);
    say("");
    requestAnimationFrame(() => setTimeout(fetchNeighbours, 0)); // after this page is painted
    document.dispatchEvent(new CustomEvent("gphotos:page"));
  }

  if (!document.documentElement.lang) document.documentElement.lang = "en"; // Datasette 0.65 leaves it out
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  document.addEventListener("submit", onSubmit);
  document.addEventListener("change", (event) => { if (event.target.closest(".gp-choice") && main()) addUp(); });
  document.addEventListener("change", (event) => { // another way into the album is shown before anything is done
    const form = event.target.closest("[data-reload]") && event.target.form;
    if (form) form.requestSubmit(form.querySelector("[formmethod=get]"));
  });
  document.addEventListener("reset", () => setTimeout(countPicked, 0));
  document.addEventListener("click", (event) => { const box = event.target.closest(".gp-pick input"); if (box) onTick(box, event.shiftKey); });
  window.addEventListener("popstate", () => { if (main()) reload().catch(() => location.reload()); });
  if (main()) begin();
})();
