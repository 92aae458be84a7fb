// Draws the model as SVG. Text reaches the document through textContent only.
const READABLE = 0.8, LEGIBLE = 0.35, BAND = 28;
const SVG = "http://www.w3.org/2000/svg";

function make(name, attributes = {}, text = null) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== null) element.textContent = text;
  return element;
}

// About as much of a text as fits into `units` (a Latin letter is one, a wide character two).
function beginning(text, units) {
  let used = 0, shown = "";
  for (const { segment } of SEGMENTS.segment(text)) {
    used += segment.codePointAt(0) > 0x2e7f ? 2 : 1;
    if (used > units) break;
    shown += segment;
  }
  return shown;
}

function fitting(text, units) {
  const shown = beginning(text, units);
  return shown === text ? text : shown.trimEnd() + "…";
}

// At most two lines, broken between words where that is possible.
function inTwo(text, units) {
  const shown = beginning(text, units);
  if (shown === text) return [text];
  const gap = text.lastIndexOf(" ", shown.length);
  const end = gap > shown.length / 3 ? gap : shown.length;
  return [text.slice(0, end), fitting(text.slice(end).trimStart(), units)];
}

// As many of the parts as fit whole, at least the first.
function asMany(parts, units) {
  for (let count = parts.length; count > 1; count--) {
    const line = parts.slice(0, count).join(" · ");
    if (line.length <= units) return line;
  }
  return fitting(parts[0] || "", units);
}
const SEGMENTS = "Segmenter" in Intl ? new Intl.Segmenter() : { segment: (text) => [...text].map((segment) => ({ segment })) };

class View {
  constructor(svg, model, typeOf) {
    this.svg = svg;
    this.model = model;
    this.typeOf = typeOf;
    this.zoom = { x: 0, y: 0, k: 1 };
    this.headings = [];
    this.parts = [];
    this.measure();
    // Kept, because asking for it while the drawing moves would have it laid out twice a frame.
    new ResizeObserver(() => { this.measure(); this.move(); }).observe(svg);
  }

  measure() {
    this.size = { width: this.svg.clientWidth, height: this.svg.clientHeight };
  }

  label(box) {
    if (box.isGroup) return this.nameOf(box.group) || box.group;
    if (box.item.count > 1) return box.item.count + " " + this.typeOf(box.item.type).plural;
    return box.item.name || box.item.id;
  }

  nameOf(id) {
    const item = this.model.items.find((each) => each.id === id);
    return item && item.name;
  }

  second(box) {
    if (box.isGroup) return box.count + " items";
    if (box.item.count > 1) return "not drawn one by one";
    return this.facts(box).join(" · ");
  }

  facts(box) {
    return [box.item.version, box.item.date, box.item.id].filter(Boolean);
  }

  spoken(box) {
    const what = box.isGroup ? "Group" : this.typeOf(box.item.type).label;
    const heading = this.model.columns[box.place].heading;
    return [what, this.label(box), this.second(box), heading, "depends on " + box.before.length + " here", box.after.length + " depend on it"].join(", ");
  }

