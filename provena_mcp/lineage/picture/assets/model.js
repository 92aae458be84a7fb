"use strict";
// What is visible and where it stands. Columns and order come from the server; heights are worked out here,
// because they change with every item that is hidden, grouped or added.
const BOX = { width: 200, height: 60 }, LANE = 10, GAP = 12, COLUMN = 290;
const NEWER = "newerVersionOf";

class Model {
  constructor(data) {
    this.load(data);
  }

  load(data) {
    this.data = data;
    this.items = data.items;
    this.links = data.links;
    this.starts = new Set(data.starts);
    this.hidden = new Set(data.folded.filter((type) => !this.items.some((i) => i.type === type && this.starts.has(i.id))));
    this.groupBy = "";
    this.collapsed = new Set();
    this.arrange();
  }

  groupOf(item) {
    return (this.groupBy && item[this.groupBy]) || null;
  }

  groups() {
    return [...new Set(this.items.map((item) => this.groupOf(item)).filter(Boolean))];
  }

  // Boxes by key: an item, or a collapsed group of items.
  arrange() {
    this.boxes = new Map();
    this.keyOf = new Array(this.items.length).fill(null);
    this.items.forEach((item, number) => {
      if (this.hidden.has(item.type) && !this.starts.has(item.id)) return;
      const group = this.groupOf(item);
      const key = group && this.collapsed.has(group) ? "group " + group : "item " + number;
      this.keyOf[number] = key;
      const box = this.boxes.get(key) || { key, group, members: [], isGroup: key.startsWith("group"), before: [], after: [] };
      box.members.push(number);
      this.boxes.set(key, box);
    });
    for (const box of this.boxes.values()) {
      const members = box.members.map((number) => this.items[number]);
      box.item = members[0];
      box.column = Math.min(...members.map((item) => item.column));
      box.rank = members.reduce((sum, item) => sum + item.rank, 0) / members.length;
      box.count = members.reduce((sum, item) => sum + item.count, 0);
    }
    this.join();
    this.place();
  }

  // Links between boxes; what a hidden version stands for is drawn only while it is hidden.
  join() {
    this.edges = new Map();
    this.links.forEach((link) => {
      const one = this.keyOf[link.source], other = this.keyOf[link.target];
      if (one === null || other === null || one === other) return;
      if (link.relation === NEWER && !this.hidden.has("VERSION")) return;
      const key = one + " > " + other;
      const edge = this.edges.get(key) || { key, from: one, to: other, relations: new Set(), count: 0, cycle: false, lanes: [] };
      link.relation.split(" + ").forEach((relation) => edge.relations.add(relation));
      edge.count += link.count;
      edge.cycle = edge.cycle || link.is_cycle;
      edge.lanes = edge.count === link.count ? link.lanes : [];
      this.edges.set(key, edge);
    });
    for (const edge of this.edges.values()) {
      this.boxes.get(edge.from).before.push(edge);
      this.boxes.get(edge.to).after.push(edge);
    }
  }

  place() {
    const used = [...new Set([...this.boxes.values()].map((box) => box.column))].sort((a, b) => a - b);
    const columnOf = new Map(used.map((column, place) => [column, place]));
    this.columns = used.map((column) => ({ heading: this.data.columns[column] || "", slots: [] }));
    const slots = [];
    for (const box of this.boxes.values()) slots.push({ box, place: columnOf.get(box.column), rank: box.rank, size: BOX.height, beside: [] });
    const slotOf = new Map(slots.map((slot) => [slot.box.key, slot]));
    for (const edge of this.edges.values()) {
      edge.steps = edge.lanes.filter(([column]) => columnOf.has(column))
        .map(([column, rank]) => ({ place: columnOf.get(column), rank, size: LANE, beside: [] }));
      slots.push(...edge.steps);
      const chain = [slotOf.get(edge.from), ...edge.steps, slotOf.get(edge.to)];
      for (let i = 1; i < chain.length; i++) {
        if (chain[i - 1].place === chain[i].place) continue;
        chain[i - 1].beside.push(chain[i]);
        chain[i].beside.push(chain[i - 1]);
      }
    }
    slots.forEach((slot) => this.columns[slot.place].slots.push(slot));
    this.columns.forEach((column) => column.slots.sort((a, b) => a.rank - b.rank));
    this.settle(slots);
    for (const slot of slots) {
      slot.x = slot.place * COLUMN;
      if (slot.box) Object.assign(slot.box, { x: slot.x, y: slot.y, place: slot.place });
    }
    this.width = Math.max(1, this.columns.length) * COLUMN - (COLUMN - BOX.width);
    this.height = Math.max(BOX.height, ...slots.map((slot) => slot.y + slot.size / 2));
  }

