// The page around the drawing: tools, legend, details, keyboard, and the host if it is shown in one.
class Page {
  constructor(data) {
    this.types = data.types;
    this.typeOf = (type) => this.types[type] || { ...data.plain, label: type.toLowerCase().replaceAll("_", " ") || "item" };
    this.model = new Model(data);
    this.view = new View(byId("picture"), this.model, this.typeOf);
    this.selected = null;
    this.ends = { from: null, to: null };
    this.host = null;
    this.listen();
    this.refresh(true);
  }

  refresh(fit = false) {
    const data = this.model.data;
    byId("title").textContent = data.title;
    document.title = data.title;
    byId("summary").textContent = this.summary();
    const incomplete = byId("incomplete");
    incomplete.hidden = !data.incomplete_because;
    incomplete.textContent = data.incomplete_because ? "Not complete: " + data.incomplete_because : "";
    this.view.render();
    this.legend();
    this.foldButton();
    this.listed = false;
    if (byId("list").open) this.table();
    const start = [...this.model.boxes.values()].find((box) => box.members.some((number) => this.model.starts.has(this.model.items[number].id)));
    if (fit) this.view.begin(start);
    const kept = this.selected && this.model.boxes.has(this.selected) ? this.selected : null;
    this.selected = kept;
    this.focusable(kept || (start && start.key) || this.model.boxes.keys().next().value);
    if (!kept) this.close();
    this.paintEnds();
  }

  summary() {
    const { items, hidden, note } = this.model.data;
    const shown = items.filter((item) => item.count === 1).length;
    const left = Object.entries(hidden).map(([type, count]) => count + " " + (count === 1 ? this.typeOf(type).label.toLowerCase() : this.typeOf(type).plural));
    const folded = items.filter((item) => this.model.hidden.has(item.type) && !this.model.starts.has(item.id)).length;
    const parts = [shown + (shown === 1 ? " item" : " items")];
    if (folded) parts.push(folded + " of them folded away (press their type below)");
    if (left.length) parts.push("not drawn one by one: " + left.join(", "));
    if (note) parts.push(note);
    return parts.join(" · ");
  }

  say(text) {
    byId("said").textContent = text;
  }

  // Tools and legend

  legend() {
    const counts = new Map();
    for (const item of this.model.items) counts.set(item.type, (counts.get(item.type) || 0) + item.count);
    byId("legend").replaceChildren(...[...counts].map(([type, count]) => {
      const known = this.typeOf(type), shown = !this.model.hidden.has(type);
      const button = html("button", { type: "button", "aria-pressed": String(shown), class: "t" + known.tone });
      const swatch = make("svg", { viewBox: "0 0 200 60", "aria-hidden": "true", preserveAspectRatio: "none" });
      swatch.append(make("path", { d: known.path }));
      button.append(swatch, (count === 1 ? known.label.toLowerCase() : known.plural) + " " + count);
      button.addEventListener("click", () => {
        shown ? this.model.hidden.add(type) : this.model.hidden.delete(type);
        this.model.arrange();
        this.refresh(true);
        this.say((shown ? "Hidden: " : "Shown: ") + known.plural);
        [...byId("legend").children].find((each) => each.textContent === button.textContent)?.focus();
      });
      return button;
    }));
    const others = [["Depends on", "edge"], ["Part of a cycle", "edge cycle"]];
    if (this.model.links.some((link) => link.relation === NEWER)) others.push(["Newer version of", "edge derived"]);
    for (const [text, kind] of others) {
      if (kind.endsWith("cycle") && !this.model.links.some((link) => link.is_cycle)) continue;
      const key = html("span", { class: "key" });
      const swatch = make("svg", { viewBox: "0 0 24 14", "aria-hidden": "true" });
      swatch.append(make("path", { class: kind, d: "M0 7 H24" }));
      key.append(swatch, " " + text);
      byId("legend").append(key);
    }
  }

  foldButton() {
    const groups = this.model.groups(), button = byId("fold");
    button.hidden = !groups.length;
    button.textContent = this.model.collapsed.size ? "Expand groups" : "Collapse groups";
  }

  fold(group) {
    this.model.collapsed.has(group) ? this.model.collapsed.delete(group) : this.model.collapsed.add(group);
    this.model.arrange();
    this.refresh();
    this.say(this.model.collapsed.has(group) ? "Collapsed" : "Expanded");
  }

  table() {
    const table = html("table"), head = html("tr");
    for (const text of ["Where", "Type", "Name", "Version", "Date", "Id"]) head.append(html("th", { scope: "col" }, text));
    table.append(html("caption", {}, this.model.data.title), head);
    const items = [...this.model.items].sort((a, b) => a.column - b.column || a.rank - b.rank);
    for (const item of items) {
      const row = html("tr");
      const name = item.count > 1 ? item.count + " not drawn one by one" : item.name || "";
      const id = item.count > 1 ? "" : item.id;
      for (const text of [this.model.data.columns[item.column] || "", this.typeOf(item.type).label, name, item.version || "", item.date || "", id]) row.append(html("td", {}, text));
      table.append(row);
    }
    byId("list").lastElementChild.replaceChildren(table);
    this.listed = true;
  }

