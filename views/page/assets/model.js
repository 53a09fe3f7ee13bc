// What the page knows of the gateway: the record's entries as a tree, and how much passes each device.

import { ago, now, setClock } from "./time.js";

export const step = 5e3; // ms of one figure in the line of messages a second
export const steps = 120;

const kinds = ["link", "part", "device"];

// natural is what names are ordered by: lamp2 comes before lamp10.
const natural = (name) => name.toLowerCase().replace(/\d+/g, (n) => n.padStart(12, "0"));

export const isDown = (state) => state === "offline" || state === "stuck" || state === "misconfigured" || state === "stopped";

// group is the one of the three that a device is counted as.
export const group = (e) => (e.state === "online" ? "online" : isDown(e.state) ? "down" : "opening");

// linkState returns the state that an entry is shown in, and its words: a link that is up may have a broker that does not answer.
export function linkState(e) {
  if (e.unanswered) return ["unanswered", `has not answered for ${ago(e.unanswered)}`];
  return [e.state, e.state ?? "unknown"];
}

export const keyOf = (e) => `${e.kind}:${e.name}`;

// Flow is how much passes a device: messages a second, now and in the steps before.
class Flow {
  constructor() {
    this.queue = 0;
    this.rate = 0;
    this.past = []; // [step, rate], where the rate has changed
    this.filled = false;
  }

  add(at, queue, rate) {
    const k = Math.floor(at / step);
    const last = this.past.at(-1);
    this.queue = queue;
    if (last && last[0] === k) last[1] = Math.max(last[1], rate);
    else if (!last || last[1] !== rate || this.rate !== rate) {
      if (last && last[0] < k - 1) this.past.push([k - 1, this.rate]);
      this.past.push([k, rate]);
    }
    this.rate = rate;
    while (this.past.length > 1 && this.past[1][0] < k - steps) this.past.shift();
  }

  // fill takes what the gateway knows of the steps before: messages a second, the latest last.
  fill(at, rates) {
    const last = Math.floor(at / step);
    const first = this.past[0]?.[0] ?? last + 1;
    const before = rates.map((rate, i) => [last - rates.length + 1 + i, rate]).filter(([k]) => k < first);
    this.past = [...before, ...this.past];
    this.filled = true;
  }

  // points returns the line up to now.
  points(at) {
    const k = Math.floor(at / step);
    return this.past.length === 0 ? [] : [...this.past, [Math.max(k, this.past.at(-1)[0]), this.rate]];
  }
}

// Model tells what has changed by an event: "structure" if entries came or went, "entries", or "flows".
export class Model extends EventTarget {
  constructor() {
    super();
    this.entries = new Map();
    this.flows = new Map();
    this.counts = { online: 0, opening: 0, down: 0 };
    this.gateway = {};
    this.link = {};
    this.strip = []; // changes of the link's state, the oldest first
    this.stripKnown = false; // the gateway keeps what was before the page was opened
    this.children = new Map();
    this.opened = null; // the step of the first snapshot
    this.whole = false; // a snapshot has come
    this.away = false; // the gateway does not answer: nothing is asked
  }

  // snapshot replaces everything.
  snapshot(tree) {
    const began = Date.parse(this.gateway.started);
    this.gateway = tree.gateway ?? {};
    // What passed before the gateway began anew is left of all lines.
    if (Math.abs(Date.parse(this.gateway.started) - began) > 1e3) this.flows.clear();
    setClock(this.gateway.now);
    this.entries.clear();
    this.counts = { online: 0, opening: 0, down: 0 };
    for (const e of tree.entries ?? []) this.put(e);
    if (tree.link) {
      const { strip, broker, ...entry } = tree.link;
      this.broker = broker;
      this.link = entry;
      this.put(entry);
      // Without the gateway's own history there is what has come since the page was opened.
      this.stripKnown = Boolean(strip);
      if (strip) this.strip = strip;
      this.lengthen(entry); // the history may be behind the record
    }
    const at = now();
    for (const name of this.flows.keys()) if (!this.entries.has(`device:${name}`)) this.flows.delete(name);
    for (const e of this.entries.values()) {
      if (e.kind === "device" && (e.rate || e.queue || this.flows.has(e.name))) this.flow(e.name).add(at, e.queue ?? 0, e.rate ?? 0); // 0 is left out
    }
    this.opened ??= Math.floor(at / step);
    this.whole = true;
    this.tell("structure");
  }

  put(e) {
    const key = keyOf(e);
    const had = this.entries.get(key);
    e.key = key;
    if (e.kind === "device") {
      if (had) this.counts[group(had)]--;
      this.counts[group(e)]++;
    }
    e.order = had && had.name === e.name ? had.order : natural(e.name);
    this.entries.set(key, e);
    return !had || had.added_by !== e.added_by;
  }

