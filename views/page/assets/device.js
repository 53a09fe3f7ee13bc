// One device: what it is, its values and what can be set, and what happened to it.

import { get, path, post } from "./api.js";
import { answer, control } from "./control.js";
import { badge, el, say, set, sync } from "./dom.js";
import { isDown, step, steps } from "./model.js";
import { Line } from "./plot.js";
import { ago, clock, date, moment, now, span, until } from "./time.js";
import { figure } from "./tree.js";

const every = 2e3; // ms between two looks while the page is seen

export function device({ model }, name) {
  const at = path("devices", name);
  const head = el("h2", { tabindex: "-1" }, name);
  const state = badge();
  const since = el("span", { class: "quiet" });
  const next = el("span", { class: "quiet" });
  const why = el("p", { class: "why" });
  const missing = el("p", { class: "fault", role: "status" });
  const told = answer();
  const order = (what, doing, done) => el("button", {
    type: "button", "data-order": what,
    click: async (e) => {
      if (e.currentTarget.getAttribute("aria-disabled")) return;
      await told.ask(doing, async () => {
        await post(`${at}/${what}`);
        return `${done} at ${clock()}`;
      });
      look();
    },
  }, what[0].toUpperCase() + what.slice(1));

  const values = panel("Values");
  const spanned = el("span", { class: "quiet lines" });
  values.node.firstChild.append(" ", spanned);
  const flow = flowPanel(model);
  const recorder = records("Last messages and changes", "Nothing has happened yet.");
  const errors = records("Last errors", "None.");
  const description = facts("Description");
  const counters = facts("Counters");
  const parameters = facts("Parameters");
  const node = el("section", { class: "view device", "aria-label": `Device ${name}` },
    el("p", null, el("a", { href: "#/tree" }, "← Tree")),
    el("div", { class: "title" }, head, state.node, since, next, why),
    missing,
    el("p", { class: "instead quiet" }, "Read only: nothing can be changed here."),
    el("div", { class: "actions changes", role: "group", "aria-label": "Restart, stop and start" },
      order("restart", "asking for a restart …", "restart asked for"), order("stop", "asking to stop …", "stop asked for"),
      order("start", "asking to start …", "start asked for"), told.node),
    el("div", { class: "columns" },
      el("div", { class: "stack" }, values.node, recorder.node),
      el("div", { class: "stack" }, errors.node, flow.node, description.node, counters.node, parameters.node)));

  // The state comes with the events, everything else is asked for.
  function showState(e) {
    state.show(e.state ?? "");
    say(since, e.since ? `for ${ago(e.since)}, since ${date(e.since)}` : "");
    say(next, isDown(e.state) && e.next ? `next attempt ${until(e.next)}` : "");
    say(why, e.reason ?? "");
    why.hidden = !e.reason;
    const stopped = e.state === "stopped";
    for (const button of node.querySelectorAll("[data-order]")) {
      set(button, "aria-disabled", (button.dataset.order === "start") === stopped ? null : "true");
    }
  }

  let seen = null;
  let gone = false; // until an event tells of the device, nothing more is asked
  let asking = false;
  let asked = 0;
  async function look() {
    if (model.away) return;
    if (asking) {
      asked++;
      return;
    }
    asking = true;
    try {
      seen = await get(at);
      gone = false;
      say(missing, "");
      show(seen);
    } catch (e) {
      gone = e.status === 404;
      say(missing, gone ? `There is no device ${name}. It may have been removed from the configuration.` : `Not up to date: ${e.message}.`);
    }
    node.classList.toggle("gone", gone); // what was known of the device is known no more
    if (gone) { // nor what it has answered
      sync(values.body, []);
      say(told.node, "");
    }
    asking = false;
    if (asked > 0) {
      asked = 0;
      look();
    }
  }

  function show(d) {
    if (!model.entries.has(`device:${name}`)) showState(d);
    const [from, to] = model.span();
    say(spanned, d.plots ? `lines: ${to - from >= steps ? "the last 10 min" : "since the gateway began"}` : "");
    showValues(values.body, name, d, look, [from * step, now()]);
    recorder.show(d.recorder ?? [], d.recorder === undefined);
    errors.show((d.recorder ?? []).filter((r) => r.what === "error" || (r.what === "state" && isDown(r.text.split(":")[0]) && !r.text.startsWith("stopped"))), d.recorder === undefined);
    flow.show(d, model.flows.get(name));
    description.show(described(d));
    counters.show(flat(d.counters));
    parameters.show(flat(d.params));
  }

  const entry = () => model.entries.get(`device:${name}`);
  const changed = (e) => {
    if (e.detail !== null && e.detail !== `device:${name}`) return; // null: everything
    if (entry()) showState(entry());
    look();
  };
  model.addEventListener("entries", changed);
  model.addEventListener("structure", changed);
  let ticks = 0;
  const tick = setInterval(() => {
    if (entry()) showState(entry());
    for (const part of values.body.parts?.values() ?? []) part.tick();
    if (++ticks % (every / 1e3) === 0 && !document.hidden && !gone) look();
  }, 1e3);
  if (entry()) showState(entry());
  look();

  return {
    title: name,
    node,
    focus: () => head.focus(),
    close: () => {
      clearInterval(tick);
      model.removeEventListener("entries", changed);
      model.removeEventListener("structure", changed);
    },
  };
}

