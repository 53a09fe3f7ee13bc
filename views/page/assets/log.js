// The log: the last lines, live, and how much each actor says.

import { Events, get, post } from "./api.js";
import { answer } from "./control.js";
import { el, say, set, sync } from "./dom.js";
import { Lines } from "./lines.js";
import { clock, date, moment } from "./time.js";

const levels = ["debug", "info", "warn", "error"];
const most = 1000;
const every = 5e3; // ms between two looks at the levels, which others change, too

const chosen = { filter: "", least: "debug" };

export function log({ model }) {
  let all = []; // lines that have come
  const lines = new Lines(most, {
    label: "Log, the newest line last",
    columns: 3,
    head: el("div", { class: "row", role: "row" }, ...["Time", "Level", "Text"].map((h, i) => el("div", { class: `cell l${i}`, role: "columnheader" }, h))),
    make: logRow,
    open: (line) => pick(line),
  });
  const picked = el("section", { class: "panel", "aria-label": "The chosen line", hidden: true });
  function pick(line) {
    picked.hidden = false;
    picked.replaceChildren(el("h3", null, `${line.level.toUpperCase()} at ${date(line.at)}`), el("pre", { class: "break" }, `${line.text}${pairs(line.attrs, "\n  ")}`));
    picked.scrollIntoView({ block: "nearest" }); // on a telephone it is below all others
  }
  const fits = (line) => levels.indexOf(line.level) >= levels.indexOf(chosen.least) && line.whole.toLowerCase().includes(chosen.filter.toLowerCase());
  const prepared = (line) => ({ ...line, level: String(line.level).toLowerCase(), whole: `${line.text}${pairs(line.attrs, " ")}` });
  const keyOf = (line) => `${line.at} ${line.whole}`;
  let had = new Set(); // the keys of all
  function add(line) {
    if (had.has(keyOf(line))) return;
    had.add(keyOf(line));
    all.push(line);
    if (all.length > 2 * most) {
      all = all.slice(-most);
      had = new Set(all.map(keyOf));
    }
    if (fits(line)) lines.add(line);
  }
  const filtered = () => lines.replace(all.slice(-most).filter(fits));

  const told = el("span", { class: "quiet", role: "status" });
  const filter = el("input", {
    type: "search", class: "filter", placeholder: "Filter the lines", "aria-label": "Filter the lines", value: chosen.filter,
    input: () => { chosen.filter = filter.value; filtered(); },
  });
  const least = el("select", { "aria-label": "Lowest level that is shown", change: () => { chosen.least = least.value; filtered(); } },
    ...levels.map((l) => el("option", { value: l, selected: l === chosen.least }, l === "debug" ? "all levels" : `${l} and above`)));

  // What events have not told is asked for: the lines before the first, and those that nobody has counted. Lines that come meanwhile wait.
  let early = null;
  let missed = 0;
  const events = new Events({ kinds: "log" }, ["log", "missed"], {
    on(name, data) {
      if (name === "missed" && !data.count) load();
      else if (name === "missed") {
        missed += data.count;
        say(told, `${missed.toLocaleString("en")} lines came too fast to be shown`);
      } else if (early) early.push(prepared(data));
      else add(prepared(data));
    },
    resumed: load,
  });
  const missing = el("span", { class: "fault", role: "status" });
  let loads = 0;
  async function load() {
    const mine = ++loads;
    early ??= [];
    let before = [];
    let fault = "";
    try {
      before = (await get("log", { lines: most })).lines.map(prepared);
    } catch (e) {
      fault = `The lines before now can't be shown: ${e.message}.`;
    }
    if (mine !== loads) return; // a later answer has them, too
    say(missing, fault);
    for (const line of [...before, ...early]) add(line);
    early = null;
    lines.show();
  }
  events.source.addEventListener("open", load, { once: true }); // earlier, lines between the answer and the events would be lost

  const panel = levelPanel(model);
  return {
    title: "Log",
    node: el("section", { class: "view fixed beside", "aria-label": "Log" },
      el("div", { class: "wide" }, el("div", { class: "tools" }, filter, least, told, missing), lines.node),
      el("div", { class: "narrower" }, panel.node, picked)),
    shown: () => lines.shown(),
    focus: () => filter.focus(),
    close: () => {
      events.close();
      lines.close();
      panel.close();
    },
  };
}