  // change takes an entry that has changed.
  change(e) {
    let structure = false;
    if (e.removed) {
      const key = keyOf(e);
      const had = this.entries.get(key);
      if (!had) return;
      if (had.kind === "device") this.counts[group(had)]--;
      this.entries.delete(key);
      this.flows.delete(e.name);
      structure = true;
    } else {
      structure = this.put(e);
      if (e.kind === "link") this.linkChanged(e);
    }
    this.tell(structure ? "structure" : "entries", keyOf(e));
  }

  linkChanged(e) {
    this.link = e;
    this.lengthen(e);
  }

  // lengthen notes the state of the link in its strip, with the time since when it is so: the page may hear of it much later.
  lengthen(e) {
    if (!e.since) return; // before the gateway runs
    if (!this.strip.some((c) => c.state === e.state && c.at === e.since)) this.strip.push({ at: e.since, state: e.state, reason: e.reason });
    const begin = now() - 25 * 3600e3;
    while (this.strip.length > 1 && Date.parse(this.strip[1].at) < begin) this.strip.shift();
  }

  // flowed takes queues and messages a second: [[name, queue, rate]…].
  flowed(list) {
    const at = now();
    for (const [name, queue, rate] of list ?? []) this.flow(name).add(at, queue, rate);
    this.tell("flows");
  }

  // span returns the first and the last step of a line: the last minutes, as far as anything is known of them.
  span() {
    const last = Math.floor(now() / step);
    const known = this.stripKnown ? Math.floor(Date.parse(this.gateway.started) / step) : this.opened;
    return [Math.max(last - steps, Math.min(known ?? last, last - 12)), last];
  }

  flow(name) {
    let f = this.flows.get(name);
    if (!f) this.flows.set(name, (f = new Flow()));
    return f;
  }

  // tell tells what has changed: the entry of a key, or anything.
  tell(what, key = null) {
    this.dispatchEvent(new CustomEvent(what, { detail: key }));
  }

  // build finds the children of each entry. The link stands below the part that owns it, devices below theirs, and what a device has
  // added below that device.
  build() {
    const children = new Map();
    const under = (parent, e) => {
      const list = children.get(parent);
      if (list) list.push(e);
      else children.set(parent, [e]);
    };
    const part = (name) => this.entries.get(`part:${name}`);
    const top = part("supervisor") ?? { key: "", kind: "part", name: "supervisor", state: "online", since: this.gateway.started };
    const above = { part: top, link: part("connection") ?? top, device: part("devices") ?? top };
    for (const e of this.entries.values()) {
      if (e === top) continue;
      const hub = e.added_by && this.entries.get(`device:${e.added_by}`);
      under((hub || above[e.kind] || top).key, e);
    }
    this.top = top;
    this.children = children;
  }

  // rows returns the tree's rows [{entry, level, open, size}…], and how many devices fit: siblings in the order of compare, without the children of entries
  // that shut has, and of devices only those that fit and what stands above them.
  rows(compare, fits, shut) {
    this.build();
    const rows = [];
    let found = 0;
    const add = (e, level) => {
      const place = rows.length;
      const children = this.children.get(e.key) ?? [];
      const row = { entry: e, level, open: Boolean(fits) || !shut.has(e.key), size: children.length };
      rows.push(row);
      const fit = !fits || (e.kind === "device" && fits(e));
      let wanted = fit;
      if (fit && e.kind === "device") found++;
      for (const child of children.sort(compare)) wanted = add(child, level + 1) || wanted;
      if (!wanted) rows.length = place;
      else if (!row.open && children.length > 0) rows.length = place + 1;
      return wanted;
    };
    add(this.top, 1);
    return { rows, found };
  }
}

const number = (a, b) => (b ?? 0) - (a ?? 0);
const text = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const weight = { misconfigured: 0, stuck: 1, offline: 2, stopped: 3, closed: 4, connecting: 5, online: 6 };

// order returns what siblings are ordered by, given a column. Names decide what the column leaves open.
export function order(column, backwards, model) {
  const flow = (e, what) => model.flows.get(e.name)?.[what] ?? 0;
  const by = {
    name: () => 0,
    state: (a, b) => (weight[a.state] ?? 9) - (weight[b.state] ?? 9),
    since: (a, b) => text(b.since ?? "", a.since ?? ""),
    failures: (a, b) => number(a.failures, b.failures),
    next: (a, b) => text(a.next ?? "~", b.next ?? "~"),
    queue: (a, b) => number(flow(a, "queue"), flow(b, "queue")),
    rate: (a, b) => number(flow(a, "rate"), flow(b, "rate")),
  }[column];
  const way = backwards ? -1 : 1;
  return (a, b) =>
    kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || way * by(a, b) || (column === "name" ? way : 1) * text(a.order, b.order);
}