  // Selecting, hovering, the way between two items

  box(key) {
    return this.model.boxes.get(key);
  }

  focusable(key) {
    for (const node of this.view.nodes.values()) node.setAttribute("tabindex", -1);
    if (key && this.view.nodes.has(key)) this.view.nodes.get(key).setAttribute("tabindex", 0);
    this.at = key;
  }

  focus(key) {
    this.focusable(key);
    this.view.show(this.box(key));
    this.view.nodes.get(key).focus();
  }

  near(key) {
    const box = this.box(key);
    const boxes = new Set([key]), edges = new Set();
    for (const edge of box.before) { boxes.add(edge.to); edges.add(edge.key); }
    for (const edge of box.after) { boxes.add(edge.from); edges.add(edge.key); }
    this.view.mark(boxes, edges, "near");
  }

  rest() {
    this.view.unmark();
    if (this.ends.from && this.ends.to) this.paintWay();
    else if (this.selected) this.near(this.selected);
  }

  select(key) {
    this.selected = key;
    this.focusable(key);
    for (const [each, node] of this.view.nodes) node.classList.toggle("selected", each === key);
    this.rest();
    this.details(this.box(key));
  }

  close() {
    this.selected = null;
    for (const node of this.view.nodes.values()) node.classList.remove("selected");
    byId("details").hidden = true;
    this.rest();
  }

  choose(end, key) {
    this.ends[end] = key;
    if (this.ends.from && this.ends.to) this.paintWay(true);
    else this.say((end === "from" ? "Start" : "End") + " of the way: " + this.view.label(this.box(key)));
    if (this.selected) this.details(this.box(this.selected));
  }

  paintWay(aloud = false) {
    const way = this.model.way(this.ends.from, this.ends.to);
    this.view.unmark();
    if (way) this.view.mark(new Set(way.boxes), new Set(way.edges), "way");
    if (aloud) this.say(way ? "The way: " + way.boxes.map((key) => this.view.label(this.box(key))).join(", then ") : "There is no way between them here");
  }

  paintEnds() {
    for (const end of ["from", "to"]) if (this.ends[end] && !this.model.boxes.has(this.ends[end])) this.ends[end] = null;
    this.rest();
  }

  details(box) {
    const panel = byId("details"), parts = [];
    const close = html("button", { type: "button", "aria-label": "Close details" }, "Close");
    close.addEventListener("click", () => { const key = this.selected; this.close(); this.focus(key); });
    parts.push(html("h2", {}, this.view.label(box)));
    parts.push(html("p", {}, [box.isGroup ? "Group of " + box.count : this.typeOf(box.item.type).label, this.model.columns[box.place].heading].filter(Boolean).join(" · ")));
    if (!box.isGroup && box.item.count === 1) {
      for (const [what, text] of [["Id", box.item.id], ["Version", box.item.version], ["Date", box.item.date]]) if (text) parts.push(html("p", {}, what + ": " + text));
    }
    const row = html("div", { class: "row" });
    const add = (text, act) => { const button = html("button", { type: "button" }, text); button.addEventListener("click", act); row.append(button); };
    add("Way from here", () => this.choose("from", box.key));
    add("Way to here", () => this.choose("to", box.key));
    if (this.ends.from || this.ends.to) add("Forget the way", () => { this.ends = { from: null, to: null }; this.select(box.key); });
    const group = box.isGroup ? box.group : this.model.groupOf(box.item);
    if (group) add(box.isGroup ? "Expand group" : "Collapse its group", () => this.fold(group));
    if (this.host && !box.isGroup && box.item.count === 1) add("Load more around it", () => this.expand(box));
    row.append(close);
    parts.push(row);
    parts.push(...this.neighbours("Depends on", box.before, "to"), ...this.neighbours("What depends on it", box.after, "from"));
    panel.replaceChildren(...parts);
    panel.hidden = false;
  }

  neighbours(heading, edges, end) {
    if (!edges.length) return [];
    const list = html("ul");
    for (const edge of edges.slice(0, 60)) {
      const item = html("li"), relation = [...edge.relations].map((each) => RELATIONS[each] || each).join(", ");
      const button = html("button", { type: "button" }, this.view.label(this.box(edge[end])) + " (" + relation + ")");
      button.addEventListener("click", () => { this.select(edge[end]); this.focus(edge[end]); });
      item.append(button);
      list.append(item);
    }
    const parts = [html("h3", {}, heading + " (" + edges.length + ")"), list];
    if (edges.length > 60) parts.push(html("p", {}, "and " + (edges.length - 60) + " more"));
    return parts;
  }

