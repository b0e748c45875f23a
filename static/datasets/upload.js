// Sends a file with a progress bar: small ones in one request, large ones in pieces that go on where they stopped.
// Without this script the form is sent as it stands.
"use strict";

const WHOLE_UP_TO = 16 * 2 ** 20;
const PIECE = 8 * 2 ** 20;
const HEAD = 2 ** 20;
const WAITS_MS = [1000, 2000, 4000, 8000, 15000, 30000];

class Refused extends Error {
  constructor(status, body) {
    super(body.fields?.file || body.detail || "");
    Object.assign(this, { status, code: body.code || "", values: body.values || {} });
  }
}

class Lost extends Error {}

class Sender {
  constructor(form) {
    this.form = form;
    this.token = form.elements.csrfmiddlewaretoken.value;
    this.request = null;
    this.stopped = false;
  }

  // Resolves with the JSON of the answer; rejects with Refused (the server said no) or Lost (no connection).
  send(method, url, { body = null, type = "", onProgress = null } = {}) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      this.request = request;
      request.open(method, url);
      request.setRequestHeader("X-CSRFToken", this.token);
      request.setRequestHeader("Accept", "application/json");
      if (type) request.setRequestHeader("Content-Type", type);
      if (onProgress) request.upload.addEventListener("progress", (event) => onProgress(event.loaded));
      request.addEventListener("error", () => reject(new Lost()));
      request.addEventListener("abort", () => reject(new Lost()));
      request.addEventListener("load", () => {
        let answer = {};
        try {
          answer = request.responseText ? JSON.parse(request.responseText) : {};
        } catch {
          // A proxy's own page instead of an answer.
        }
        if (request.status < 300) resolve(answer);
        else if ([502, 503, 504].includes(request.status)) reject(new Lost());
        else reject(new Refused(request.status, answer));
      });
      request.send(body);
    });
  }

  json(method, url, data) {
    return this.send(method, url, { body: JSON.stringify(data), type: "application/json" });
  }

  stop() {
    this.stopped = true;
    this.request?.abort();
  }
}

async function headOf(file) {
  const bytes = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
  if (window.crypto?.subtle) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  let [one, two] = [0xdeadbeef, 0x41c6ce57]; // plain HTTP has no crypto.subtle: cyrb53 tells files apart well enough
  for (const byte of bytes) {
    one = Math.imul(one ^ byte, 2654435761);
    two = Math.imul(two ^ byte, 1597334677);
  }
  return `c53-${(one >>> 0).toString(16)}${(two >>> 0).toString(16)}`;
}

const wait = (ms) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    window.addEventListener("online", () => { clearTimeout(timer); resolve(); }, { once: true });
  });

// What the page shows: a bar with its words, a sentence that went wrong, a question.
class Panel {
  constructor(form) {
    this.form = form;
    this.part = (name) => form.querySelector(`[data-part="${name}"]`);
    this.words = form.dataset;
  }

  begin(file) {
    this.file = file;
    this.samples = [];
    this.show("progress");
    this.say("");
    for (const button of this.form.querySelectorAll("[data-idle]")) button.hidden = true;
    this.form.elements.file.disabled = true;
  }

  idle(part = "") {
    this.show(part);
    for (const button of this.form.querySelectorAll("[data-idle]")) button.hidden = false;
    this.form.elements.file.disabled = false;
  }

  show(wanted) {
    for (const name of ["progress", "problem", "same"]) this.part(name).hidden = name !== wanted;
  }

  sent(bytes) {
    const percent = Math.min(100, Math.floor((100 * bytes) / this.file.size));
    const now = performance.now();
    this.samples = [...this.samples.filter(([at]) => now - at < 5000), [now, bytes]];
    const [[first, before]] = this.samples;
    const speed = now - first > 800 ? ` · ${size((1000 * (bytes - before)) / (now - first))}/s` : "";
    this.part("bar").style.width = `${percent}%`;
    this.part("bar").parentElement.setAttribute("aria-valuenow", percent);
    this.part("percent").textContent = `${percent} %`;
    this.part("figures").textContent = `${size(bytes)} / ${size(this.file.size)}${speed}`;
  }

  goesOn() {
    this.samples = []; // what came before says nothing about the speed now
    this.say(this.words.textGoesOn);
  }

  say(sentence) {
    this.part("state").textContent = sentence || this.words.textSending;
  }

