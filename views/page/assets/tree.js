// The tree: everything that is supervised, live.

import { get, path } from "./api.js";
import { badge, el, say, set } from "./dom.js";
import { List } from "./list.js";
import { group, isDown, linkState, order } from "./model.js";
import { day, Line, Strip } from "./plot.js";
import { ago, date, now, spanExactly, until } from "./time.js";

const columns = [
  ["name", "Name"],
  ["state", "State"],
  ["since", "Since"],
  ["why", "Why"],
  ["failures", "Failures"],
  ["next", "Next attempt"],
  ["queue", "Queue"],
  ["rate", "Messages/s"],
];

const groups = [["all", "All"], ["down", "Down"], ["opening", "Opening"], ["online", "Online"]];

// What somebody has chosen stays while the page is open.
const chosen = { text: "", group: "all", column: "name", backwards: false, shut: new Set(), cursor: null, scroll: 0 };

export function tree({ model, go }) {
  const link = linkPanel();
  const list = new List({
    label: "Supervision tree",
    role: "treegrid",
    columns: columns.length,
    head: el("div", { class: "row", role: "row" }, ...columns.map(heading)),
    make: () => makeRow(model, toggle),
    key: (row) => row.entry.key,
    open: (row) => (row.entry.kind === "device" ? go("device", row.entry.name) : toggle(row)),
    keydown: (e, row, at) => {
      if (e.key === "ArrowRight" && row.size > 0 && !row.open) toggle(row);
      else if (e.key === "ArrowLeft" && row.size > 0 && row.open) toggle(row);
      else if (e.key === "ArrowLeft") list.move(above(list.items, at));
      else if (e.key === "ArrowRight") list.move(at + 1);
      else return false;
      return true;
    },
  });
  list.cursor = chosen.cursor;

  const shown = el("span", { class: "quiet", role: "status" });
  const counted = groups.map(([name, label]) => {
    const count = el("span", { class: "count" });
    const node = el("label", { class: "chip" },
      el("input", {
        type: "radio", name: "group", value: name, checked: chosen.group === name,
        change: () => { chosen.group = name; rebuild(); },
      }),
      el("span", { "data-group": name }, `${label} `, count));
    return { name, count, node };
  });
  const field = el("input", {
    type: "search", class: "filter", placeholder: "Filter by name, type, reason", "aria-label": "Filter the tree by name, type or reason",
    value: chosen.text, input: () => { chosen.text = field.value; soon(); },
  });
  const sort = el("select", { "aria-label": "Order by", class: "narrow", change: () => by(sort.value, false) },
    ...columns.filter(([name]) => name !== "why").map(([name, label]) => el("option", { value: name, selected: name === chosen.column }, `By ${label.toLowerCase()}`)));

  const node = el("section", { class: "view tree", "aria-label": "Tree" },
    link.node,
    el("div", { class: "tools" },
      field,
      el("fieldset", { class: "chips" }, el("legend", { class: "hidden" }, "Devices"), ...counted.map((c) => c.node)),
      sort, shown),
    list.node);

  function heading([name, label]) {
    const cell = el("div", { class: `cell ${name}`, role: "columnheader" });
    if (name === "why") cell.append(label);
    else cell.append(el("button", { type: "button", class: "plain", click: () => by(name, chosen.column === name && !chosen.backwards) }, label));
    cell.dataset.column = name;
    return cell;
  }

  function by(column, backwards) {
    chosen.column = column;
    chosen.backwards = backwards;
    sort.value = column;
    rebuild();
  }

  function toggle(row) {
    const { key } = row.entry;
    if (!chosen.shut.delete(key)) chosen.shut.add(key);
    rebuild();
  }

  // rebuild finds the rows and their order anew.
  function rebuild() {
    clearTimeout(waiting);
    waiting = 0;
    rebuilt = performance.now();
    const { rows, found } = model.rows(order(chosen.column, chosen.backwards, model), fits(), chosen.shut);
    list.follow(rows);
    for (const cell of list.node.querySelectorAll("[role=columnheader]")) {
      const is = cell.dataset.column === chosen.column;
      set(cell, "aria-sort", is ? (chosen.backwards ? "descending" : "ascending") : null);
    }
    say(shown, !model.whole ? "asking the gateway …" : fits() ? `${found.toLocaleString("en")} ${found === 1 ? "device" : "devices"} found` : "");
    summary();
  }

  function fits() {
    const words = chosen.text.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0 && chosen.group === "all") return null;
    return (e) => {
      if (chosen.group !== "all" && group(e) !== chosen.group) return false;
      const text = `${e.name} ${e.type ?? ""} ${e.state} ${e.reason ?? ""}`.toLowerCase();
      return words.every((w) => text.includes(w));
    };
  }

  function summary() {
    const { online, opening, down } = model.counts;
    const of = { all: online + opening + down, online, opening, down };
    for (const c of counted) say(c.count, of[c.name].toLocaleString("en"));
    link.show(model);
  }

  // What comes in is shown a few times a second, however much it is. The order, too, follows what changes, but more slowly.
  let waiting = 0;
  let rebuilt = 0;
  let pending = false;
  const moving = () => chosen.group !== "all" || chosen.text.trim() !== "" || chosen.column !== "name";
  function soon(wait = 150) {
    waiting ||= setTimeout(rebuild, wait);
  }
  const frame = () => {
    if (pending) return;
    pending = true;
    setTimeout(() => {
      pending = false;
      list.refresh((row) => row.show(row.item));
      summary();
    }, 100);
  };
  const on = {
    structure: () => (performance.now() - rebuilt > 1000 ? rebuild() : soon(250)),
    entries: () => {
      frame();
      if (moving()) soon(1500);
    },
    flows: frame,
  };
  for (const [name, f] of Object.entries(on)) model.addEventListener(name, f);
  const tick = setInterval(() => {
    list.refresh((row) => row.tick());
    link.tick(model.link);
    fillLines();
  }, 1000);

  // The past of what is in sight is asked for, of one device after the other.
  let filling = false;
  async function fillLines() {
    if (filling || !model.stripKnown || model.away || document.hidden) return;
    filling = true;
    const names = [];
    list.refresh((row) => {
      const { kind, name } = row.item.entry;
      if (kind === "device" && !model.flow(name).filled) names.push(name);
    });
    for (const name of names) {
      model.flow(name).filled = true; // asked for once, whatever comes of it
      try {
        model.flow(name).fill(now(), (await get(path("devices", name))).rates ?? []);
      } catch {
        break; // the line begins when the page was opened
      }
    }
    filling = false;
  }

  rebuild();
  return {
    title: "Tree",
    node,
    shown: () => {
      list.measure();
      list.node.scrollTop = chosen.scroll;
    },
    focus: () => list.node.focus({ preventScroll: true }),
    close: () => {
      chosen.cursor = list.cursor;
      chosen.scroll = list.node.scrollTop;
      for (const [name, f] of Object.entries(on)) model.removeEventListener(name, f);
      clearInterval(tick);
      clearTimeout(waiting);
      list.close();
    },
  };
}

