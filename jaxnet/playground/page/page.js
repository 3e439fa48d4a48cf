// The page: what it shows, what a person does with it, and when it asks for the next frame. It is handed a line to
// whoever computes: send(text or bytes), and a function that is called with each answer.

import { choice, dataPanel, h, settingsPanel, short } from "./controls.js";
import { curve, draw, example } from "./drawing.js";
import { exampleStrip, flowThrough } from "./examples.js";
import { decode } from "./frames.js";
import { raceView } from "./race.js";

const SPEEDS = [["1 step a frame", 1], ["5 steps a frame", 5], ["20 steps a frame", 20], ["100 steps a frame", 100], ["1,000 steps a frame", 1000]];
const SHOWN_INPUTS = 16;

export function start(root, line, recorded = false) {
  const page = { frames: 0, bytes: 0, paints: [], times: [], acknowledged: null, sent: {}, latencies: [] };
  let scene = null, frame = null, playing = false, waiting = false, number = 0, speed = 20, wanted = 0;
  let history = [], pinned = null, pending = null, busy = false, view = { units: [], lines: [] };
  let painted = 0, owed = 0;

  // ---- what stands on the page
  const say = h("p", { role: "status", class: "say" });
  const play = h("button", { class: "play", onclick: () => toggle() }, "Play");
  const buttons = [
    ["Step", () => ask(1)], ["Epoch", () => frame && ask(frame.head.per - frame.head.step)],
    ["Back", () => frame && frame.head.at > 0 && command({ do: "go", at: Math.max(0, frame.head.at - 1) })],
    ["Restart", () => { history = []; command({ do: "restart" }); }],
  ].map(([name, does]) => h("button", { onclick: () => { stop(); does(); } }, name));
  const pace = choice("Speed", SPEEDS, SPEEDS[2], (chosen) => { speed = chosen[1]; }, (each) => each[0]);
  const scrub = h("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": "state of the last 300", oninput: () => { stop(); latest({ do: "go", at: Number(scrub.value) }); } });
  const numbers = h("dl", { class: "numbers" });
  const network = h("div", { class: "network", role: "group", "aria-label": "the network" });
  const depth = h("div", { class: "depth" });
  const planeCanvas = h("canvas", { class: "plane", width: 300, height: 300, role: "img", "aria-label": "the network's answer over the plane of two inputs; click chooses the nearest row" });
  const marked = h("canvas", { class: "plane", width: 300, height: 300, role: "img", hidden: true });
  const markedSays = h("p", { hidden: true });
  const compare = h("button", { onclick: () => mark() }, "Keep this moment to compare");
  const axes = h("div", { class: "axes" });
  const chart = h("canvas", { class: "curve", width: 420, height: 180, role: "img", "aria-label": "loss by epoch" });
  const pictured = h("canvas", { class: "example", role: "img", hidden: true, "aria-label": "the chosen example" });
  const rowField = h("input", { type: "number", min: 1, value: 1, "aria-label": "row", onchange: () => pick(heldField.checked, Number(rowField.value) - 1) });
  const heldField = h("input", { type: "checkbox", onchange: () => { paintNow(); pick(heldField.checked, 0); } });
  const answerSays = h("p", {}), flowSays = h("p", { class: "flow", role: "status" });
  const strip = exampleStrip((held, row) => pick(held, row));
  const sliders = h("div", { class: "values" });
  const explained = h("section", { class: "explained", "aria-live": "polite" });
  const settings = h("div", { class: "fields" }), data = h("div", { class: "fields" });
  const code = h("textarea", { rows: 16, cols: 80, spellcheck: "false", "aria-label": "your gradient in NumPy" }), judgement = h("div", { role: "status" });
  const checkCode = h("button", { onclick: () => { stop(); judgement.replaceChildren(h("p", {}, "Running and judging …")); command({ do: "written", code: code.value }); } }, "Check my gradient");
  const codeSays = h("p", {});
  const race = raceView((message) => { stop(); command(message); }, (message) => { stop(); latest(message); });
  const chartSays = h("p", { class: "legend" });
  const health = h("div", {}), out = h("div", {}), lesson = h("div", { class: "lesson" });
  const panel = (title, open, ...children) => h("details", { open }, h("summary", {}, title), ...children);
  root.replaceChildren(
    h("header", {}, h("h1", {}, "jaxnet playground"), h("div", { class: "transport" }, play, ...buttons, pace), scrub, say),
    h("main", {},
      h("section", { class: "left", "aria-label": "data and settings" }, panel("Data", true, data), panel("Training", true, settings)),
      h("section", { class: "middle", "aria-label": "network" }, numbers, depth, network, explained, flowSays, panel("Examples", true, strip.element, h("button", { onclick: () => { stop(); flow(); } }, "Let it flow through")), panel("Race", false, race.panel)),
      h("section", { class: "right", "aria-label": "answer" }, planeCanvas, axes, race.element, compare, marked, markedSays, chart, chartSays,
        h("div", { class: "row" }, h("label", {}, h("span", {}, "Row"), rowField), h("label", { class: "check" }, heldField, " held out"), pictured), answerSays,
        panel("Values of the example", false, sliders))),
    h("footer", {},
      panel("The article, in twelve steps", false, lesson),
      panel("Why does it not learn?", false, h("button", { onclick: () => diagnose(false) }, "Look"), h("button", { onclick: () => diagnose(true) }, "Look and try (takes a while)"), health),
      panel("Write the gradient yourself", false, codeSays, code, h("div", { class: "transport" }, checkCode, h("button", { onclick: () => { code.value = scene.template; } }, "Begin again")), judgement),
      panel("Take it with you", false,
        h("div", { class: "transport" },
          h("button", { onclick: () => { stop(); command({ do: "export" }); } }, "Python code"),
          ...[["folder", "Model (jn.load)"], ["numpy", "NumPy file"], ["onnx", "ONNX"], ["recording", "Recording (HTML)"]].map(([kind, name]) => h("button", { onclick: () => command({ do: "file", kind }) }, name)),
          line.notebook ? null : h("button", { onclick: () => { stop(); command({ do: "state" }); } }, "Address of this state"),
          h("button", { onclick: () => picture("png") }, "PNG"), h("button", { onclick: () => picture("svg") }, "SVG")), out)));
  if (recorded) root.classList.add("recorded");

  // ---- talking: each message is answered by one
  function tell(message) {
    owed += 1;
    line.send(message);
  }
  function command(message) {
    number += 1;
    page.sent[number] = performance.now();
    tell(JSON.stringify({ n: number, ...message }));
  }
  // of a control that is dragged only the last value counts: the next is sent when the one before is answered
  function latest(message) {
    if (busy) { pending = message; return; }
    busy = true;
    command(message);
  }
  const set = (change) => latest({ do: "set", settings: change });
  function ask(updates) {
    if (waiting) { wanted += updates; return; }
    waiting = true;
    tell(JSON.stringify({ do: "frame", updates }));
  }
  function unflow() { view.flow = null; flowSays.textContent = ""; }
  function stop() { playing = false; play.textContent = "Play"; play.setAttribute("aria-pressed", "false"); }
  function toggle() {
    playing = !playing;
    play.textContent = playing ? "Pause" : "Play";
    play.setAttribute("aria-pressed", String(playing));
    if (playing) ask(speed);
  }
  line.onmessage = (message) => {
    owed -= 1;
    if (typeof message !== "string") return arrived(message);
    const said = JSON.parse(message);
    if (said.say === "scene") { freed(); enter(said); ask(0); }
    else if (said.say === "error") { freed(); waiting = waiting && said.n === null ? false : waiting; say.textContent = said.words; if (said.n !== null) stop(); }
    else if (said.say === "explained") explain(said);
    else if (said.say === "code") { out.replaceChildren(h("p", {}, said.words), h("pre", { tabindex: 0, "aria-label": "Python code" }, said.code)); ask(0); }
    else if (said.say === "diagnosis") healthSays(said);
    else if (said.say === "written") writtenSays(said);
    else if (said.say === "state") stateSays(said);
    else if (said.say === "surface") race.surfaceSays(said);
    else if (said.say === "judged") lesson.querySelector(".judged").textContent = `${said.right ? "Right" : "Not yet"}: ${said.words}.`;
    else if (said.say === "send" || said.say === "received") nextPiece(said.bytes || 0);
  };
  function freed() {
    busy = false;
    if (pending) { const next = pending; pending = null; latest(next); }
  }
  line.onopen = () => { waiting = busy = false; owed = 0; say.textContent = ""; const kept = line.state; line.state = null; command(kept ? { do: "enter", state: kept } : { do: "hello" }); };
  // what another view of the same network is answered is shown here too, without asking for more
  line.overheard = (message) => {
    if (typeof message === "string") {
      const said = JSON.parse(message);
      if (said.say === "scene") { enter(said); ask(0); }
      return;
    }
    // a frame of its own that is still to come is newer
    const got = waiting ? {} : decode(message);
    if (!got.head || got.content) return;
    frame = got;
    requestAnimationFrame(() => { if (!waiting && fits()) { remember(); paintNow(); } });
  };
  line.onclose = (words) => { say.textContent = words; };

  // ---- frames: the next one is asked for while this one is painted, so never more than one waits
  function arrived(buffer) {
    const got = decode(buffer);
    if (got.content) return save(got.head.file, got.content);
    frame = got;
    waiting = false;
    page.frames += 1;
    page.bytes += buffer.byteLength;
    page.times.push(performance.now());
    if (document.visibilityState === "visible") requestAnimationFrame(paintFrame);
  }
  const fits = () => frame && scene && frame.head.sizes.join() === view.sizes;
  function paintFrame() {
    // what came just before the page was hidden is painted when it is seen again, and only then is more asked for
    if (document.visibilityState !== "visible") return;
    if (!fits()) return;
    const more = wanted;
    wanted = 0;
    if (playing && recorded && frame.head.at === frame.head.moments - 1) stop();
    if (playing && frame.head.finite) ask(frame.head.ready ? speed : 0);
    else if (more) ask(more);
    else if (!frame.head.ready && !recorded) setTimeout(() => ask(0), 300);
    if (playing && view.flow !== null) unflow();
    const began = performance.now();
    remember();
    paintNow();
    page.paints.push(performance.now() - began);
    page.acknowledged = frame.head.n;
    painted = page.frames;
    if (picked && !busy) { picked = false; if (!playing) flow(); }
    if (page.sent[frame.head.n]) { page.latencies.push(performance.now() - page.sent[frame.head.n]); delete page.sent[frame.head.n]; }
  }
  function paintNow() {
    if (!frame || !scene) return;
    scene.showHeld = heldField.checked;
    draw(view, frame, scene);
    race.paint(frame, scene);
    curve(chart, history, getComputedStyle(root).color, scene.lane);
    const { head } = frame, outputs = frame.chosen[frame.chosen.length - 1];
    const percent = (share) => `${(100 * share).toFixed(1)} %`;
    const shown = [["epoch", head.epoch + (head.step ? `, step ${head.step}` : "")], ["loss", text(head.losses[0])], ["held out", text(head.losses[1])]];
    if (head.right) shown.push(["right", percent(head.right[0])], ["held out", percent(head.right[1])]);
    numbers.replaceChildren(...shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
    scrub.max = head.moments - 1;
    scrub.value = head.at;
    if (!head.ready) say.textContent = "Compiling the program, once: this is the untrained network.";
    else if (!head.finite) { stop(); say.textContent = "The next step would leave numbers that are not finite: it diverged. Go back, or lower the rate."; }
    else if (say.textContent.startsWith("Compiling") || say.textContent.startsWith("The next step")) say.textContent = "";
    const classes = scene.data.classes, best = outputs.indexOf(Math.max(...outputs));
    const names = outputs.length > 1 ? classes[best] : classes.length ? classes[outputs[0] > (head.middle || 0) ? 1 : 0] : "";
    const target = scene.chosen ? (scene.chosen[0] ? scene.held_targets : scene.targets)[scene.chosen[1]] : null;
    const right = target === null ? "" : classes.length ? `; it is ${classes[target]}` : `; it is ${short(target)}`;
    answerSays.textContent = `Answer: ${names} ${short(outputs[outputs.length > 1 ? best : 0])}${right}`;
  }
  const text = (value) => (value === null ? "–" : value.toPrecision(4));
  function remember() {
    const { head } = frame;
    if (head.losses[0] === null) return;
    const at = head.epoch + head.step / head.per;
    while (history.length && history[history.length - 1][0] >= at) history.pop();
    history.push([at, ...head.losses, ...(frame.rival ? frame.rival.head.losses : [null, null])]);
    if (history.length > 1200) history = history.filter((_, i) => i % 2 === 0 || i > 1100);
  }
  const closing = new AbortController(), place = root.getRootNode();
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible" && frame) { paintNow(); if (playing) ask(speed); } }, { signal: closing.signal });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => paintNow(), { signal: closing.signal });
  page.close = () => { stop(); closing.abort(); };

  // ---- the scene: everything that is built anew when something was set
  function enter(said) {
    const structure = said.settings.hidden.join();
    if (scene && said.data.title !== scene.data.title) history = [];
    if (scene && said.lane !== scene.lane) history = history.map(([at, train, held, others, othersHeld]) => [at, others, othersHeld, train, held]);
    scene = said;
    const all = [...scene.targets], middle = all.reduce((a, b) => a + b, 0) / Math.max(1, all.length);
    scene.spread = { middle, wide: Math.max(1e-9, ...all.map((v) => Math.abs(v - middle))) };
    keepFocus(() => {
      settings.replaceChildren(...settingsPanel(scene, set));
      data.replaceChildren(...dataPanel(scene, (change) => { history = []; set(change); }, upload, columnChanged));
      build(structure);
      unflow();
      explainAnew();
      strip.enter(scene);
      race.enter(scene);
      chartSays.textContent = `Loss by epoch: training rows solid, rows held out dashed${scene.rival ? `; the training rows of ${scene.lane === "A" ? "B" : "A"} dashed and dotted` : ""}.`;
      planePanel();
      lessonPanel();
      codePanel();
    });
  }
  // a control that is built anew while somebody uses it keeps the focus, found by its label
  function keepFocus(work) {
    const active = place.activeElement, inside = active && root.contains(active);
    const position = inside ? [...root.querySelectorAll("button, input, select")].filter((e) => named(e) === named(active)).indexOf(active) : -1;
    const name = inside ? named(active) : "";
    if (active && active.type === "range" && active.closest(".fields, .values") && active.matches(":active")) return deferred(active, work);
    work();
    if (inside && !root.contains(active)) { const found = [...root.querySelectorAll("button, input, select")].filter((e) => named(e) === name)[position]; if (found) found.focus(); }
  }
  function deferred(active, work) { active.addEventListener("change", work, { once: true }); build(scene.settings.hidden.join()); }
  // a label's first words: behind them stands a value, which changes
  function named(element) {
    const label = element.labels && element.labels[0], words = label && (label.querySelector("span") || label).firstChild;
    return element.getAttribute("aria-label") || (label ? (words && words.textContent) || "" : element.textContent);
  }

  function build() {
    const { settings: { hidden, activations }, data: shown, choices } = scene;
    const outputs = scene.settings.goal[0] === "softmax" ? shown.classes.length : shown.classes.length > 2 ? shown.classes.length : 1;
    const sizes = [shown.inputs.length, ...hidden, outputs];
    const few = sizes[0] <= SHOWN_INPUTS;
    view = { units: [[]], lines: [], plane: planeCanvas, sizes: sizes.join() };
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 100 100");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    const columns = sizes.map((count, l) => {
      const column = h("div", { class: "column" });
      if (l === 0) {
        const names = few ? shown.inputs : [`${sizes[0]} inputs`];
        names.forEach((name) => column.append(h("span", { class: "input", title: name }, name)));
        return column;
      }
      view.units[l] = [];
      for (let u = 0; u < count; u++) {
        const name = unitName(l, u, sizes);
        const canvas = h("canvas", { width: 60, height: 60 });
        column.append(h("button", {
          class: "unit", "aria-label": name, title: name,
          onpointerenter: () => { if (!pinned) ask2(l, u); }, onfocus: () => { if (!pinned) ask2(l, u); },
          onclick: () => { pinned = pinned && pinned.join() === [l, u].join() ? null : [l, u]; ask2(l, u); pins(); },
        }, canvas, l === sizes.length - 1 && shown.classes.length ? h("span", {}, shown.classes[count > 1 ? u : 1]) : null));
        view.units[l].push(canvas);
      }
      return column;
    });
    const center = (l, u) => [(l + 0.5) / sizes.length * 100, (u + 0.5) / (l === 0 && !few ? 1 : sizes[l]) * 100];
    for (let l = 0; l + 1 < sizes.length; l++) {
      const rows = l === 0 && !few ? 0 : sizes[l];
      for (let i = 0; i < rows; i++) for (let j = 0; j < sizes[l + 1]; j++) {
        const element = document.createElementNS("http://www.w3.org/2000/svg", "path");
        const [x, y] = center(l, i), [xx, yy] = center(l + 1, j), half = (x + xx) / 2;
        element.setAttribute("d", `M${x} ${y}C${half} ${y} ${half} ${yy} ${xx} ${yy}`);
        element.addEventListener("click", () => { pinned = [l + 1, j]; ask2(l + 1, j, i); pins(); });
        svg.append(element);
        view.lines.push({ element, layer: l, row: i, unit: j });
      }
    }
    network.style.setProperty("--most", Math.max(...sizes.slice(1), few ? sizes[0] : 1));
    network.style.setProperty("--columns", sizes.length);
    network.replaceChildren(svg, ...columns);
    const change = (units, kinds) => set({ hidden: units, activations: kinds });
    depth.replaceChildren(
      h("button", { "aria-label": "remove a hidden layer", disabled: !hidden.length, onclick: () => change(hidden.slice(0, -1), activations.slice(0, -1)) }, "− layer"),
      h("button", { "aria-label": "add a hidden layer", disabled: hidden.length >= choices.depth, onclick: () => change([...hidden, hidden[hidden.length - 1] || 4], [...activations, activations[activations.length - 1] || "tanh"]) }, "+ layer"),
      ...hidden.map((count, l) => {
        const to = (units) => change(hidden.with(l, units), activations);
        const kind = choice("", choices.activations, activations[l], (name) => change(hidden, activations.with(l, name)));
        kind.querySelector("select").setAttribute("aria-label", `activation of layer ${l + 1}`);
        return h("span", { class: "layer" },
          h("button", { "aria-label": `fewer units in layer ${l + 1}`, disabled: count <= 1, onclick: () => to(count - 1) }, "−"), `${count}`,
          h("button", { "aria-label": `more units in layer ${l + 1}`, disabled: count >= choices.width, onclick: () => to(count + 1) }, "+"), kind);
      }));
    pins();
  }
  function unitName(l, u, sizes) {
    if (l < sizes.length - 1) return `layer ${l}, unit ${u + 1}`;
    const classes = scene.data.classes;
    return classes.length ? `output ${classes[sizes[l] > 1 ? u : 1]}` : "output";
  }
  function pins() {
    view.units.forEach((layer, l) => layer.forEach((canvas, u) => canvas.parentElement.setAttribute("aria-pressed", String(Boolean(pinned) && pinned[0] === l && pinned[1] === u))));
  }

  // ---- one unit explained
  let focusRow = null;
  function ask2(l, u, row = null) {
    if (recorded) return;
    focusRow = row;
    tell(JSON.stringify({ do: "explain", layer: l - 1, unit: u }));
  }
  // what is said of a unit that is pinned is of the network that is shown, or of none
  const nothingExplained = () => explained.replaceChildren(h("p", {}, "Point at a unit to see its formula; click pins it."));
  function explainAnew() {
    if (pinned && view.units[pinned[0]] && view.units[pinned[0]][pinned[1]]) ask2(...pinned);
    else { pinned = null; nothingExplained(); }
  }
  function explain(said) {
    const table = (head, rows) => h("table", {}, h("thead", {}, h("tr", {}, ...head.map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, ...rows));
    const edit = (row, value) => h("input", { type: "number", step: "any", value: short(value), "aria-label": `weight of ${row < 0 ? "bias" : `input ${row + 1}`}`, onchange: (event) => { stop(); command({ do: "weight", layer: said.layer, row, unit: said.unit, value: Number(event.target.value) }); } });
    const layer = frame && frame.layers[said.layer], size = frame && frame.head.sizes[said.layer + 1];
    const weight = (row) => (row < 0 ? layer.b[said.unit] : layer.w[row * size + said.unit]);
    const small = (value) => value.toExponential(2);
    keepFocus(() => explained.replaceChildren(
      h("h2", {}, said.name, pinned ? " (pinned)" : ""),
      h("h3", {}, "Forward"), ...said.forward.map((each) => h("p", { class: "formula" }, each)),
      h("h3", {}, "Backward"), ...said.backward.map((each) => h("p", { class: "formula" }, each)),
      h("h3", {}, "Why? What adds to it, and what takes away"),
      h("ul", { class: "why" }, ...said.why.map(([name, value]) => h("li", {}, `${name}: ${value >= 0 ? "+" : "−"}${Math.abs(value).toPrecision(3)}`))),
      pinned && said.gradient.length ? h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "weights and gradients" }, table(["from", "weight", "gradient here (JAX)", "by hand (NumPy)", "rounding bound"], said.gradient.map(([name, ours, theirs, bound], i) =>
        h("tr", { class: Math.abs(ours - theirs) <= bound ? "within" : "beyond" }, h("th", { scope: "row" }, name), h("td", {}, edit(i - 1, weight(i - 1))), h("td", {}, small(ours)), h("td", {}, small(theirs)), h("td", {}, small(bound)))))) : ""));
    if (focusRow !== null) { const field = explained.querySelectorAll("input")[focusRow + 1]; if (field) field.focus(); focusRow = null; }
  }

  // ---- the plane and the example
  function planePanel() {
    const { data: shown, plane } = scene;
    const names = shown.inputs, pairs = plane.inputs;
    const axis = (label, at) => choice(label, names.map((_, i) => i), pairs[at], (i) => { const two = [...pairs]; if (two[1 - at] === i) two[1 - at] = two[at]; two[at] = i; latest({ do: "point", plane: two }); }, (i) => names[i]);
    axes.replaceChildren(...(pairs[0] < 0 || names.length < 2 ? [h("p", {}, plane.names.filter(Boolean).join(" across, ") + (plane.names[1] ? " up" : ""))] : [axis("Across", 0), axis("Up", 1)]));
    sliders.replaceChildren(...names.map((name, i) => {
      const [low, high] = [shown.low[i], shown.high[i]], field = h("strong", {}, short(scene.point[i]));
      const input = h("input", { type: "range", "aria-label": name, min: low, max: high, step: (high - low) / 200, value: scene.point[i], oninput: () => {
        field.textContent = short(Number(input.value));
        scene.point[i] = Number(input.value);
        latest({ do: "point", values: scene.point });
      } });
      return h("label", {}, h("span", {}, name, " ", field), input);
    }));
    if (scene.chosen) { heldField.checked = scene.chosen[0]; rowField.value = scene.chosen[1] + 1; }
    rowField.max = shown.rows[heldField.checked ? 1 : 0];
    pictured.hidden = !shown.image;
    if (shown.image) example(pictured, scene.point, shown.image);
  }
  let picked = false;
  const pick = (held, row) => { picked = true; latest({ do: "choose", held, row }); };
  function flow() {
    if (!frame || recorded) return;
    flowSays.textContent = "The chosen example goes through the network: lines show what each unit passes on, bars how strongly it answers. Play shows the weights again.";
    flowThrough(view, frame.head.sizes.length - 1, paintNow);
  }
  planeCanvas.addEventListener("click", (event) => {
    if (!scene || recorded) return;
    const box = planeCanvas.getBoundingClientRect(), { low, high } = scene.plane;
    const u = low[0] + (event.clientX - box.left) / box.width * (high[0] - low[0]), v = high[1] - (event.clientY - box.top) / box.height * (high[1] - low[1]);
    const held = heldField.checked, rows = held ? scene.plane.held : scene.plane.points;
    const far = ([a, b]) => ((a - u) / (high[0] - low[0])) ** 2 + ((b - v) / (high[1] - low[1])) ** 2;
    pick(held, rows.reduce((best, each, i) => (far(each) < far(rows[best]) ? i : best), 0));
  });
  function mark() {
    if (!frame) return;
    marked.hidden = markedSays.hidden = false;
    marked.getContext("2d").drawImage(planeCanvas, 0, 0);
    markedSays.textContent = `Kept: epoch ${frame.head.epoch}, loss ${text(frame.head.losses[0])}, held out ${text(frame.head.losses[1])}`;
    marked.setAttribute("aria-label", markedSays.textContent);
  }

  // ---- a table of one's own
  let file = null;
  function upload(chosen) {
    chosen.arrayBuffer().then((content) => { file = content; stop(); history = []; command({ do: "upload", name: chosen.name, size: content.byteLength }); });
  }
  function nextPiece(from) { tell(file.slice(from, from + 65536)); }
  const changed = { roles: {}, kinds: {} };
  function columnChanged(name, role) {
    history = [];
    if (role === "target") { changed.roles = {}; return command({ do: "columns", target: name, roles: {} }); }
    changed.roles[name] = role;
    command({ do: "columns", roles: changed.roles });
  }
  root.addEventListener("dragover", (event) => event.preventDefault());
  root.addEventListener("drop", (event) => { event.preventDefault(); const dropped = event.dataTransfer.files[0]; if (dropped && !recorded) upload(dropped); });

  // ---- health, lessons, and what one leaves with
  function diagnose(experiments) { stop(); health.replaceChildren(h("p", {}, experiments ? "Training short populations …" : "Looking …")); command({ do: "diagnose", experiments }); }
  function healthSays(said) {
    const each = (finding) => h("li", {}, h("strong", {}, finding.kind.replaceAll("_", " ")), `: ${finding.sentence} `, ...finding.tried.map((words) => h("p", {}, `tried: ${words}`)), finding.remedy ? h("p", {}, `What to do: ${finding.remedy}`) : null,
      finding.settings ? h("button", { onclick: () => { history = []; set(finding.settings); } }, "Try this") : null);
    health.replaceChildren(h("p", {}, said.findings.length ? said.summary : `Nothing sick was found: ${said.summary}`), h("ol", {}, ...said.findings.map(each)));
    ask(0);
  }
  function writtenSays(said) {
    judgement.replaceChildren(...said.words.map((words) => h("p", { class: said.right ? "right" : "wrong" }, words)));
    view.units.forEach((layer, l) => layer.forEach((canvas) => canvas.parentElement.classList.toggle("faulty", said.layers.includes(l - 1))));
  }
  let begun = null;
  function codePanel() {
    // what somebody has begun to write stays, until the network is another one
    if (begun !== scene.template) { begun = code.value = scene.template; judgement.replaceChildren(); }
    code.readOnly = checkCode.disabled = !scene.allow_code;
    codeSays.textContent = scene.allow_code ? "backward(params, X, T) in NumPy; it runs in a process with limits of time and memory, which is no sandbox." : `To run it, ${line.notebook ? "make the widget with allow_code=True" : "start the server with jaxnet play --allow-code"}: code then runs in a process with limits of time and memory, which is no sandbox.`;
  }
  let step = 0;
  function lessonPanel() {
    const each = scene.lessons[step], field = each.choices.length ? h("select", { "aria-label": "answer" }, ...each.choices.map((name) => h("option", {}, name))) : each.looks ? null : h("input", { type: "number", step: "any", "aria-label": "answer" });
    const given = () => (!field ? null : each.choices.length ? field.selectedIndex : Number(field.value));
    const judged = lesson.querySelector(".judged");
    const kept = judged && lesson.shown === step ? judged.textContent : "";
    lesson.shown = step;
    const go = (to) => { step = to; history = []; pinned = null; stop(); command({ do: "lesson", step }); };
    lesson.replaceChildren(h("h3", {}, `${step + 1} of ${scene.lessons.length}: ${each.title}`), h("p", {}, each.says), h("p", {}, h("strong", {}, each.asks)),
      h("div", { class: "transport" }, field, h("button", { onclick: () => command({ do: "answer", answer: given() }) }, field ? "Answer" : "Done"),
        h("button", { onclick: () => go(step) }, "Show this step"), h("button", { disabled: step === 0, onclick: () => go(step - 1) }, "Before"), h("button", { disabled: step === scene.lessons.length - 1, onclick: () => go(step + 1) }, "Next")),
      h("p", { class: "judged", role: "status" }, kept));
  }
  function save(name, content, type = "application/octet-stream") {
    const link = h("a", { href: URL.createObjectURL(new Blob([content], { type })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    out.replaceChildren(h("p", {}, `${name}, ${content.length} bytes`));
  }
  function stateSays({ state, words }) {
    const coded = btoa(unescape(encodeURIComponent(JSON.stringify(state))));
    const address = `${location.origin}${location.pathname}#state=${encodeURIComponent(coded)}`;
    out.replaceChildren(h("label", {}, h("span", {}, `All that is on the screen, without the token: a page of this server opens it. ${words}`), h("input", { type: "text", class: "address", readonly: true, value: address, onfocus: (event) => event.target.select() })));
  }
  function picture(kind) {
    if (!frame) return;
    const svg = network.querySelector("svg"), box = network.getBoundingClientRect();
    const images = view.units.flat().map((canvas) => { const at = canvas.getBoundingClientRect(); return [canvas, at.left - box.left, at.top - box.top, at.width, at.height]; });
    if (kind === "png") {
      const whole = h("canvas", { width: Math.ceil(box.width) * 2, height: Math.ceil(box.height) * 2 }), context = whole.getContext("2d");
      context.scale(2, 2);
      context.fillStyle = getComputedStyle(root).backgroundColor;
      context.fillRect(0, 0, box.width, box.height);
      context.save();
      context.scale(box.width / 100, box.height / 100);
      for (const { element } of view.lines) { context.strokeStyle = element.style.stroke; context.lineWidth = parseFloat(element.style.strokeWidth) * 100 / box.width; context.stroke(new Path2D(element.getAttribute("d"))); }
      context.restore();
      images.forEach((each) => context.drawImage(...each));
      return whole.toBlob((blob) => blob.arrayBuffer().then((content) => save("network.png", new Uint8Array(content), "image/png")));
    }
    const copy = document.createElementNS(svg.namespaceURI, "svg");
    copy.setAttribute("xmlns", svg.namespaceURI);
    copy.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
    const group = document.createElementNS(svg.namespaceURI, "g");
    group.setAttribute("transform", `scale(${box.width / 100} ${box.height / 100})`);
    for (const { element } of view.lines) { const path = element.cloneNode(); path.setAttribute("fill", "none"); path.setAttribute("vector-effect", "non-scaling-stroke"); group.append(path); }
    copy.append(group);
    images.forEach(([canvas, x, y, width, height]) => { const image = document.createElementNS(svg.namespaceURI, "image"); Object.entries({ href: canvas.toDataURL(), x, y, width, height, preserveAspectRatio: "none" }).forEach(([name, value]) => image.setAttribute(name, value)); copy.append(image); });
    // serialised by the browser, which escapes what a table says
    save("network.svg", new TextEncoder().encode(new XMLSerializer().serializeToString(copy)), "image/svg+xml");
  }
  // nothing that was asked for is still to come, and the last that came is painted
  page.owed = () => owed;
  page.ready = () => Boolean(frame && frame.head.ready);
  page.resting = () => !playing && !owed && !pending && !wanted && painted === page.frames;
  return page;
}