function panel(title) {
  const body = el("div", { class: "body" });
  return { node: el("section", { class: "panel" }, el("h3", null, title), body), body };
}

// facts shows pairs of a name and a text.
function facts(title) {
  const list = el("dl", { class: "facts" });
  const none = el("p", { class: "empty" }, "None.");
  const node = el("section", { class: "panel" }, el("h3", null, title), list, none);
  return {
    node,
    show(pairs) {
      none.hidden = pairs.length > 0;
      list.hidden = pairs.length === 0;
      const text = JSON.stringify(pairs);
      if (text === list.shown) return;
      list.shown = text;
      list.replaceChildren(...pairs.flatMap(([k, v]) => [el("dt", null, k), el("dd", null, v)]));
    },
  };
}

// flat returns the pairs of a value that may have others in it: auth.digest. A list of sections has a pair for each of them.
function flat(value, before = "") {
  if ((value ?? null) === null) return [];
  if (typeof value !== "object") return [[before, String(value)]];
  if (!Array.isArray(value)) return Object.entries(value).flatMap(([k, v]) => flat(v, before === "" ? k : `${before}.${k}`));
  if (value.every((v) => v === null || typeof v !== "object")) return [[before, value.join(", ")]];
  return value.map((v, i) => [`${before}[${i}]`, written(v, true)]);
}

// written is a value as the configuration has it on one line.
function written(value, bare) {
  if (Array.isArray(value)) return `[${value.map((v) => written(v)).join(", ")}]`;
  if (value === null || typeof value !== "object") return String(value);
  const inside = Object.entries(value).map(([k, v]) => `${k}: ${written(v)}`).join(", ");
  return bare ? inside : `{${inside}}`;
}

function described(d) {
  const pairs = [];
  const add = (k, v) => {
    if ((v ?? "") !== "") pairs.push([k, v]);
  };
  add("type", d.type);
  add("added by", d.added_by);
  for (const [k, v] of Object.entries(d.description ?? {})) add(k, v);
  const spoken = (a) => Object.entries(a ?? {}).map(([k, v]) => `${k} ${[v].flat().join(" or ")}`).join(", ");
  add("address", spoken(d.address));
  add("answers to", spoken(d.answers_to));
  if (d.failures && d.state !== "online") add("failures in a row", String(d.failures));
  if (d.restarts) add("restarts", String(d.restarts));
  return pairs;
}

function flowPanel(model) {
  const line = new Line(280, 40);
  const title = el("h3");
  const text = el("p", { class: "quiet" });
  const node = el("section", { class: "panel" }, title, line.node, text);
  return {
    node,
    show(d, flow) {
      // Without the gateway's own history there is what has come since the page was opened.
      const k = Math.floor(now() / step);
      const rates = d.rates ?? (model.stripKnown ? [] : null); // left out: idle, or not kept
      const points = rates ? rates.map((r, i) => [k - rates.length + 1 + i, r]) : (flow?.points(now()) ?? []);
      say(title, `Messages a second, ${rates ? "last 10 minutes" : "since this page was opened"}`);
      line.draw(points, ...model.span(), true);
      const most = points.reduce((m, [, r]) => Math.max(m, r ?? 0), 0);
      say(text, [
        `${figure(flow?.rate ?? d.rate ?? 0)} now`, `${figure(most)} at most`,
        `${flow?.queue ?? d.queue ?? 0} in the mailbox`, d.doing ? `at work: ${d.doing}` : "",
      ].filter(Boolean).join(" · "));
    },
  };
}

// records shows lines of the flight recorder, the newest first.
function records(title, nothing) {
  const list = el("ol", { class: "records", tabindex: "0", "aria-label": title });
  const none = el("p", { class: "empty" });
  const node = el("section", { class: "panel" }, el("h3", null, title), list, none);
  return {
    node,
    show(lines, lacking) {
      none.hidden = lines.length > 0;
      list.hidden = lines.length === 0;
      say(none, lacking ? "This gateway doesn't record them." : nothing);
      // Lines stay what they are, so that a person can read and copy them while others come.
      const had = new Map();
      const items = lines.map((r) => {
        const text = `${r.at} ${r.what} ${r.text}`;
        had.set(text, (had.get(text) ?? 0) + 1);
        return { ...r, key: `${text} ${had.get(text)}` };
      });
      sync(list, items.toReversed(), (r) => r.key, recordLine);
    },
  };
}

