// A recording: the frames are in this very file, and whoever computes is an array.

import { start } from "./page.js";

const text = document.getElementById("frames").textContent.trim();
const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
new Response(stream).arrayBuffer().then((content) => {
  const frames = [];
  for (let at = 0; at < content.byteLength; ) {
    const size = new DataView(content).getUint32(at, true);
    frames.push(content.slice(at + 4, at + 4 + size));
    at += 4 + size + (-size & 3);
  }
  const scene = document.getElementById("scene").textContent;
  let at = 0;
  const line = {
    state: null,
    send(message) {
      const said = JSON.parse(message);
      if (said.do === "go") at = said.at;
      if (said.do === "frame" && said.updates) at = Math.min(at + 1, frames.length - 1);
      if (said.do === "restart") at = 0;
      const answer = said.do === "frame" ? frames[at] : scene;
      queueMicrotask(() => line.onmessage(answer));
    },
  };
  window.playground = start(document.getElementById("playground"), line, true);
  line.onopen();
});
