"use strict";
/* The live page of a training job: one socket, one list of events, and everything on the page follows from those. */
(() => {
  const root = document.getElementById("live");
  const words = JSON.parse(document.getElementById("live-words").textContent);
  const part = (name) => root.querySelector(`[data-live="${name}"]`);
  const LOG_LINES_MAX = 500;
  const REDRAW_MS = 150;
  const SMOOTHING = 0.8;

  const seen = { cursor: 0, job: null, steps: [], byStep: new Map(), progress: null, progressAt: 0 };

  // --- words and figures -------------------------------------------------------------------------------------------

  const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
  const setText = (name, text) => { part(name).textContent = text; };
  const percentOf = (share) => (isNumber(share) ? `${(share * 100).toFixed(1)} %` : "—");
  const figure = (value) => (isNumber(value) ? (value !== 0 && Math.abs(value) < 0.01 ? value.toExponential(1) : value.toFixed(3)) : "—");

  function duration(seconds) {
    if (!isNumber(seconds)) return "—";
    const whole = Math.max(0, Math.round(seconds));
    const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
    return h ? `${h}:${String(m).padStart(2, "0")}:${String(s).padStart(2, "0")}` : `${m}:${String(s).padStart(2, "0")}`;
  }

  const fillIn = (sentence, values) =>
    sentence.replace(/\{(\w+)\}/g, (_, name) => (isNumber(values[name]) ? values[name].toLocaleString() : values[name] ?? "—"));

  function element(tag, text, className = "") {
    const made = document.createElement(tag);
    made.textContent = text;
    made.className = className;
    return made;
  }

  // --- what an event changes ---------------------------------------------------------------------------------------

  const changes = {
    progress(payload, at) {
      addPoint(payload.step, { loss: payload.loss, rate: payload.learning_rate });
      if ("total_steps" in payload) {
        seen.progress = payload;
        seen.progressAt = Date.parse(at);
      }
    },
    validation(payload) {
      const point = seen.byStep.get(payload.step) ?? addPoint(payload.step, {});
      if (point) point.validation = payload.loss;
      setText("validation", figure(payload.loss));
    },
    evaluation: showEvaluation,
    attempt() {
      seen.progress = null;
    },
  };

  function handle(event) {
    changes[event.kind]?.(event.payload, event.at);
    const sentence = sentenceOf(event.kind, event.payload);
    if (sentence) addLogLine(sentence, event);
  }

  /* Programs log in English; what the page knows in the reader's language, it says in that. */
  function sentenceOf(kind, payload) {
    if (kind === "log") return fillIn(words.messages[payload.message] ?? payload.message, payload.values ?? {});
    const reason = words.reasons[payload.reason] ?? payload.reason;
    const message = words.problems[payload.code]?.title ?? payload.message;
    return words.log[kind] && fillIn(words.log[kind], { ...payload, reason, message });
  }

  /* Steps grow; a step that is not new means that a later attempt has started over from there. */
  function addPoint(step, point) {
    if (!isNumber(step)) return null;
    while (seen.steps.length && seen.steps.at(-1) >= step) seen.byStep.delete(seen.steps.pop());
    seen.steps.push(step);
    seen.byStep.set(step, point);
    return point;
  }

  function addLogLine(sentence, event) {
    const log = part("log");
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    const level = event.kind === "failed" ? "error" : event.kind === "log" ? event.payload.level : "event";
    const line = element("li", "", `live-${level}`);
    const at = event.at ? new Date(event.at) : null;
    line.append(element("time", at ? at.toLocaleTimeString([], { hour12: false }) : ""), element("span", sentence));
    log.append(line);
    while (log.childElementCount > LOG_LINES_MAX) log.firstElementChild.remove();
    if (atEnd) log.scrollTop = log.scrollHeight;
  }

  function showEvaluation(payload) {
    const { base = {}, tuned = {}, examples = [] } = payload;
    const names = [...new Set([...Object.keys(words.metrics), ...Object.keys(tuned)])].filter((name) => isNumber(tuned[name]));
    part("metrics").replaceChildren(...names.map((name) => {
      const gain = isNumber(base[name]) ? (tuned[name] - base[name]) * 100 : null;
      const row = document.createElement("tr");
      const change = element("td", gain === null ? "—" : `${gain > 0 ? "+" : gain < 0 ? "−" : "±"}${Math.abs(gain).toFixed(1)}`);
      change.className = gain > 0 ? "live-better" : gain < 0 ? "live-worse" : "";
      row.append(element("td", words.metrics[name] ?? name), element("td", percentOf(base[name])), element("td", percentOf(tuned[name]), "live-strong"), change);
      return row;
    }));
    part("examples").replaceChildren(...examples.map((example) => {
      const row = document.createElement("tr");
      const verdict = example.tuned === example.expected ? "live-right" : "live-wrong";
      row.append(element("td", example.question), element("td", shown(example.expected), "live-code"));
      row.append(element("td", shown(example.base), "live-code live-faint"), element("td", shown(example.tuned), `live-code ${verdict}`));
      return row;
    }));
    setText("evaluated", fillIn(words.log.evaluation, payload));
    part("evaluation").hidden = false;
  }

  const shown = (value) => (typeof value === "string" ? value : JSON.stringify(value));

  // --- what the page shows -----------------------------------------------------------------------------------------

  function showJob(job) {
    seen.job = job;
    const badge = part("status");
    badge.textContent = job.cancelling ? words.cancelling : words.status[job.status];
    badge.dataset.status = job.cancelling ? "cancelling" : job.status;
    const cancel = part("cancel");
    if (cancel) cancel.hidden = job.ended || job.cancelling;
    part("problem").hidden = !job.error;
    if (job.error) {
      const known = words.problems[job.error.code] ?? { title: job.error.code, remedy: job.error.remedy };
      setText("problem-title", known.title);
      setText("problem-detail", job.error.message);
      setText("problem-remedy", known.remedy);
    }
    part("result").hidden = !job.model_version;
    if (job.model_version) {
      setText("version", job.model_version.name);
      part("version").href = job.model_version.url;
    }
    showFigures();
  }

  function showFigures() {
    const { progress, job } = seen;
    if (!job) return;
    const done = progress ? progress.step / progress.total_steps : 0;
    const percent = job.status === "succeeded" ? 100 : Math.min(99, Math.floor(done * 100));
    setText("percent", `${percent} %`);
    part("fill").style.width = `${percent}%`;
    part("bar").setAttribute("aria-valuenow", percent);
    part("bar").classList.toggle("live-busy", job.status === "running" && (!progress || progress.step === progress.total_steps));
    const start = Date.parse(job.started_at);
    const end = job.finished_at ? Date.parse(job.finished_at) : Date.now();
    setText("elapsed", duration((end - start) / 1000));
    setText("eta", job.ended || !progress ? "—" : duration(progress.eta_seconds - (Date.now() - seen.progressAt) / 1000));
    if (!progress) return;
    setText("steps", `${progress.step.toLocaleString()} / ${progress.total_steps.toLocaleString()}`);
    setText("loss", figure(progress.loss));
    setText("speed", isNumber(progress.tokens_per_second) ? Math.round(progress.tokens_per_second).toLocaleString() : "—");
  }

  // --- curves ------------------------------------------------------------------------------------------------------

  const colour = (name) => () => getComputedStyle(root).getPropertyValue(`--live-${name}`).trim();
  const charts = [];

  const chartHeight = (box) => (box.clientWidth < 480 ? 200 : 260);
  const showLatest = (plot) => plot.setLegend({ idx: plot.data[0].length - 1 }, false);

  function chart(name, series) {
    const axis = { stroke: colour("axis"), grid: { stroke: colour("grid"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
    const box = part(name);
    const options = {
      width: box.clientWidth,
      height: chartHeight(box),
      padding: [8, 12, 0, 0],
      scales: { x: { time: false } },
      axes: [{ ...axis, space: 60, size: 32 }, { ...axis, size: 52, values: (_, ticks) => ticks.map((tick) => (tick !== 0 && Math.abs(tick) < 0.01 ? tick.toExponential(0) : String(tick))) }],
      cursor: { sync: { key: "live" }, drag: { x: true, y: false } },
      hooks: { setCursor: [(plot) => { if (plot.cursor.idx == null) showLatest(plot); }] },
      series: [{ label: words.step }, ...series.map((one) => ({ value: (_, value) => (value == null ? "—" : figure(value)), ...one }))],
    };
    const plot = new uPlot(options, [[], ...series.map(() => [])], box);
    charts.push(plot);
    new ResizeObserver(() => {
      if (box.clientWidth && box.clientWidth !== plot.width) plot.setSize({ width: box.clientWidth, height: chartHeight(box) });
    }).observe(box);
    return plot;
  }

  let lossChart, rateChart, redrawTimer;

  function makeCharts() {
    part("empty").hidden = true;
    root.querySelectorAll("figure").forEach((one) => { one.style.display = "block"; });
    lossChart = chart("loss-chart", [
      { label: words.loss, stroke: colour("loss-faint"), width: 1, points: { show: false }, spanGaps: true },
      { label: words.smooth, stroke: colour("loss"), width: 2, points: { show: false }, spanGaps: true },
      { label: words.validation, stroke: colour("validation"), width: 2, points: { show: true, size: 6, fill: colour("validation") }, spanGaps: true },
    ]);
    rateChart = chart("rate-chart", [{ label: words.learning_rate, stroke: colour("rate"), width: 2, points: { show: false }, spanGaps: true }]);
    new MutationObserver(() => charts.forEach((plot) => plot.redraw())).observe(document.documentElement, { attributeFilter: ["class"] });
  }

  /* Exponential mean with the bias of its start taken out, as in Adam. */
  function smooth(values) {
    let mean = 0, weight = 0;
    return values.map((value) => {
      if (!isNumber(value)) return null;
      mean = SMOOTHING * mean + (1 - SMOOTHING) * value;
      weight = SMOOTHING * weight + (1 - SMOOTHING);
      return mean / weight;
    });
  }

  function redraw() {
    redrawTimer = undefined;
    showFigures();
    if (!seen.steps.length) return;
    if (!lossChart) makeCharts();
    const points = seen.steps.map((step) => seen.byStep.get(step));
    const column = (name) => points.map((point) => point[name] ?? null);
    const loss = column("loss");
    lossChart.setData([seen.steps, loss, smooth(loss), column("validation")]);
    rateChart.setData([seen.steps, column("rate")]);
    charts.filter((plot) => plot.cursor.idx == null).forEach(showLatest);
  }

  const redrawSoon = () => { redrawTimer ??= setTimeout(redraw, REDRAW_MS); };

  // --- the socket --------------------------------------------------------------------------------------------------

  const frames = {
    snapshot(frame) {
      if (frame.events) takeAll(frame);
      seen.cursor = frame.cursor;
      showJob(frame.job);
    },
    events(frame) {
      for (const event of frame.events) {
        if (event.seq <= seen.cursor) continue;
        seen.cursor = event.seq;
        handle(event);
      }
    },
    status(frame) {
      showJob(frame.job);
      if (frame.job.ended) renewFacts();
    },
  };

  /* The whole history: progress comes as columns and is put back in its place between the other events. */
  function takeAll({ curve, events }) {
    Object.assign(seen, { steps: [], byStep: new Map(), progress: null });
    part("log").replaceChildren();
    const points = curve.seq.map((seq, i) => ({
      seq, kind: "progress", payload: { step: curve.step[i], loss: curve.loss[i], learning_rate: curve.learning_rate[i] },
    }));
    const whole = new Set(events.map((event) => event.seq));
    [...events, ...points.filter((point) => !whole.has(point.seq))].sort((a, b) => a.seq - b.seq).forEach(handle);
  }

  /* What the server wrote below the live part (finished, model version) is of the time when the page was opened. */
  async function renewFacts() {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("trainingjob_form");
    if (answer.ok && fresh) document.getElementById("trainingjob_form").replaceWith(fresh);
  }

  const CLOSED_FOR_GOOD = { 1000: "", 4401: words.signed_out, 4404: words.gone };
  let pause = 500;

  function sign(kind, text) {
    part("sign").dataset.sign = kind;
    setText("sign", text);
  }

  function connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}${root.dataset.socket}?after=${seen.cursor}`);
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data);
      frames[frame.type]?.(frame);
      pause = 500;
      sign("live", words.live);
      redrawSoon();
    };
    socket.onclose = ({ code }) => {
      if (code in CLOSED_FOR_GOOD) {
        sign("closed", CLOSED_FOR_GOOD[code]);
        return;
      }
      sign("waiting", words.reconnecting);
      setTimeout(connect, pause * (0.75 + Math.random() / 2));
      pause = Math.min(pause * 2, 10_000);
    };
  }

  setInterval(showFigures, 1000);
  connect();
})();