  problem(sentence) {
    this.part("problem").textContent = sentence || this.words.textFailed;
    this.idle("problem");
  }

  same(problem) {
    this.part("same-text").textContent = problem.message;
    this.part("same-link").href = this.form.dataset.versionPage.replace(/0{8}-.*0{12}/, problem.values.id);
    this.show("same");
    return new Promise((resolve) => {
      this.part("same-again").onclick = () => resolve(true);
      this.part("same-leave").onclick = () => resolve(false);
    });
  }
}

function size(bytes) {
  const [unit, name] = bytes >= 2 ** 20 ? [2 ** 20, "MB"] : [2 ** 10, "KB"];
  return `${(bytes / unit).toFixed(bytes < 10 * unit ? 1 : 0)} ${name}`;
}

function sendWhole(sender, panel, file, again) {
  const body = new FormData();
  body.append("file", file);
  body.append("asks_layout", "true");
  if (again) body.append("again", "true");
  return sender.send("POST", panel.words.versionsUrl, { body, onProgress: (sent) => panel.sent(Math.min(sent, file.size)) });
}

// Sends pieces until the server has them all; a lost connection is tried again, ever more patiently.
async function sendPieces(sender, panel, file, upload) {
  let { received } = upload;
  for (let lost = 0; received < file.size; ) {
    const piece = file.slice(received, received + PIECE);
    const url = `${panel.words.uploadsUrl}/${upload.id}?offset=${received}`;
    try {
      const onProgress = (sent) => panel.sent(received + Math.min(sent, piece.size));
      ({ received } = await sender.send("PUT", url, { body: piece, type: "application/octet-stream", onProgress }));
      [lost] = [0, panel.say("")];
    } catch (problem) {
      if (problem instanceof Refused && problem.code === "wrong_offset") received = problem.values.received;
      else if (problem instanceof Refused && problem.code === "cut_off") lost += 1;
      else if (problem instanceof Refused || sender.stopped) throw problem;
      else {
        panel.say(panel.words.textLost);
        await wait(WAITS_MS[Math.min(lost++, WAITS_MS.length - 1)]);
        if (sender.stopped) throw problem;
      }
    }
    panel.sent(received);
  }
}

async function upload(sender, panel, file) {
  const isSmall = file.size <= WHOLE_UP_TO;
  let announced = null;
  if (!isSmall) {
    const facts = { name: file.name, size: file.size, head: await headOf(file) };
    announced = await sender.json("POST", panel.words.uploadsUrl, facts);
    sender.upload = `${panel.words.uploadsUrl}/${announced.id}`;
    if (announced.received) panel.goesOn();
    await sendPieces(sender, panel, file, announced);
  }
  for (let again = false; ; again = true) {
    try {
      panel.say(panel.words.textChecking);
      const facts = { again, asks_layout: true };
      return await (isSmall ? sendWhole(sender, panel, file, again) : sender.json("POST", `${sender.upload}/complete`, facts));
    } catch (problem) {
      if (again || problem.code !== "same_file") throw problem;
      if (!(await panel.same(problem))) return null;
      panel.show("progress");
    }
  }
}

async function start(form, panel, file) {
  const sender = new Sender(form);
  const guard = (event) => event.preventDefault();
  panel.begin(file);
  panel.sent(0);
  window.addEventListener("beforeunload", guard);
  panel.part("stop").onclick = () => sender.stop();
  try {
    const version = await upload(sender, panel, file);
    window.removeEventListener("beforeunload", guard);
    if (version) {
      location.assign(form.dataset.versionPage.replace(/0{8}-.*0{12}/, version.id));
      return;
    }
    sender.stopped = true;
  } catch (problem) {
    if (!sender.stopped) panel.problem(problem instanceof Lost ? panel.words.textLost : problem.message);
  } finally {
    window.removeEventListener("beforeunload", guard);
  }
  if (!sender.stopped) return;
  if (sender.upload) await sender.send("DELETE", sender.upload).catch(() => {});
  panel.idle();
}

document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form[data-upload]");
  if (!form) return;
  const panel = new Panel(form);
  form.addEventListener("submit", (event) => {
    const [file] = form.elements.file.files;
    if (!file) return;
    event.preventDefault();
    if (file.size > Number(form.dataset.limit)) panel.problem(form.dataset.textTooLarge);
    else start(form, panel, file);
  });
});
