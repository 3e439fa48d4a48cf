// Pictures of a frame: a pure function of the frame and of what stands around it. No network, no time, no chance.

import { COLOURS, classColour, colourOf } from "./frames.js";

export function draw(view, frame, scene) {
  frame.maps.forEach((layer, l) => {
    const last = l === frame.maps.length - 1;
    layer.forEach((map, u) => {
      const canvas = view.units[l + 1] && view.units[l + 1][u];
      if (!canvas) return;
      const tile = !last && l === 0 && scene.data.image && scene.data.inputs.length > 4;
      if (tile) weightTile(canvas, frame.layers[0], u, scene.data.image, frame.head.sizes[1]);
      else if (last) paint(canvas, map, frame.head.side);
      else paint(canvas, map, frame.head.side / frame.head.stride);
    });
  });
  lines(view, frame, scene);
  plane(view.plane, frame, scene);
}

export function paint(canvas, map, side) {
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  const image = context.createImageData(side, side);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < map.length; i++) pixels[i] = COLOURS[map[i]];
  context.putImageData(image, 0, 0);
}

function weightTile(canvas, layer, unit, [rows, columns], units) {
  if (canvas.width !== columns || canvas.height !== rows) [canvas.width, canvas.height] = [columns, rows];
  const context = canvas.getContext("2d"), image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  let most = 1e-9;
  for (let i = 0; i < pixels.length; i++) most = Math.max(most, Math.abs(layer.w[i * units + unit]));
  for (let i = 0; i < pixels.length; i++) pixels[i] = COLOURS[Math.round(128 + 127 * layer.w[i * units + unit] / most)];
  context.putImageData(image, 0, 0);
}

export function example(canvas, point, [rows, columns]) {
  if (canvas.width !== columns || canvas.height !== rows) [canvas.width, canvas.height] = [columns, rows];
  const context = canvas.getContext("2d"), image = context.createImageData(columns, rows);
  point.forEach((value, i) => {
    const grey = 255 - Math.round(255 * Math.max(0, Math.min(1, value)));
    image.data.set([grey, grey, grey, 255], 4 * i);
  });
  context.putImageData(image, 0, 0);
}

// lines are weights; while an example is on its way they are what each passes on of it, as far as it has come
function lines(view, frame, scene) {
  const flow = view.flow === undefined ? null : view.flow, { sizes } = frame.head;
  const value = (layer, row) => (layer === 0 ? scene.point[row] : frame.chosen[layer - 1][row]);
  const weight = (layer, row, unit) => frame.layers[layer].w[row * sizes[layer + 1] + unit];
  const most = sizes.map(() => 1e-9);
  if (flow !== null) for (const { layer, row, unit } of view.lines) most[layer] = Math.max(most[layer], Math.abs(weight(layer, row, unit) * value(layer, row)));
  for (const { element, layer, row, unit } of view.lines) {
    const passed = flow === null ? weight(layer, row, unit) / 2 : weight(layer, row, unit) * value(layer, row) / most[layer] * Math.max(0, Math.min(1, flow - layer));
    const strength = Math.min(1, Math.abs(passed));
    element.style.strokeWidth = (0.4 + 4.5 * strength).toFixed(2);
    element.style.stroke = colourOf(Math.sign(passed) * (0.35 + 0.65 * strength));
  }
  // how strongly each unit answers the example, on a bar beside it, once it was reached
  if (flow !== null || view.flowed) view.units.forEach((layer, l) => {
    if (!l) return;
    const strongest = Math.max(1e-9, ...frame.chosen[l - 1].map(Math.abs));
    layer.forEach((canvas, u) => canvas.parentElement.style.setProperty("--active", flow !== null && flow >= l ? colourOf(frame.chosen[l - 1][u] / strongest) : ""));
  });
  view.flowed = flow !== null;
}

// what the network answers over the plane, with the rows of the data on it
export function plane(canvas, frame, scene) {
  const context = canvas.getContext("2d"), size = canvas.width, side = frame.head.side;
  const outputs = frame.maps[frame.maps.length - 1], classes = scene.data.classes.length;
  const small = canvas.small || (canvas.small = document.createElement("canvas"));
  if (outputs.length <= 2) paint(small, outputs[outputs.length - 1], side);
  else regions(small, outputs, side);
  context.imageSmoothingEnabled = true;
  context.drawImage(small, 0, 0, size, size);
  const { low, high, points, held, point } = scene.plane;
  const place = ([u, v]) => [(u - low[0]) / (high[0] - low[0]) * size, (1 - (v - low[1]) / (high[1] - low[1])) * size];
  const spread = scene.spread;
  const one = (where, target, radius, hollow, wrong) => {
    const [x, y] = place(where);
    context.beginPath();
    context.arc(x, y, radius, 0, 7);
    context.fillStyle = classes ? classColour(target, classes) : colourOf((target - spread.middle) / spread.wide);
    context.strokeStyle = hollow ? context.fillStyle : wrong ? "#000" : "#fff";
    context.lineWidth = hollow ? 1.5 : 1;
    if (!hollow) context.fill();
    context.stroke();
  };
  if (scene.showHeld) held.forEach((where, i) => one(where, scene.held_targets[i], 3, true));
  const many = points.length > 600 ? 2.2 : 3.5;
  points.forEach((where, i) => one(where, scene.targets[i], many, false, outputs.length > 1 && frame.answers[i] !== scene.targets[i]));
  const [x, y] = place(point);
  context.strokeStyle = "#000";
  context.lineWidth = 2;
  context.strokeRect(x - 6, y - 6, 12, 12);
  context.strokeStyle = "#fff";
  context.lineWidth = 1;
  context.strokeRect(x - 7.5, y - 7.5, 15, 15);
}

