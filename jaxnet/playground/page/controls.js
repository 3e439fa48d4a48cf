// What can be set: made from the scene, so that the page knows no list of its own. Text is text, whatever a table says.

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const words = (name) => String(name).replaceAll("_", " ");

export function choice(label, options, value, change, names = words) {
  const select = h("select", { "aria-label": label || null, onchange: () => change(options[select.selectedIndex]) });
  options.forEach((option) => select.append(h("option", {}, names(option))));
  select.selectedIndex = options.findIndex((option) => JSON.stringify(option) === JSON.stringify(value));
  return h("label", {}, h("span", {}, label), select);
}

// a number by a slider that moves in steps a person can tell apart, and by its digits
export function slider(label, values, value, change) {
  const nearest = () => values.reduce((best, each, i) => (Math.abs(each - value) < Math.abs(values[best] - value) ? i : best), 0);
  // no output element: a label belongs to the first of its elements that can have one
  const field = h("strong", {}, short(value));
  const input = h("input", {
    type: "range", min: 0, max: values.length - 1, step: 1, value: nearest(), "aria-label": label, "aria-valuetext": short(value),
    oninput: () => {
      const chosen = values[input.value];
      field.textContent = short(chosen);
      input.setAttribute("aria-valuetext", short(chosen));
      change(chosen);
    },
  });
  return h("label", {}, h("span", {}, label, " ", field), input);
}

export function short(value) {
  return Number.isInteger(value) ? String(value) : String(Number(Number(value).toPrecision(4)));
}

const span = (low, high, count) => Array.from({ length: count }, (_, i) => Number((low + (high - low) * i / (count - 1)).toPrecision(6)));
export const RANGES = {
  rate: [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10],
  momentum: [0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99],
  l2: [0, 0.00001, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1],
  dropout: span(0, 0.9, 19),
  batch: [1, 2, 5, 10, 20, 30, 32, 50, 64, 100, 128, 200, 256, 400, 512, 1000, 2000],
  noise: span(0, 0.5, 26),
  share: span(0.1, 0.9, 17),
};

export function settingsPanel(scene, set) {
  const { settings, choices } = scene;
  return [
    choice("Output and loss", choices.goals, settings.goal, (goal) => set({ goal }), (goal) => goal.map(words).join(", ")),
    ...descentFields(scene, settings, set),
    choice("Initial weights", choices.starts, settings.weights, (weights) => set({ weights })),
    seedField("Seed of the weights", settings.seed, (seed) => set({ seed })),
  ];
}

// how the loss is gone down: what a race may set for the other one, whose fields say so
export function descentFields({ choices, data }, settings, set, whose = "") {
  const label = (words) => (whose ? `${whose} ${/^[A-Z][a-z]/.test(words) ? words[0].toLowerCase() : words[0]}${words.slice(1)}` : words);
  const number = (name, words) => slider(label(words), RANGES[name], settings[name], (value) => set({ [name]: value }));
  return [
    choice(label("Optimizer"), choices.optimizers, settings.optimizer, (optimizer) => set({ optimizer })),
    number("rate", "Learning rate"),
    ["sgd", "nesterov"].includes(settings.optimizer) ? number("momentum", "Momentum") : null,
    number("batch", `Batch size (of ${data.rows[0]} rows)`),
    number("l2", "L2 penalty"),
    number("dropout", "Dropout"),
  ].filter(Boolean);
}

function seedField(label, value, change) {
  const input = h("input", { type: "number", min: 0, max: 2147483647, step: 1, value, onchange: () => change(Number(input.value)) });
  return h("label", {}, h("span", {}, label), input);
}

export function dataPanel(scene, set, upload, columns) {
  const { settings, choices, data } = scene, own = settings.data;
  const change = (part) => set({ data: part });
  const drawn = !["stairs", "iris", "digits", "table"].includes(own.name);
  const file = h("input", { type: "file", accept: ".csv,.tsv,.txt,.parquet,.gz", onchange: () => file.files[0] && upload(file.files[0]) });
  const formula = h("input", { type: "text", value: own.formula, maxlength: 200, spellcheck: "false", onchange: () => change({ formula: formula.value }) });
  return [
    choice("Data", choices.data, own.name, (name) => change({ name, share: name === own.name ? own.share : drawn ? 0.5 : 0.8 })),
    own.name === "formula" ? h("label", {}, h("span", {}, "Formula of x1 and x2"), formula) : null,
    drawn ? slider("Noise", RANGES.noise, own.noise, (noise) => change({ noise })) : null,
    own.name === "stairs" ? null : slider("Share that trains", RANGES.share, own.share, (share) => change({ share })),
    own.name === "stairs" ? null : seedField("Seed of the data", own.seed, (seed) => change({ seed })),
    h("label", { class: "file" }, h("span", {}, "Your own table (or drop it here)"), file),
    data.note ? h("p", {}, data.note) : null,
    data.columns.length ? columnsTable(data.columns, columns) : null,
  ].filter(Boolean);
}

function columnsTable(all, change) {
  const rows = all.map((column) => {
    const role = choice("", ["input", "target", "ignore"], column.role, (chosen) => change(column.name, chosen));
    role.querySelector("select").setAttribute("aria-label", `role of ${column.name}`);
    return h("tr", { title: `${column.kind}: ${column.why}` }, h("th", { scope: "row" }, column.name), h("td", {}, role), h("td", {}, column.kind), h("td", {}, [column.what, column.gap].filter(Boolean).join("; ")));
  });
  const head = h("tr", {}, ...["column", "role", "kind", "what is done"].map((name) => h("th", { scope: "col" }, name)));
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "columns of the table" }, h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows)));
}