function recordLine(r) {
  const at = el("time", { datetime: r.at, title: date(r.at) });
  return {
    node: el("li", { "data-what": r.what }, at, el("span", { class: "what" }, r.what), el("span", { class: "text" }, r.text)),
    show() {
      say(at, moment(r.at));
    },
  };
}

// showValues shows the entities of a device, and what became of them in a time. Members of one thing stand together, below its name.
function showValues(body, name, d, look, time) {
  const items = [];
  const under = new Map();
  for (const v of d.values ?? []) {
    const g = v.group && `${v.group.kind} ${v.group.id.replaceAll("_", " ")}`;
    if (!g) items.push(v);
    else if (under.has(g)) under.get(g).push(v);
    else {
      under.set(g, [v]);
      items.push({ heading: g });
    }
  }
  const all = items.flatMap((i) => (i.heading ? [i, ...under.get(i.heading)] : [i]));
  if (all.length === 0) all.push({ note: "The device has not described itself: it has no values." });
  // Of a device that a person has stopped nothing is confirmed. That is said once. Other reasons stay where they are.
  const stopped = (v) => d.state === "stopped" && v.error?.startsWith("not confirmed");
  if (all.some(stopped)) all.unshift({ note: "What is unknown without a reason is so because the device is stopped." });
  const shape = (v) => [v.id, v.kind, v.write, v.min, v.max, v.step, v.options].join("\u0000");
  sync(body, all.map((v) => ({ ...v, time, stopped: stopped(v), past: d.plots?.[v.id] ?? [] })), (v) => (v.note ?? (v.heading ? `group ${v.heading}` : shape(v))),
    (v) => (v.note ? note(v) : v.heading ? heading(v) : valueRow(name, v, look)));
}

const note = (v) => ({ node: el("p", { class: "empty" }, v.note), show() {}, tick() {} });

const heading = (v) => ({ node: el("h4", { class: "group" }, v.heading), show() {}, tick() {} });

const long = 60; // characters of a text that is not shown whole

function valueRow(device, entity, look) {
  const reading = el("span");
  // A long text is shown whole if so wanted: what stands below does not move as it comes and goes.
  const more = entity.kind === "text" && el("button", {
    type: "button", class: "plain", "aria-expanded": "false",
    click: () => {
      set(more, "aria-expanded", String(reading.classList.toggle("whole")));
      say(more, reading.classList.contains("whole") ? "less" : "all of it");
    },
  }, "all of it");
  const unit = el("span", { class: "unit" });
  const age = el("span", { class: "age" });
  const unknown = el("p", { class: "unknown" });
  const line = entity.kind === "number" || entity.kind === "bool" ? new Line(128, 24) : null;
  const setter = control(device, entity, look);
  const node = el("div", { class: "value", "data-id": entity.id },
    el("span", { class: "label", title: entity.id }, entity.name || entity.id), el("span", { class: "reading" }, reading, unit, more || null), age,
    line?.node ?? el("span", { class: "plot" }), setter?.node ?? el("span", { class: "control" }), unknown);
  let at = "";
  return {
    node,
    show(v) {
      const known = (v.value ?? null) !== null;
      const valued = v.kind !== "button" && v.kind !== "event";
      at = v.at;
      say(reading, known ? spoken(v) : valued ? "unknown" : "");
      reading.classList.toggle("quiet", !known);
      if (more) more.hidden = !reading.classList.toggle("long", reading.textContent.length > long);
      say(unit, known ? (v.unit ?? "") : "");
      say(unknown, v.error ?? "");
      unknown.hidden = !v.error || v.stopped;
      set(age, "title", v.at ? date(v.at) : null);
      if (line) {
        const [begin, end] = v.time;
        const points = v.past.map(([t, y]) => [t * 1e3, y]);
        line.draw([...points, [end, v.error ? null : Number(v.value ?? NaN)]], begin, end, false);
      }
      setter?.show(v.value);
      this.tick();
    },
    tick() {
      say(age, at ? span(now() - Date.parse(at)) : "");
    },
  };
}

// words are what people call false and true of some classes.
const closed = ["closed", "open"];
const words = { door: closed, garage_door: closed, opening: closed, window: closed, lock: ["locked", "unlocked"] };

function spoken(v) {
  if (v.kind === "bool") return (words[v.class] ?? ["off", "on"])[Number(v.value)];
  return typeof v.value === "object" ? JSON.stringify(v.value) : String(v.value);
}