  settle(slots) {
    slots.forEach((slot) => { slot.y = 0; });
    this.columns.forEach((column) => pack(column.slots, () => 0));
    const middle = (slot) => slot.beside.length ? slot.beside.reduce((sum, other) => sum + other.y, 0) / slot.beside.length : slot.y;
    for (let sweep = 0; sweep < 10; sweep++) {
      const columns = sweep % 2 ? [...this.columns].reverse() : this.columns;
      columns.forEach((column) => pack(column.slots, middle));
    }
    const top = Math.min(...slots.map((slot) => slot.y - slot.size / 2));
    slots.forEach((slot) => { slot.y -= top; });
  }

  // The boxes and links of a shortest way between two boxes: along the arrows, against them, or else either way.
  way(from, to) {
    return this.search(from, to, (box) => box.before.map((edge) => [edge, edge.to]))
      || this.search(from, to, (box) => box.after.map((edge) => [edge, edge.from]))
      || this.search(from, to, (box) => [...box.before.map((edge) => [edge, edge.to]), ...box.after.map((edge) => [edge, edge.from])]);
  }

  search(from, to, steps) {
    const came = new Map([[from, null]]), queue = [from];
    for (const key of queue) {
      if (key === to) {
        const boxes = [], edges = [];
        for (let at = key; at !== null; at = came.get(at) && came.get(at).key) {
          boxes.push(at);
          if (came.get(at)) edges.push(came.get(at).edge.key);
        }
        return { boxes: boxes.reverse(), edges };
      }
      for (const [edge, next] of steps(this.boxes.get(key))) {
        if (!came.has(next)) { came.set(next, { key, edge }); queue.push(next); }
      }
    }
    return null;
  }

  // Items of another picture beside those of this one: they stand as far from `base` as they do there from its start.
  merge(other, base) {
    const known = new Map(this.items.map((item, number) => [item.id, number]));
    const numbers = other.items.map((item) => {
      if (known.has(item.id)) return known.get(item.id);
      this.items.push({ ...item, column: base.column + item.column, rank: base.rank + (this.items.length + 1) / 1e4 });
      return this.items.length - 1;
    });
    const links = new Set(this.links.map((link) => link.source + " " + link.target));
    let added = 0;
    other.links.forEach((link) => {
      const source = numbers[link.source], target = numbers[link.target];
      if (links.has(source + " " + target)) return;
      this.links.push({ ...link, source, target, lanes: [] });
      added += 1;
    });
    while (this.data.columns.length <= Math.max(...this.items.map((item) => item.column))) this.data.columns.push("");
    this.arrange();
    return added;
  }
}

// Heights as near to the wanted ones as the order and the sizes allow: neighbours that would overlap are pooled.
function pack(slots, wanted) {
  const pools = [];
  let bottom = 0;
  const offsets = slots.map((slot) => { const at = bottom + slot.size / 2; bottom += slot.size + GAP; return at; });
  slots.forEach((slot, number) => {
    let mean = wanted(slot) - offsets[number], count = 1;
    while (pools.length && pools[pools.length - 1].mean > mean) {
      const before = pools.pop();
      mean = (before.mean * before.count + mean * count) / (before.count + count);
      count += before.count;
    }
    pools.push({ mean, count });
  });
  let number = 0;
  for (const pool of pools) for (let i = 0; i < pool.count; i++, number++) slots[number].y = pool.mean + offsets[number];
}