// pairs writes attributes: a list of [name, value], or an object.
function pairs(attrs, before) {
  const list = Array.isArray(attrs) ? attrs : Object.entries(attrs ?? {});
  return list.map(([k, v]) => `${before}${k}=${typeof v === "object" || /[\s"=]/.test(v) ? JSON.stringify(v) : v}`).join("");
}

function logRow() {
  const cells = Array.from({ length: 3 }, (_, i) => el("div", { class: `cell l${i}`, role: "gridcell" }));
  const [at, level, text] = cells;
  const node = el("div", { class: "row line", role: "row" }, ...cells);
  return {
    node,
    show(line) {
      say(at, moment(line.at));
      set(at, "title", date(line.at));
      say(level, line.level);
      set(node, "data-log", line.level);
      say(text, line.whole);
    },
  };
}

// levelPanel shows from which level on each actor's lines are written, and changes it.
function levelPanel(model) {
  const told = answer();
  const list = el("div", { class: "levels" });
  const missing = el("p", { class: "fault" });
  const names = el("datalist", { id: "actors" });
  let now = { default: "info", actors: {} };
  const select = (label, change) =>
    el("select", { "aria-label": label, class: "changes", change: (e) => change(e.target.value) }, ...[...levels, "none"].map((l) => el("option", { value: l }, l)));
  let changes = 0;
  // apply changes what a function makes of the levels as they are.
  const apply = (change, what) => told.ask("changing …", async () => {
    changes++;
    now = await post("log/levels", change(await get("log/levels")));
    changes++;
    show();
    return `${what} at ${clock()}`;
  });
  const actorTo = (name, level) => ({ actors }) => ({ actors: { ...actors, [name]: level } }); // undefined is left out
  const actor = el("input", {
    type: "text", list: "actors", "aria-label": "Actor or device", placeholder: "actor or device", autocomplete: "off",
    input: () => names.replaceChildren(...matching(model, actor.value).map((n) => el("option", { value: n }))),
  });
  const level = select("Level for it", () => {});
  level.value = "debug";
  const form = el("form", {
    class: "actions changes", novalidate: true,
    submit: async (e) => {
      e.preventDefault();
      const name = actor.value.trim();
      if (name !== "" && await apply(actorTo(name, level.value), `${name} writes ${level.value}`)) actor.value = "";
    },
  }, actor, names, level, el("button", { type: "submit" }, "Set"));
  // levelRow shows the level of an actor, or of everything: "".
  function levelRow({ name }) {
    const choice = select(name ? `Level of ${name}` : "Level of everything", (v) =>
      apply(name ? actorTo(name, v) : () => ({ default: v }), `${name || "everything"} writes ${v}`));
    const word = el("span", { class: "instead" });
    return {
      node: el("div", { class: "level" }, el("span", null, name || "everything"), choice, word, name
        ? el("button", {
          type: "button", class: "changes", "aria-label": `${name} as everything else`,
          click: () => { apply(actorTo(name, undefined), `${name} as everything else`); actor.focus(); },
        }, "×")
        : null),
      show({ value }) {
        if (![...choice.options].some((o) => o.value === value)) choice.add(new Option(value, value));
        choice.value = value;
        say(word, value);
      },
    };
  }
  function show() {
    const rows = [{ name: "", value: now.default }, ...Object.entries(now.actors ?? {}).map(([name, value]) => ({ name, value }))];
    sync(list, rows, (row) => row.name, levelRow);
  }
  async function look() {
    const had = changes;
    try {
      const found = await get("log/levels");
      if (had !== changes) return; // what was asked for may be older than the change
      now = found;
      say(missing, "");
      show();
    } catch (e) {
      say(missing, `The levels can't be shown: ${e.message}.`);
    }
    form.hidden = missing.textContent !== "";
  }
  look();
  const tick = setInterval(() => {
    if (!model.away && !document.hidden) look();
  }, every);
  return {
    node: el("section", { class: "panel" }, el("h3", null, "Levels"), missing, list, form, told.node,
      el("p", { class: "quiet" }, "What is set here lasts until the gateway ends, the level of everything only until the next reload.")),
    close: () => clearInterval(tick),
  };
}

// matching returns the actors whose names hold a text: those that can have a level. The link is no actor, and the supervisor no entry.
function matching(model, text) {
  const found = [];
  for (const e of [{ name: "supervisor" }, ...model.entries.values()]) {
    if (e.kind !== "link" && e.name.toLowerCase().includes(text.toLowerCase())) found.push(e.name);
    if (found.length === 30) break;
  }
  return found;
}