  render() {
    const model = this.model;
    this.svg.replaceChildren();
    const defs = make("defs");
    const arrow = make("marker", { id: "arrow", viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" });
    arrow.append(make("path", { d: "M0 0 L10 5 L0 10 z" }));
    defs.append(arrow);
    this.root = make("g");
    this.band = make("g", { class: "band" });
    this.band.append(make("rect", { width: "100%", height: BAND }));
    this.svg.append(defs, this.root, this.band);
    this.paths = new Map();
    this.parts = [];
    for (const edge of model.edges.values()) {
      const kind = edge.cycle ? " cycle" : edge.relations.has(NEWER) ? " derived" : "";
      const path = make("path", { class: "edge" + kind, d: this.route(edge), "marker-end": "url(#arrow)" });
      this.paths.set(edge.key, path);
      this.parts.push({ element: path, isOut: false, ...this.extent(edge) });
      this.root.append(path);
    }
    this.nodes = new Map();
    const inOrder = [...model.boxes.values()].sort((a, b) => a.place - b.place || a.y - b.y);
    for (const box of inOrder) this.root.append(this.boxed(box));
    this.headings = model.columns.map((column) => make("text", { class: "heading", y: 19 }, column.heading));
    this.band.append(...this.headings);
    this.move();
  }

  // The shape is the button and its label says all; the words drawn over it, cut to fit, are for the eye only.
  boxed(box) {
    const type = this.typeOf(box.item.type);
    const classes = ["node", "t" + type.tone];
    if (box.members.some((number) => this.model.starts.has(this.model.items[number].id))) classes.push("start");
    if (box.count > 1) classes.push("many");
    const node = make("path", { class: classes.join(" "), d: type.path, role: "button", tabindex: -1, "aria-label": this.spoken(box) });
    node.dataset.key = box.key;
    this.nodes.set(box.key, node);
    const words = make("g", { class: "words", "aria-hidden": "true" });
    const lines = inTwo(this.label(box), 24), plain = box.isGroup || box.item.count > 1;
    const first = lines.length > 1 ? 18 : 26, detail = plain ? fitting(this.second(box), 28) : asMany(this.facts(box), 28);
    lines.forEach((line, number) => words.append(make("text", { x: 18, y: first + 15 * number }, line)));
    words.append(make("text", { class: "small", x: 18, y: lines.length > 1 ? 51 : 44 }, detail));
    this.parts.push({ element: words, isOut: false, left: box.x, right: box.x + BOX.width, top: box.y - BOX.height / 2, bottom: box.y + BOX.height / 2 });
    const whole = make("g", { class: "item", transform: "translate(" + box.x + "," + (box.y - BOX.height / 2) + ")" });
    whole.append(node, words);
    return whole;
  }

  route(edge) {
    const from = this.model.boxes.get(edge.from), to = this.model.boxes.get(edge.to);
    if (from.place === to.place) {
      const x = from.x + BOX.width, bend = 34 + Math.min(50, Math.abs(from.y - to.y) / 6);
      return "M" + x + " " + from.y + " C" + (x + bend) + " " + from.y + " " + (x + bend) + " " + to.y + " " + x + " " + to.y;
    }
    const right = from.place < to.place;
    const apart = this.model.edges.has(edge.to + " > " + edge.from) ? (right ? 6 : -6) : 0;
    const points = [[right ? from.x + BOX.width : from.x, from.y + apart]];
    for (const step of edge.steps) {
      const sides = [[step.x, step.y], [step.x + BOX.width, step.y]];
      points.push(...(right ? sides : sides.reverse()));
    }
    points.push([right ? to.x : to.x + BOX.width, to.y + apart]);
    let path = "M" + points[0].join(" ");
    for (let i = 1; i < points.length; i++) {
      const [x0, y0] = points[i - 1], [x1, y1] = points[i];
      if (y0 === y1) { path += " L" + x1 + " " + y1; continue; }
      const middle = (x0 + x1) / 2;
      path += " C" + middle + " " + y0 + " " + middle + " " + y1 + " " + x1 + " " + y1;
    }
    return path;
  }

  // How far the drawn line of a link reaches, bends included.
  extent(edge) {
    const ends = [this.model.boxes.get(edge.from), this.model.boxes.get(edge.to)];
    const places = [...ends, ...edge.steps];
    const ys = places.map((each) => each.y), xs = places.map((each) => each.x);
    return { left: Math.min(...xs) - 10, right: Math.max(...xs) + BOX.width + 100, top: Math.min(...ys) - 10, bottom: Math.max(...ys) + 10 };
  }

  move() {
    const { x, y, k } = this.zoom;
    this.root.setAttribute("transform", "translate(" + x + "," + y + ") scale(" + k + ")");
    this.root.classList.toggle("far", k < LEGIBLE);
    this.leaveOut();
    // They stay at the top, as those of a table do; where columns are narrow, not all have room.
    const every = Math.ceil(60 / (COLUMN * k));
    this.headings.forEach((heading, place) => {
      heading.setAttribute("x", x + (place * COLUMN + BOX.width / 2) * k);
      heading.setAttribute("visibility", place % every ? "hidden" : "visible");
    });
  }

  // A frame costs what is in it: lines and words out of sight are left out. The shapes stay, for they are what
  // the keyboard and screen readers go through.
  leaveOut() {
    const { x, y, k } = this.zoom;
    const margin = 20 / k, left = -x / k - margin, top = -y / k - margin;
    const right = left + this.size.width / k + 2 * margin, bottom = top + this.size.height / k + 2 * margin;
    for (const part of this.parts) {
      const isOut = part.right < left || part.left > right || part.bottom < top || part.top > bottom;
      if (isOut === part.isOut) continue;
      part.isOut = isOut;
      part.element.classList.toggle("out", isOut);
    }
  }

  fit() {
    this.measure();
    const { width, height } = this.size;
    if (!width || !height) return;
    const room = height - BAND;
    const k = Math.min(1.2, (width - 50) / this.model.width, (room - 40) / this.model.height);
    this.zoom = { k, x: (width - this.model.width * k) / 2, y: BAND + (room - this.model.height * k) / 2 };
    this.move();
  }

  // At first all of it, but never so small that nothing can be read: then from the start on.
  begin(start) {
    this.fit();
    if (this.zoom.k >= READABLE || !start) return;
    const k = READABLE;
    this.zoom = { k, x: 30 - start.x * k, y: (this.size.height + BAND) / 2 - start.y * k };
    this.move();
  }

  zoomBy(factor, x = this.size.width / 2, y = this.size.height / 2) {
    const k = Math.min(4, Math.max(0.04, this.zoom.k * factor));
    const scale = k / this.zoom.k;
    this.zoom = { k, x: x - (x - this.zoom.x) * scale, y: y - (y - this.zoom.y) * scale };
    this.move();
  }

  // Bring a box into view, zoomed so far that its text can be read.
  show(box) {
    this.measure();
    const { width, height } = this.size;
    const k = Math.max(this.zoom.k, 0.7);
    const left = box.x * k + this.zoom.x, top = box.y * k + this.zoom.y;
    if (k === this.zoom.k && left > 0 && left + BOX.width * k < width && top > BAND + 30 && top < height - 30) return;
    this.zoom = { k, x: width / 2 - (box.x + BOX.width / 2) * k, y: height / 2 - box.y * k };
    this.move();
  }

  mark(boxes, edges, kind) {
    for (const [key, node] of this.nodes) node.parentNode.classList.toggle("near", boxes.has(key));
    for (const [key, path] of this.paths) path.classList.toggle(kind, edges.has(key));
    this.root.classList.add("dim");
  }

  unmark() {
    this.root.classList.remove("dim");
    for (const path of this.paths.values()) path.classList.remove("near", "way");
  }
}