// above returns where the row stands below which the one at a place hangs.
function above(items, at) {
  const { level } = items[at];
  while (at > 0 && items[at].level >= level) at--;
  return at;
}

// makeRow makes a row of the tree.
function makeRow(model, toggle) {
  const twist = el("button", { type: "button", class: "twist", tabindex: "-1", click: () => toggle(row.item) });
  const name = el("a", { tabindex: "-1" });
  const plain = el("span");
  const type = el("span", { class: "quiet type" });
  const state = badge();
  const since = el("time");
  const why = el("span");
  const next = el("span");
  const failures = el("span");
  const queue = el("span");
  const rate = el("span", { class: "figure" });
  const line = new Line(72, 18);
  const cell = (column, ...children) => el("div", { class: `cell ${column}`, role: "gridcell" }, ...children);
  const node = el("div", { class: "row", role: "row" },
    cell("name", twist, name, plain, type), cell("state", state.node), cell("since", since), cell("why", why),
    cell("failures", failures), cell("next", next), cell("queue", queue), cell("rate", rate, line.node));

  const row = {
    node,
    show(item) {
      const e = (item.entry = model.entries.get(item.entry.key) ?? item.entry);
      const device = e.kind === "device";
      set(node, "aria-level", item.level);
      set(node, "aria-expanded", item.size > 0 ? String(item.open) : null);
      set(node, "data-level", Math.min(item.level, 5));
      twist.hidden = item.size === 0;
      set(twist, "aria-label", item.open ? `Hide what is below ${e.name}` : `Show what is below ${e.name}`);
      say(twist, item.open ? "▾" : "▸");
      name.hidden = !device;
      plain.hidden = device;
      say(name, device ? e.name : "");
      say(plain, device ? "" : e.name);
      set(name, "title", device ? e.name : null);
      set(name, "href", device ? `#/device/${encodeURIComponent(e.name)}` : null);
      say(type, item.open || item.size === 0 ? (e.type ?? "") : `${item.size.toLocaleString("en")} below`);
      state.show(linkState(e)[0] ?? "", e.state);
      set(since, "datetime", e.since);
      set(since, "title", e.since ? date(e.since) : null);
      set(why, "title", e.reason);
      say(failures, e.failures ? String(e.failures) : "");
      set(next, "title", e.next ? date(e.next) : null);
      this.tick();
    },
    tick() {
      const e = this.item.entry;
      say(since, ago(e.since));
      say(why, e.reason || (e.unanswered ? linkState(e)[1] : e.doing ? `${e.doing} …` : ""));
      say(next, isDown(e.state) ? until(e.next) : "");
      const flow = e.kind === "device" ? model.flows.get(e.name) : null;
      say(queue, flow?.queue ? String(flow.queue) : "");
      say(rate, flow && (flow.rate || flow.past.length > 0) ? figure(flow.rate) : "");
      line.draw(flow ? flow.points(now()) : [], ...model.span(), true);
    },
  };
  return row;
}

