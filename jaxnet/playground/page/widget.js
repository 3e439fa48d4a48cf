// The page in a notebook, by the protocol of anywidget: the kernel answers, and its frames come as buffers of messages.

import { start } from "./page.js";

function render({ model, el }) {
  // in a tree of its own, so that neither the notebook's style nor the page's reaches the other
  const shadow = el.attachShadow({ mode: "open" }), style = document.createElement("style"), root = document.createElement("div");
  style.textContent = STYLE;
  root.id = "playground";
  shadow.append(style, root);
  // every view of one widget hears every message: an answer names the view that asked
  const view = crypto.getRandomValues(new Uint32Array(2)).join("-");
  const line = {
    state: null,
    send(message) {
      // only text goes to the kernel: some front ends lose bytes on this way
      if (typeof message === "string") model.send({ view, text: message });
      else model.send({ view, base64: btoa(Array.from(new Uint8Array(message), (byte) => String.fromCharCode(byte)).join("")) });
    },
  };
  const heard = (content, buffers) => {
    if (content.view !== view) return;
    if (content.text !== undefined) return line.onmessage(content.text);
    // a view of a larger buffer, which begins anywhere
    const { buffer, byteOffset, byteLength } = buffers[0];
    line.onmessage(buffer.slice(byteOffset, byteOffset + byteLength));
  };
  model.on("msg:custom", heard);
  const page = start(root, line);
  line.onopen();
  if (window.playgrounds) window.playgrounds.push(page);
  return () => { model.off("msg:custom", heard); page.close(); };
}

export default { render };
