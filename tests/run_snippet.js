// Runs the snippet of a hand-over file under Node: node run_snippet.js SETUP.json, which holds {snippet, handover (text), storage, ...}
// as makeToolkit() takes it. Prints what the person was shown, what became of each photo, and what the stand-in has been asked.
const fs = require('fs');
const path = require('path');
const vm = require('vm');

const setup = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
vm.runInThisContext(fs.readFileSync(path.join(__dirname, 'toolkit_page.js'), 'utf8'));
const toolkit = makeToolkit(setup);
const storage = new Map(Object.entries(setup.storage || {}));
const seen = {shown: null, calls_before: null};

class Element {
  constructor(name) { Object.assign(this, {name, children: [], textContent: ''}); }
  append(...children) {
    for (const child of children) {
      child.remove();
      child.parent = this;
      this.children.push(child);
      if (child.name === 'button') setImmediate(() => press(child));
    }
  }
  remove() { if (this.parent) this.parent.children = this.parent.children.filter(child => child !== this); }
  text() { return [this.textContent, ...this.children.map(child => child.text())].filter(Boolean).join('\n'); }
}
const body = new Element('body');
const press = button => {
  Object.assign(seen, {shown: body.text(), calls_before: toolkit.state().calls.length});
  button.onclick();
};
const inputs = [];
const page = {
  console: {log() {}, error() {}},
  document: {createElement: name => { const made = new Element(name); if (name === 'input') inputs.push(made); return made; }, body},
  localStorage: {
    getItem: name => (storage.has(name) ? storage.get(name) : null),
    setItem: (name, text) => { if (setup.no_memory) throw new Error('QuotaExceededError'); storage.set(name, text); },
  },
  URL: {createObjectURL: () => 'blob:report'},
  Blob,
  setTimeout: (act, ms) => setTimeout(act, ms / 500), // nobody waits for a test
  clearTimeout,
};
if (toolkit.api) page.gptkApi = toolkit.api;
vm.runInNewContext(setup.snippet, page);
inputs[0].files = [{text: async () => setup.handover}];
inputs[0].onchange();

const deadline = Date.now() + (setup.seconds || 60) * 1000;
const timer = setInterval(() => {
  if (!page.gphotosHandover && Date.now() < deadline) return;
  clearInterval(timer);
  setImmediate(() => { // what is told at the end stands on the page by then
    const done = {...seen, text: body.text(), report: page.gphotosHandover || null, storage: Object.fromEntries(storage), ...toolkit.state()};
    process.stdout.write(JSON.stringify(done), () => process.exit(0));
  });
}, 5);