// figure tells messages a second.
export function figure(rate) {
  return rate >= 100 || Number.isInteger(rate) ? String(Math.round(rate)) : rate.toFixed(1);
}

// linkPanel shows the link with the broker, and what became of it in the last 24 hours.
function linkPanel() {
  const name = el("span", { class: "broker-url" });
  const state = badge();
  const since = el("span", { class: "quiet" });
  const why = el("span", { class: "why" });
  const next = el("span", { class: "quiet" });
  const strip = new Strip();
  const flaps = el("ol", { class: "flaps" });
  const summary = el("summary");
  const details = el("details", { class: "flapping" }, summary, flaps);
  const node = el("section", { class: "link", "aria-label": "Link with the broker" },
    el("div", { class: "now" }, el("strong", null, "Broker"), name, state.node, since, why, next),
    el("div", { class: "day" }, el("span", { class: "quiet", "aria-hidden": "true" }, "−24 h"), strip.node, el("span", { class: "quiet", "aria-hidden": "true" }, "now")),
    details);
  let drawn = "";
  const tick = (e) => {
    state.show(...linkState(e));
    say(since, e.since ? `${e.unanswered ? `${e.state} ` : ""}for ${ago(e.since)}` : "");
    say(next, isDown(e.state) && e.next ? `next attempt ${until(e.next)}` : "");
  };
  return {
    node,
    tick,
    show(model) {
      const e = model.link;
      say(name, model.broker ?? "");
      say(why, e.reason ?? "");
      tick(e);
      const lost = outages(model.strip);
      const { started } = model.gateway;
      const known = !model.stripKnown ? "since this page was opened" : now() - Date.parse(started) < day ? "since the gateway began" : "in the last 24 h";
      const label = lost.length === 0 ? `no interruption ${known}` : `${lost.length} ${lost.length === 1 ? "interruption" : "interruptions"} ${known}`;
      const key = `${Math.floor(now() / 30e3)} ${started} ${model.strip.length} ${model.strip.at(-1)?.at}`;
      if (key === drawn) return;
      drawn = key;
      strip.draw(model.strip, `Link with the broker: ${label}`);
      say(summary, label);
      flaps.replaceChildren(...lost.slice(-200).reverse().map((o) =>
        el("li", null, el("time", { datetime: o.at }, date(o.at)), ` ${o.until ? `for ${spanExactly(o.until - Date.parse(o.at))}` : "until now"}`, o.reason ? `: ${o.reason}` : "")));
    },
  };
}

// outages returns the times [{at, until, reason}] for which the link was down after it had been up.
function outages(strip) {
  const all = [];
  let up = false;
  let current = null;
  for (const s of strip) {
    if (s.state === "online") {
      if (current) current.until = Date.parse(s.at);
      current = null;
      up = true;
    } else if (up && !current) {
      current = { at: s.at, until: 0, reason: s.reason };
      all.push(current);
    } else if (current && s.reason && !current.reason) current.reason = s.reason;
  }
  return all;
}