  search(text) {
    const wanted = text.trim().toLocaleLowerCase();
    const hits = [];
    for (const [key, node] of this.view.nodes) {
      const hit = wanted && this.box(key).members.some((number) => {
        const item = this.model.items[number];
        return [item.name, item.id].some((each) => each && each.toLocaleLowerCase().includes(wanted));
      });
      node.classList.toggle("hit", Boolean(hit));
      if (hit) hits.push(key);
    }
    this.say(wanted ? hits.length + " found" : "");
    return hits;
  }

  // Keyboard and pointer

  walk(key, direction) {
    const box = this.box(key);
    const across = direction === "ArrowLeft" ? -1 : direction === "ArrowRight" ? 1 : 0;
    const linked = new Set([...box.before.map((edge) => edge.to), ...box.after.map((edge) => edge.from)]);
    const others = [...this.model.boxes.values()].filter((other) => other !== box && (across
      ? Math.sign(other.place - box.place) === across
      : other.place === box.place && Math.sign(other.y - box.y) === (direction === "ArrowUp" ? -1 : 1)));
    const far = (other) => Math.abs(other.place - box.place) * 1e4 + Math.abs(other.y - box.y) - (across && linked.has(other.key) ? 1e6 : 0);
    const next = others.sort((a, b) => far(a) - far(b))[0];
    if (next) this.focus(next.key);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const node = event.target.closest?.(".node"), key = node && node.dataset.key;
    const anywhere = { "/": () => byId("search").focus(), "+": () => this.view.zoomBy(1.25), "=": () => this.view.zoomBy(1.25), "-": () => this.view.zoomBy(0.8), 0: () => this.view.fit(), Escape: () => { this.ends = { from: null, to: null }; this.close(); } };
    const onNode = {
      Enter: () => this.select(key), " ": () => this.select(key), s: () => this.choose("from", key), t: () => this.choose("to", key),
      e: () => { const box = this.box(key), group = box.isGroup ? box.group : this.model.groupOf(box.item); if (group) this.fold(group); else if (this.host) this.expand(box); },
    };
    const act = key && event.key.startsWith("Arrow") ? () => this.walk(key, event.key) : (key && onNode[event.key]) || anywhere[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  listen() {
    const svg = byId("picture"), view = this.view;
    document.addEventListener("keydown", (event) => this.key(event));
    byId("in").addEventListener("click", () => view.zoomBy(1.25));
    byId("out").addEventListener("click", () => view.zoomBy(0.8));
    byId("fit").addEventListener("click", () => view.fit());
    byId("print").addEventListener("click", () => window.print());
    byId("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
    byId("search").addEventListener("input", (event) => this.search(event.target.value));
    byId("search").addEventListener("keydown", (event) => {
      const hits = event.key === "Enter" ? this.search(event.target.value) : [];
      if (hits.length) { this.select(hits[0]); this.focus(hits[0]); }
    });
    byId("group").addEventListener("change", (event) => {
      this.model.groupBy = event.target.value;
      this.model.collapsed = new Set();
      this.model.arrange();
      this.refresh();
    });
    byId("fold").addEventListener("click", () => {
      this.model.collapsed = this.model.collapsed.size ? new Set() : new Set(this.model.groups());
      this.model.arrange();
      this.refresh(true);
    });
    byId("list").addEventListener("toggle", () => { if (byId("list").open && !this.listed) this.table(); });
    window.addEventListener("beforeprint", () => view.fit());
    this.drag(svg);
    svg.addEventListener("wheel", (event) => {
      event.preventDefault();
      const frame = svg.getBoundingClientRect();
      view.zoomBy(Math.exp(-event.deltaY / 400), event.clientX - frame.left, event.clientY - frame.top);
    }, { passive: false });
    svg.addEventListener("pointerover", (event) => this.hover(event));
    svg.addEventListener("focusin", (event) => { const node = event.target.closest(".node"); if (node) this.focusable(node.dataset.key); });
  }

  hover(event) {
    const node = event.target.closest(".node"), tip = byId("tip");
    tip.hidden = !node;
    if (!node) { if (!this.dragged) this.rest(); return; }
    const box = this.box(node.dataset.key), frame = byId("stage").getBoundingClientRect();
    this.near(box.key);
    tip.textContent = [box.isGroup ? "Group" : this.typeOf(box.item.type).label, this.view.label(box), this.view.second(box)].join("\n");
    tip.style.whiteSpace = "pre-line";
    tip.style.left = Math.min(event.clientX - frame.left + 14, frame.width - 240) + "px";
    tip.style.top = event.clientY - frame.top + 16 + "px";
  }

  drag(svg) {
    let start = null;
    svg.addEventListener("pointerdown", (event) => { start = { x: event.clientX, y: event.clientY, zoom: { ...this.view.zoom }, node: event.target.closest(".node") }; this.dragged = false; });
    svg.addEventListener("pointermove", (event) => {
      if (!start) return;
      const x = event.clientX - start.x, y = event.clientY - start.y;
      if (!this.dragged && Math.hypot(x, y) < 4) return;
      if (!this.dragged) { this.dragged = true; svg.setPointerCapture(event.pointerId); svg.classList.add("dragging"); byId("tip").hidden = true; }
      this.view.zoom = { ...start.zoom, x: start.zoom.x + x, y: start.zoom.y + y };
      this.view.move();
    });
    svg.addEventListener("pointerup", () => {
      if (start && !this.dragged) { if (start.node) { this.select(start.node.dataset.key); start.node.focus(); } else this.close(); }
      start = null;
      this.dragged = false;
      svg.classList.remove("dragging");
    });
    svg.addEventListener("pointercancel", () => { start = null; svg.classList.remove("dragging"); });
  }

  // More around an item, asked for through the host.
  async expand(box) {
    this.say("Loading");
    try {
      const result = await this.host.request("tools/call", { name: "show_lineage", arguments: { ...this.host.question, id: box.item.id, depth: 1 } });
      const picture = pictureIn(result);
      if (!picture) throw new Error("nothing to draw");
      const added = this.model.merge(picture, box.item);
      this.refresh();
      this.say(added ? added + " links added" : "Nothing more around it");
    } catch (error) {
      this.say("Could not be loaded: " + error.message);
    }
  }
}

const RELATIONS = {
  used: "used", wasGeneratedBy: "was generated by", wasAssociatedWith: "was associated with", wasAttributedTo: "was attributed to",
  wasInfluencedBy: "was influenced by", wasInformedBy: "was informed by", hadMember: "had member", [NEWER]: "newer version of",
};
const byId = (id) => document.getElementById(id);

function html(name, attributes = {}, text = null) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== null) element.textContent = text;
  return element;
}

function theme(name) {
  document.documentElement.dataset.theme = name;
}

function pictureIn(result) {
  return result && result._meta && result._meta["provena/picture"];
}

// A host that shows this page as an MCP App: JSON-RPC over postMessage, with the window around it only.
class Host {
  constructor() {
    this.waiting = new Map();
    this.next = 1;
    this.question = {};
    this.picture = new Promise((resolve) => { this.drawn = resolve; });
    window.addEventListener("message", (event) => { if (event.source === window.parent) this.receive(event.data); });
  }

