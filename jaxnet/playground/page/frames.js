// A frame as it came, in views of one buffer: nothing is copied. The layout is that of playground/frame_bytes.py; in a
// race the other one's frame stands behind.

export function decode(buffer, offset = 0) {
  const lengths = new DataView(buffer, offset, 8);
  const headLength = lengths.getUint32(0, true), floatLength = lengths.getUint32(4, true);
  const start = offset + 8;
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, start, headLength)));
  if (head.file) return { head, content: new Uint8Array(buffer, start + headLength) };
  const floats = new Float32Array(buffer, start + headLength, floatLength / 4);
  const bytes = new Uint8Array(buffer, start + headLength + floatLength);
  const sizes = head.sizes, layers = [], chosen = [], maps = [];
  let at = 0;
  const take = (count) => floats.subarray(at, (at += count));
  for (let l = 1; l < sizes.length; l++) layers.push({ w: take(sizes[l - 1] * sizes[l]), b: take(sizes[l]) });
  for (let l = 1; l < sizes.length; l++) chosen.push(take(sizes[l]));
  const rows = head.rows, small = (head.side / head.stride) ** 2;
  const answers = bytes.subarray(0, rows);
  at = rows;
  for (let l = 1; l < sizes.length; l++) {
    const area = l < sizes.length - 1 ? small : head.side ** 2;
    maps.push(Array.from({ length: sizes[l] }, () => bytes.subarray(at, (at += area))));
  }
  const end = start + headLength + floatLength + at;
  const rival = head.race ? decode(buffer, end + (-(end - offset) & 3)) : null;
  return { head, layers, chosen, answers, maps, rival };
}

// 256 colours from blue over a light middle to orange: the colour-blind tell them apart, at 44 pixels, too
export const COLOURS = new Uint32Array(256);
const END = [[8, 119, 189], [238, 240, 242], [240, 138, 20]];
for (let i = 0; i < 256; i++) {
  const t = (i - 128) / 127, [a, b] = t < 0 ? [END[1], END[0]] : [END[1], END[2]];
  const [r, g, bl] = a.map((v, k) => Math.round(v + (b[k] - v) * Math.min(1, Math.abs(t))));
  COLOURS[i] = (255 << 24) | (bl << 16) | (g << 8) | r;
}

export function colourOf(value) {
  const c = COLOURS[Math.max(0, Math.min(255, Math.round(128 + 127 * value)))];
  return `rgb(${c & 255}, ${(c >> 8) & 255}, ${(c >> 16) & 255})`;
}

// the colours of classes, for data of more than two
export const CLASSES = ["#0877bd", "#f08a14", "#2f9e6e", "#b5547f", "#7b61c4", "#8a6d3b", "#4db6c9", "#d9534f", "#6b7785", "#b3b000"];

export function classColour(label, count) {
  return count === 2 ? CLASSES[label ? 1 : 0] : CLASSES[label % CLASSES.length];
}
