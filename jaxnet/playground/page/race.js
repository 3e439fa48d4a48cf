// A race: two trainings from one start, and the loss over a plane of the weights with the ways of both.

import { descentFields, h, short } from "./controls.js";
import { plane, surface } from "./drawing.js";

export function raceView(command, latest) {
  const canvas = h("canvas", { class: "plane", width: 300, height: 300, role: "img", "aria-label": "the other one's answer over the same plane" });
  const numbers = h("p", { class: "rival-numbers" });
  const element = h("div", { class: "rival", hidden: true }, h("h2", {}, ""), canvas, numbers);
  const fields = h("div", { class: "fields" }), panel = h("div", {}), picture = h("div", {});
  const draws = h("button", { onclick: () => { picture.replaceChildren(h("p", { role: "status" }, "Computing \u2026")); command({ do: "surface" }); } }, "Draw the loss around the weights");
  panel.append(fields, draws, picture);
  const other = (lane) => (lane === "A" ? "B" : "A");

  function enter(scene) {
    const { rival, lane } = scene, name = other(lane);
    element.hidden = !rival;
    element.querySelector("h2").textContent = `The other one, ${name}`;
    const set = (change) => latest({ do: "race", settings: change });
    fields.replaceChildren(...(!rival
      ? [h("p", {}, "Two settings from one start, side by side."), h("button", { onclick: () => set({}) }, "Begin a race")]
      : [h("p", {}, `On the screen is ${lane}, beside it ${name}. What is set here puts both back to their start.`),
        h("div", { class: "transport" }, h("button", { onclick: () => command({ do: "exchange" }) }, `Look at ${name}`), h("button", { onclick: () => command({ do: "race", settings: null }) }, "End the race")),
        ...descentFields(scene, rival, set, `${name}\u2019s`)]));
  }
  function paint(frame, scene) {
    if (!frame.rival || !scene.rival) return;
    plane(canvas, frame.rival, scene);
    const { head } = frame.rival, text = (value) => (value === null ? "\u2013" : value.toPrecision(4)), right = head.right ? `, right ${(100 * head.right[0]).toFixed(1)} %, held out ${(100 * head.right[1]).toFixed(1)} %` : "";
    numbers.textContent = `epoch ${head.epoch}${head.step ? `, step ${head.step}` : ""}: loss ${text(head.losses[0])}, held out ${text(head.losses[1])}${right}${head.finite ? "" : "; the next step would leave numbers that are not finite"}`;
  }
  function surfaceSays(said) {
    const drawn = h("canvas", { class: "plane", width: 300, height: 300, role: "img" });
    const loss = (value) => (value === null ? "not finite" : short(value));
    const words = said.ways.map(({ lane, points, within }) => `${lane} went from a loss of ${loss(points[0][2])} to ${loss(points[points.length - 1][2])}, ${(100 * within).toFixed(0)} % of its way in this plane`).join("; ");
    const rows = said.rows[0] < said.rows[1] ? ` of ${said.rows[0]} of ${said.rows[1]} training rows` : "";
    const about = `The training loss${rows} around the start (square), dark where it is large: ${words}.`;
    drawn.setAttribute("aria-label", about);
    surface(drawn, said);
    picture.replaceChildren(drawn, h("p", { class: "surface-words" }, about));
  }
  return { element, panel, enter, paint, surfaceSays };
}
