// The configuration: what is in force, what a reload would change, and the reload.

import { get, post } from "./api.js";
import { answer } from "./control.js";
import { el, say } from "./dom.js";
import { clock } from "./time.js";

const patience = 120e3; // ms for a configuration of many devices

const every = 5e3; // ms between two looks
const soon = 500; // ms in which all that tells of a reload comes

export function configuration({ model }) {
  const text = el("pre", { class: "config", tabindex: "0", "aria-label": "Configuration in force" }, "asking the gateway …");
  const missing = el("p", { class: "fault" });
  const told = answer();
  const result = el("div", { class: "result", "aria-live": "polite" });
  let compared = false; // result shows what a reload would change

  let known = null;
  let asking = null;
  let next = null;
  // inForce shows what is in force now. An answer that is under way may be older, so the gateway is asked once more after it.
  function inForce() {
    if (!asking) return asking = ask().finally(() => { asking = null; });
    return next ??= asking.then(() => {
      next = null;
      return inForce();
    });
  }
  async function ask() {
    try {
      const found = (await get("config", {}, patience)).trimEnd();
      if (found !== known) outdate();
      known = found;
      say(text, found);
      say(missing, "");
    } catch (e) {
      say(missing, `${known ? "Not up to date" : "The configuration can't be shown"}: ${e.message}.`);
    }
  }

  function outdate() {
    if (compared) result.replaceChildren(el("p", { class: "quiet" }, "The configuration in force has changed since it was compared."));
    compared = false;
  }

  // carry does what is asked, and shows what differs, or all faults of the files.
  const carry = (doing, done, what, compares) => async () => {
    result.replaceChildren();
    compared = false;
    await told.ask(doing, async () => {
      try {
        if (compares) await inForce(); // what it is compared with
        result.replaceChildren(difference(await what()));
        compared = compares;
        return `${done} at ${clock()}`;
      } catch (e) {
        if (e.details?.faults) result.replaceChildren(faultList(e.details.faults));
        throw e;
      }
    });
    if (!compares) inForce();
  };

  // Others reload, too. So the page asks when devices come or go, which they also do after an absence of the gateway, when a person comes
  // back, and now and then.
  let timer = 0;
  const look = () => {
    timer ||= setTimeout(() => {
      timer = 0;
      if (!model.away) inForce();
    }, soon);
  };
  const ended = new AbortController();
  const listen = (target, name, f) => target.addEventListener(name, f, { signal: ended.signal });
  listen(model, "structure", look);
  listen(document, "visibilitychange", () => document.hidden || look());
  const tick = setInterval(() => model.away || document.hidden || asking || inForce(), every);

  inForce();
  return {
    title: "Configuration",
    node: el("section", { class: "view device", "aria-label": "Configuration" },
      el("div", { class: "actions", role: "group", "aria-label": "Reload" },
        el("button", { type: "button", "data-do": "diff", click: carry("comparing …", "compared", () => get("diff", {}, patience), true) }, "What would a reload change?"),
        el("button", { type: "button", "data-do": "reload", class: "primary changes", click: carry("reloading …", "reloaded", () => post("reload", {}, patience), false) }, "Reload"), told.node),
      result,
      el("section", { class: "panel" }, el("h3", null, "In force, with stars for secrets"), missing, text)),
    close: () => {
      clearTimeout(timer);
      clearInterval(tick);
      ended.abort();
    },
  };
}

// faultList shows faults, each with its place and its option, if they are known.
function faultList(faults) {
  return el("ol", { class: "faults" }, ...faults.map((f) => {
    const place = [f.file, f.line, f.column].filter(Boolean).join(":");
    return el("li", null, place ? el("span", { class: "mono" }, place, " ") : null, f.key ? el("strong", null, f.key, ": ") : null, f.text);
  }));
}

// difference shows what differs between what is in force and the files.
function difference(d) {
  const lines = [];
  const add = (sign, what, list) => {
    for (const name of list ?? []) lines.push(el("li", null, el("span", { class: "mono" }, sign), ` ${what} `, el("strong", null, name)));
  };
  add("+", "device", d.added);
  add("−", "device", d.removed);
  for (const c of d.changed ?? []) {
    lines.push(el("li", null, el("span", { class: "mono" }, "~"), " device ", el("strong", null, c.device), `: ${(c.options ?? []).join(", ")}`));
  }
  add("~", "map", d.map);
  add("~", "option", d.options);
  add("!", "only after a restart of the gateway: option", d.restart);
  if (lines.length === 0) lines.push(el("li", null, "Nothing differs."));
  const kept = d.kept ?? 0;
  lines.push(el("li", { class: "quiet" }, `${kept.toLocaleString("en")} ${kept === 1 ? "device stays as it is" : "devices stay as they are"}`));
  return el("ul", { class: "difference" }, ...lines);
}
