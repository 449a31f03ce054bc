/* Drop a picture anywhere on the page: it is sent by the form that is there, so that the answer comes the same way without this file. */
(function () {
  "use strict";
  const form = document.querySelector("form.gp-drop");
  if (!form) return;
  const chooser = form.querySelector("input[type=file]");
  const hint = form.querySelector(".gp-drop-hint");
  hint.hidden = false;

  function hasFiles(event) {
    return event.dataTransfer && Array.from(event.dataTransfer.types).includes("Files");
  }

  function send() {
    if (!chooser.files.length) return;
    hint.textContent = `Looking for ${chooser.files[0].name} …`;
    form.classList.add("gp-busy");
    form.requestSubmit();
  }

  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    form.classList.add("gp-over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) form.classList.remove("gp-over");
  });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    form.classList.remove("gp-over");
    chooser.files = event.dataTransfer.files;
    send();
  });
  form.addEventListener("submit", () => form.classList.add("gp-busy"));
  window.addEventListener("pageshow", () => form.classList.remove("gp-busy"));
  const answer = document.querySelector("#gp-answer .gp-answer");
  if (answer) document.getElementById("gp-answer").focus({ preventScroll: true });
})();
