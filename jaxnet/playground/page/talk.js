// The socket: opened with the token, opened again when it drops, one tab's own state at the other end.

import { start } from "./page.js";

const parts = new URLSearchParams(location.hash.slice(1));
if (parts.has("token")) localStorage.setItem("jaxnet-token", parts.get("token"));
// neither in the address bar nor in the history
history.replaceState(null, "", location.pathname);

// the tab's own name: a page that is loaded again finds its network where it was
const tab = sessionStorage.getItem("jaxnet-tab") || crypto.getRandomValues(new Uint32Array(4)).join("-");
sessionStorage.setItem("jaxnet-tab", tab);

const line = { state: null, send: (message) => socket && socket.readyState === 1 && socket.send(message) };
try {
  if (parts.has("state")) line.state = JSON.parse(decodeURIComponent(escape(atob(parts.get("state")))));
} catch {
  line.state = { format: "an address that is no state" };
}
window.playground = start(document.getElementById("playground"), line);

let socket = null, wait = 250;
function connect() {
  socket = new WebSocket(`ws://${location.host}/socket`);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    wait = 250;
    socket.send(JSON.stringify({ token: localStorage.getItem("jaxnet-token"), tab }));
    line.onopen();
  };
  socket.onmessage = (event) => line.onmessage(event.data);
  socket.onclose = (event) => {
    if (event.code >= 4400 && event.code < 4500) return line.onclose(event.reason);
    line.onclose("The connection is gone: is jaxnet play still running? Trying again …");
    setTimeout(connect, wait);
    wait = Math.min(5000, 2 * wait);
  };
}
connect();
window.playground.drop = () => socket.close();
