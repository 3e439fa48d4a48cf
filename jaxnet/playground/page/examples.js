// The rows of the data to choose from: pictures as a strip, others as a table; and a row's way through the network.

import { h, short } from "./controls.js";
import { example } from "./drawing.js";

const SHOWN = 8, LAYER_MILLISECONDS = 350;

export function exampleStrip(pick) {
  const element = h("div", { class: "rows" });
  function enter({ strip, data, chosen }) {
    const { held, first, rows, targets } = strip, count = data.rows[held ? 1 : 0];
    const says = (i) => (data.classes.length ? data.classes[targets[i]] : short(targets[i]));
    const pressed = (i) => String(Boolean(chosen) && chosen[0] === held && chosen[1] === first + i);
    const go = (words, to) => h("button", { "aria-label": words, disabled: to < 0 || to >= count, onclick: () => pick(held, to) }, to < first ? "\u2039" : "\u203a");
    const turn = [go("rows before", first - 1), h("span", {}, `rows ${first + 1} to ${first + rows.length} of ${count}`), go("rows after", first + rows.length)];
    const one = (i, ...inside) => h("button", { "aria-label": `row ${first + i + 1}: ${says(i)}`, "aria-pressed": pressed(i), title: says(i), onclick: () => pick(held, first + i) }, ...inside);
    element.replaceChildren(h("div", { class: "transport" }, ...turn), data.image
      ? h("div", { class: "strip" }, ...rows.map((row, i) => { const canvas = h("canvas", {}); example(canvas, row, data.image); return one(i, canvas); }))
      : h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "rows of the data" }, h("table", {},
        h("thead", {}, h("tr", {}, ...["row", ...data.inputs.slice(0, SHOWN), "target"].map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", {}, ...rows.map((row, i) => h("tr", {}, h("td", {}, one(i, String(first + i + 1))), ...row.slice(0, SHOWN).map((value) => h("td", {}, short(value))), h("td", {}, says(i))))))));
  }
  return { element, enter };
}

// let the chosen example go through the drawing, layer by layer; who wants no motion sees at once where it ends
export function flowThrough(view, layers, paint) {
  const began = performance.now(), calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  view.flow = 0;
  const next = () => {
    if (view.flow === null) return;
    view.flow = calm ? layers : Math.min(layers, (performance.now() - began) / LAYER_MILLISECONDS);
    paint();
    if (view.flow < layers) requestAnimationFrame(next);
  };
  next();
}
