// The messages: what passes, live; sending one; and what would become of one.

import { Events, get, post } from "./api.js";
import { answer } from "./control.js";
import { el, say, set } from "./dom.js";
import { Lines } from "./lines.js";
import { clock, moment } from "./time.js";

const longest = 4096; // bytes of a payload that the gateway shows

const most = 1000; // messages that are kept

const chosen = { filter: "", topic: "", payload: "", qos: "0", retain: false, paused: false };

// What has come stays while other views are shown. A gap is in the place of messages that are not known: {gap: text}.
let all = [];
let left = "";
let sieve = ""; // the filter by which the gateway tells of messages

// When the page is loaded again from the bar, what has been typed is there again.
try {
  Object.assign(chosen, JSON.parse(sessionStorage.getItem("message")));
  sessionStorage.removeItem("message");
  addEventListener("keep", () => sessionStorage.setItem("message", JSON.stringify(chosen)));
} catch {
  // a browser that is to keep nothing
}

export function messages() {
  const lines = new Lines(most, {
    label: "Messages, the newest last",
    columns: 5,
    head: el("div", { class: "row", role: "row" }, ...["Time", "Way", "Topic", "Payload", "Devices"].map((h, i) =>
      el("div", { class: `cell m${i}`, role: "columnheader" }, h))),
    make: messageRow,
    open: (m) => m.gap || pick(m),
  });

  let events = null;
  let missed = 0;
  let held = 0;
  let fits = filtering(chosen.filter);
  const told = el("span", { class: "quiet" }); // not announced: it changes with every message
  const tell = () => say(told, [
    chosen.paused ? `paused, ${held.toLocaleString("en")} have passed since` : "",
    missed > 0 ? `${missed.toLocaleString("en")} passed too fast to be shown` : "",
  ].filter(Boolean).join(" · "));
  const hint = el("span", { class: "quiet", role: "status" });
  function add(m) {
    all.push(m);
    if (all.length > 2 * most) all = all.slice(-most);
    if (m.gap || fits(m)) lines.add(m);
  }
  // meanwhile adds a gap, before which only messages that fit a filter are known. Two such gaps in a row are one.
  function meanwhile(filter) {
    const gap = `not shown: ${filter ? `what did not fit ${filter}, and ` : ""}what passed meanwhile`;
    const before = all.at(-1);
    if (!before?.meanwhile) add({ gap, meanwhile: true });
    else if (filter) {
      before.gap = gap;
      filtered();
    }
  }
  function leave() {
    if (held > 0) add({ gap: `${held.toLocaleString("en")} not shown` });
    held = 0;
  }
  function filtered() {
    fits = filtering(chosen.filter);
    say(hint, wild(chosen.filter) && faulty(chosen.filter) ? "No topic filter, so looked for as a text: # is the last level, + and # are alone in theirs." : "");
    lines.replace(all.filter((m) => m.gap || fits(m)));
  }
  function listen() {
    events?.close();
    const filter = chosen.filter.trim();
    if (filter !== sieve && all.length > 0) meanwhile(sieve);
    sieve = filter;
    events = new Events({ kinds: "messages", filter }, ["message", "missed"], {
      on(name, data) {
        if (name === "missed" && !data.count) meanwhile();
        else if (name === "missed") missed += data.count;
        else if (chosen.paused) held++;
        else add(data);
        if (name === "missed" || chosen.paused) tell();
      },
      resumed: meanwhile,
    });
  }
  let typing = 0;
  const filter = el("input", {
    type: "search", class: "filter", placeholder: "Text, or home/+/lamp/#", "aria-label": "Filter the messages by a text or a topic filter",
    value: chosen.filter,
    input: () => {
      chosen.filter = filter.value;
      filtered();
      clearTimeout(typing);
      typing = setTimeout(listen, 300);
    },
  });
  const pause = el("button", {
    type: "button", "aria-pressed": String(chosen.paused),
    click: () => {
      chosen.paused = !chosen.paused;
      leave();
      set(pause, "aria-pressed", String(chosen.paused));
      tell();
    },
  }, "Pause");
  const clear = el("button", { type: "button", click: () => { missed = 0; all = []; tell(); lines.replace([]); } }, "Clear");

  // The form
  const topics = el("datalist", { id: "topics" });
  let completing = 0;
  const topic = el("input", {
    type: "text", id: "topic", list: "topics", autocomplete: "off", spellcheck: "false", class: "mono", value: chosen.topic,
    input: () => {
      chosen.topic = topic.value;
      forget();
      clearTimeout(completing);
      completing = setTimeout(complete, 150);
    },
    focus: () => complete(),
  });
  async function complete() {
    try {
      const found = await get("topics", { prefix: topic.value });
      topics.replaceChildren(...found.map((t) => el("option", { value: t })));
    } catch {
      topics.replaceChildren(); // nothing depends on completions
    }
  }
  const payload = el("textarea", { id: "payload", rows: "4", spellcheck: "false", input: () => { chosen.payload = payload.value; forget(); } });
  payload.value = chosen.payload;
  const qos = el("select", { id: "qos", class: "changes", change: () => { chosen.qos = qos.value; } }, ...["0", "1"].map((q) => el("option", { value: q, selected: q === chosen.qos }, q)));
  const retain = el("input", { type: "checkbox", checked: chosen.retain, change: () => { chosen.retain = retain.checked; } });
  const sent = answer();
  const result = el("div");
  const verdict = el("p", { role: "status" }); // one sentence: a screen reader would read the tables whole
  const form = el("form", {
    class: "panel send", novalidate: true,
    submit: (e) => {
      e.preventDefault();
      if (document.body.classList.contains("read-only")) {
        explain();
        return;
      }
      sent.ask("sending …", async () => {
        await post("messages", { topic: topic.value, payload: payload.value, qos: Number(qos.value), retain: retain.checked });
        return `handed over at ${clock()}`; // the broker's acknowledgement is not waited for
      });
    },
  },
    el("h3", null, el("span", { class: "changes" }, "Send or explain a message"), el("span", { class: "instead" }, "Explain a message")),
    el("label", { for: "topic" }, "Topic"), topic, topics,
    el("label", { for: "payload" }, "Payload"), payload,
    el("div", { class: "actions" },
      el("label", { for: "qos", class: "changes" }, "QoS"), qos, el("label", { class: "check changes" }, retain, "Retain"),
      el("button", { type: "submit", class: "primary changes" }, "Send"),
      el("button", { type: "button", "data-do": "explain", click: explain }, "Explain"), sent.node));

  // An explanation is of the topic and the payload that the form has.
  let asked = 0;
  function forget() {
    asked++;
    result.replaceChildren();
    say(verdict, "");
  }
  async function explain() {
    forget();
    const mine = asked;
    try {
      const x = await get("explain", { topic: topic.value, payload: payload.value });
      if (mine !== asked) return;
      result.replaceChildren(explanation(x));
      say(verdict, verdictOf(x));
      verdict.scrollIntoView({ block: "nearest" });
    } catch (e) {
      if (mine === asked) say(verdict, e.message);
    }
  }

  // One of the messages, whole
  const picked = el("section", { class: "panel", "aria-label": "The chosen message", hidden: true });
  function pick(m) {
    const cut = m.size > longest;
    picked.hidden = false;
    picked.replaceChildren(
      el("h3", null, `${m.direction === "out" ? "Sent" : "Received"} at ${moment(m.at)}`),
      el("p", { class: "mono break" }, m.topic), el("pre", { class: "break" }, m.payload),
      el("p", { class: "quiet" }, [
        `QoS ${m.qos ?? 0}`, m.retained ? "retained" : "", `${(m.size ?? m.payload.length).toLocaleString("en")} bytes`,
        cut ? `cut: only the first ${longest.toLocaleString("en")} are known here` : "",
        m.direction === "in" ? `${m.devices} ${m.devices === 1 ? "device" : "devices"} found` : "",
      ].filter(Boolean).join(" · ")),
      m.note ? el("p", { class: "fault" }, m.note) : "",
      el("button", {
        type: "button",
        click: () => {
          chosen.topic = topic.value = m.topic;
          if (!cut) chosen.payload = payload.value = m.payload;
          forget();
          topic.focus();
        },
      }, cut ? "Take over the topic, without the payload" : "Take over into the form"));
    picked.scrollIntoView({ block: "nearest" }); // on a telephone it is below all others
  }

  if (all.at(-1)?.from) left = all.pop().from; // nothing has come since that gap
  if (all.length > 0) add({ from: left, gap: `not shown: what passed from ${left} to ${clock()}` });
  filtered();
  tell();
  listen();
  return {
    title: "Messages",
    node: el("section", { class: "view fixed beside", "aria-label": "Messages" },
      el("div", { class: "wide" }, el("div", { class: "tools" }, filter, pause, clear, told, hint), lines.node),
      el("div", { class: "narrower" }, form, el("div", { class: "explained" }, verdict, result), picked)),
    shown: () => lines.shown(),
    focus: () => filter.focus(),
    close: () => {
      clearTimeout(typing);
      clearTimeout(completing);
      events.close();
      leave();
      left = clock();
      lines.close();
    },
  };
}