  send(message) {
    window.parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
  }

  request(method, params) {
    const id = this.next++;
    this.send({ id, method, params });
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  receive(message) {
    if (!message || message.jsonrpc !== "2.0") return;
    const waiting = message.method === undefined && this.waiting.get(message.id);
    if (waiting) {
      this.waiting.delete(message.id);
      message.error ? waiting.reject(new Error(message.error.message || "refused")) : waiting.resolve(message.result);
    } else if (message.method === "ui/notifications/tool-input") {
      const { depth, ...question } = message.params.arguments || {};
      this.question = question;
    } else if (message.method === "ui/notifications/tool-result") {
      this.drawn(pictureIn(message.params) || null);
    } else if (message.method === "ui/notifications/host-context-changed") {
      if (message.params.theme) theme(message.params.theme);
    } else if (message.id !== undefined && message.method) {
      const known = message.method === "ping" || message.method === "ui/resource-teardown";
      this.send(known ? { id: message.id, result: {} } : { id: message.id, error: { code: -32601, message: "unknown method" } });
    }
  }

  async begin() {
    const answer = await this.request("ui/initialize", { appInfo: { name: "provena-lineage", version: "1" }, appCapabilities: { availableDisplayModes: ["inline", "fullscreen"] }, protocolVersion: "2026-01-26" });
    if (answer && answer.hostContext && answer.hostContext.theme) theme(answer.hostContext.theme);
    this.send({ method: "ui/notifications/initialized", params: {} });
    let last = 0;
    new ResizeObserver(() => {
      const height = document.body.scrollHeight;
      if (height !== last) { last = height; this.send({ method: "ui/notifications/size-changed", params: { width: document.body.scrollWidth, height } }); }
    }).observe(document.body);
  }
}

async function begin() {
  theme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => theme(event.matches ? "dark" : "light"));
  const data = JSON.parse(byId("data").textContent);
  if (data) { window.page = new Page(data); return; }
  document.body.classList.add("embedded");
  const host = new Host();
  await host.begin();
  const picture = await host.picture;
  if (!picture) { byId("summary").textContent = "There is no picture of this answer."; return; }
  window.page = new Page(picture);
  window.page.host = host;
}
begin();
