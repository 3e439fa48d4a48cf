// The page in a notebook, by the protocol of anywidget: the kernel answers, and its frames come as buffers of messages.

import { start } from "./page.js";

function render({ model, el }) {
  // or JupyterLab, which does not see into the tree below, takes what is typed for its shortcuts: "0 0" restarts the kernel
  el.setAttribute("data-lm-suppress-shortcuts", "true");
  el.addEventListener("keydown", (event) => event.stopPropagation());
  // in a tree of its own, so that neither the notebook's style nor the page's reaches the other
  const shadow = el.attachShadow({ mode: "open" }), style = document.createElement("style"), root = document.createElement("div");
  style.textContent = STYLE;
  root.id = "playground";
  shadow.append(style, root);
  // every view of one widget hears every message: an answer names the view that asked, and the others follow it
  const view = crypto.getRandomValues(new Uint32Array(2)).join("-");
  const line = {
    state: null,
    notebook: true,
    send(message) {
      // only text goes to the kernel: some front ends lose bytes on this way
      const said = typeof message === "string" ? { text: message } : { base64: btoa(Array.from(new Uint8Array(message), (byte) => String.fromCharCode(byte)).join("")) };
      try {
        model.send({ view, ...said });
      } catch (error) {
        line.onclose(`The kernel does not hear (${error.message}): was it restarted? Run the cell again.`);
      }
    },
  };
  const heard = (content, buffers) => {
    const take = content.view === view ? line.onmessage : line.overheard;
    if (content.text !== undefined) return take(content.text);
    // a view of a larger buffer, which begins anywhere
    const { buffer, byteOffset, byteLength } = buffers[0];
    take(buffer.slice(byteOffset, byteOffset + byteLength));
  };
  model.on("msg:custom", heard);
  const page = start(root, line);
  line.onopen();
  if (window.playgrounds) window.playgrounds.push(page);
  return () => { model.off("msg:custom", heard); page.close(); };
}

export default { render };