function messageRow() {
  const cells = Array.from({ length: 5 }, (_, i) => el("div", { class: `cell m${i}`, role: "gridcell" }));
  const [at, way, topic, payload, devices] = cells;
  const node = el("div", { class: "row message", role: "row" }, ...cells);
  return {
    node,
    show(m) {
      say(at, m.gap ? "" : moment(m.at));
      say(way, m.direction ?? "");
      set(node, "data-way", m.direction);
      set(node, "data-gap", Boolean(m.gap));
      say(topic, m.gap ?? m.topic);
      say(payload, m.payload ?? "");
      say(devices, m.direction === "in" ? String(m.devices) : "");
      set(devices, "title", m.note);
      set(node, "data-lost", Boolean(m.note));
    },
  };
}

const wild = (filter) => /[+#]/.test(filter);

// faulty reports whether a text with wildcards is no topic filter.
const faulty = (filter) => filter.trim().split("/").some((level, i, { length }) => wild(level) && (level.length > 1 || (level === "#" && i < length - 1)));

// filtering returns what lets messages pass as the gateway does: those whose topic a filter with wildcards matches, or in which a text stands.
function filtering(filter) {
  filter = filter.trim();
  if (!wild(filter) || faulty(filter)) {
    const text = filter.toLowerCase();
    return (m) => text === "" || `${m.topic} ${m.payload}`.toLowerCase().includes(text);
  }
  const want = filter.replace(/^\$share\/[^/]+\//, "").split("/");
  const open = want.at(-1) === "#";
  if (open) want.pop();
  return ({ topic }) => {
    if (topic.startsWith("$") && (want[0] ?? "+") === "+") return false; // what is the broker's own
    const have = topic.split("/");
    return (open ? have.length >= want.length : have.length === want.length) && want.every((w, i) => w === "+" || w === have[i]);
  };
}

// verdictOf says in a sentence what becomes of a message.
function verdictOf(x) {
  if (x.refused?.length > 0) return `It is refused: ${x.refused[0]}.`;
  if (x.sets) return `It sets ${x.sets.entity} of ${x.sets.device}.`;
  if (x.asks) return `It asks the gateway for ${x.asks}.`;
  if (!x.subscription) return "It does not arrive.";
  if (x.echo) return "It is the gateway's own, and goes no further.";
  const found = (x.devices ?? []).filter((d) => d.found).length;
  return found === 0 ? "It finds no device, and so is acknowledged and forgotten." : `It finds ${found.toLocaleString("en")} ${found === 1 ? "device" : "devices"}.`;
}

// explanation shows what "gateway explain" says.
function explanation(x) {
  const parts = [el("h3", null, "What becomes of it")];
  const fact = (name, ...text) => parts.push(el("p", null, el("span", { class: "quiet" }, `${name} `), ...text));
  if (x.sets) fact("sets", `the entity ${x.sets.entity} of the device ${x.sets.device}, whatever the map says, unless it is retained`);
  else if (x.asks) fact("asks", `the gateway itself for ${x.asks}, whatever the map says, unless it is retained`);
  else if (x.subscription) fact("arrives", `by the subscription ${x.subscription}`);
  else fact("arrives", "no: no subscription matches the topic", x.topics?.length ? ` (have ${x.topics.join(", ")})` : "");
  if (x.steps?.length > 0) {
    parts.push(grid(["What", "On the wire", "Inside", "Rule"], x.steps.map((s) => [
      s.key ? `${s.of} of ${s.key}` : s.of, s.wire, s.fault ? "–" : s.word, s.maptype ? `${s.rule} (${s.maptype})` : s.rule])));
  }
  if (x.echo) fact("echo", "the sender is this gateway: the message goes no further");
  for (const r of x.refused ?? []) parts.push(el("p", { class: "fault" }, `refused: ${r}`));
  if (x.message) fact("message", x.message);
  if (x.devices) {
    parts.push(grid(["Device", "Found", "Why"], x.devices.toSorted((a, b) => b.found - a.found).slice(0, 500).map((d) => [d.device, d.found ? "yes" : "no", d.why])));
    const more = x.devices.length - 500;
    if (more > 0) parts.push(el("p", { class: "quiet" }, `and ${more.toLocaleString("en")} devices more`));
  }
  return el("section", { class: "panel" }, ...parts);
}

function grid(heads, rows) {
  return el("table", null,
    el("thead", null, el("tr", null, ...heads.map((h) => el("th", { scope: "col" }, h)))),
    el("tbody", null, ...rows.map((r) => el("tr", null, ...r.map((text) => el("td", null, text ?? ""))))));
}