function regions(canvas, outputs, side) {
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = canvas.getContext("2d"), image = context.createImageData(side, side);
  const colours = outputs.map((_, k) => classColour(k, outputs.length).match(/\w\w/g).map((hex) => parseInt(hex, 16)));
  for (let i = 0; i < side * side; i++) {
    let best = 0;
    for (let k = 1; k < outputs.length; k++) if (outputs[k][i] > outputs[best][i]) best = k;
    const sure = 0.15 + 0.6 * Math.max(0, (outputs[best][i] - 1) / 254);
    image.data.set([...colours[best].map((c) => 255 - (255 - c) * sure), 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
}

// the colours of the two of a race, A and B
export const LANES = { A: "#0877bd", B: "#2f9e6e" };

// the losses so far, with axes: [epoch, training, held out, and both of the other one of a race] each
export function curve(canvas, history, ink, lane) {
  const context = canvas.getContext("2d"), { width, height } = canvas;
  const values = history.flatMap((row) => row.slice(1, 4)).filter((v) => v !== null);
  const most = Math.max(...values, 1e-9), labels = [0, 0.5, 1].map((share) => [(most * share).toPrecision(2), most * share]);
  context.font = "13px system-ui, sans-serif";
  // a small loss has a long label
  const [left, bottom, top] = [Math.max(46, ...labels.map(([words]) => context.measureText(words).width + 6)), 24, 10];
  context.clearRect(0, 0, width, height);
  context.fillStyle = context.strokeStyle = ink;
  context.lineWidth = 1;
  context.strokeRect(left, top, width - left - 8, height - top - bottom);
  if (!history.length) return;
  const last = Math.max(history[history.length - 1][0], 1);
  const x = (epoch) => left + epoch / last * (width - left - 8), y = (loss) => top + (1 - loss / (most * 1.05)) * (height - top - bottom);
  context.textAlign = "right";
  for (const [words, value] of labels) context.fillText(words, left - 4, y(value) + 4);
  context.fillText(`${last.toFixed(0)} epochs`, width - 8, height - 7);
  const other = lane === "A" ? "B" : "A";
  [[LANES[lane], 1, []], ["#f08a14", 2, [5, 3]], [LANES[other], 3, [9, 3, 2, 3]]].forEach(([colour, column, dash]) => {
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.setLineDash(dash);
    context.beginPath();
    history.forEach((row) => row[column] !== null && context.lineTo(x(row[0]), y(row[column])));
    context.stroke();
  });
  context.setLineDash([]);
}

// the loss over a plane of the weights, in bands so that equal losses are seen, and the ways on it
export function surface(canvas, said) {
  const { side, values, low, high, ways } = said, known = values.filter((v) => v !== null).map((v) => Math.log(v + 1e-6));
  const [least, most] = [Math.min(...known), Math.max(...known)], wide = Math.max(most - least, 1e-9);
  const context = canvas.getContext("2d"), size = canvas.width, image = context.createImageData(size, size);
  // between the points of the surface by their four neighbours; what is not finite is darkest
  const at = (i, j) => { const v = values[j * side + i]; return v === null ? 1 : (Math.log(v + 1e-6) - least) / wide; };
  for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) {
    const u = x / (size - 1) * (side - 1), v = y / (size - 1) * (side - 1), i = Math.min(side - 2, Math.floor(u)), j = Math.min(side - 2, Math.floor(v));
    const top = at(i, j) + (u - i) * (at(i + 1, j) - at(i, j)), bottom = at(i, j + 1) + (u - i) * (at(i + 1, j + 1) - at(i, j + 1));
    const shade = 250 - 10 * Math.round(17 * (top + (v - j) * (bottom - top)));
    image.data.set([shade, shade, Math.min(255, shade + 6), 255], 4 * (y * size + x));
  }
  context.putImageData(image, 0, 0);
  const place = ([u, v]) => [(u - low[0]) / (high[0] - low[0]) * size, (1 - (v - low[1]) / (high[1] - low[1])) * size];
  ways.forEach(({ lane, points }) => {
    for (const [colour, wide, dash] of [["#fff", 5, []], [LANES[lane], 2.5, lane === "A" ? [] : [7, 3]]]) {
      context.strokeStyle = colour;
      context.lineWidth = wide;
      context.setLineDash(dash);
      context.beginPath();
      points.forEach((point) => context.lineTo(...place(point)));
      context.stroke();
    }
    context.setLineDash([]);
    const [x, y] = place(points[points.length - 1]);
    context.fillStyle = LANES[lane];
    context.beginPath();
    context.arc(x, y, 8, 0, 7);
    context.fill();
    context.fillStyle = "#fff";
    context.font = "bold 11px system-ui, sans-serif";
    context.textAlign = "center";
    context.fillText(lane, x, y + 4);
  });
  const [x, y] = place([0, 0]);
  context.strokeStyle = "#000";
  context.strokeRect(x - 4, y - 4, 8, 8);
}
