// The configuration: what is in force, what a reload would change, and the reload.

import { get, post } from "./api.js";
import { answer } from "./control.js";
import { el } from "./dom.js";
import { clock } from "./time.js";

const patience = 120e3; // ms for a configuration of many devices

export function configuration() {
  const text = el("pre", { class: "config", tabindex: "0", "aria-label": "Configuration in force" }, "asking the gateway …");
  const told = answer();
  const result = el("div", { class: "result", "aria-live": "polite" });

  async function inForce() {
    try {
      text.textContent = (await get("config")).trimEnd();
    } catch (e) {
      text.textContent = `The configuration can't be shown: ${e.message}.`;
    }
  }

  // carry does what is asked, and shows what differs, or all faults of the files.
  const carry = (doing, done, what) => async () => {
    result.replaceChildren();
    await told.ask(doing, async () => {
      try {
        result.replaceChildren(difference(await what()));
        return `${done} at ${clock()}`;
      } catch (e) {
        if (e.details?.faults) result.replaceChildren(faultList(e.details.faults));
        throw e;
      }
    });
    inForce();
  };

  inForce();
  return {
    title: "Configuration",
    node: el("section", { class: "view device", "aria-label": "Configuration" },
      el("div", { class: "actions", role: "group", "aria-label": "Reload" },
        el("button", { type: "button", "data-do": "diff", click: carry("comparing …", "compared", () => get("diff", {}, patience)) }, "What would a reload change?"),
        el("button", { type: "button", "data-do": "reload", class: "primary changes", click: carry("reloading …", "reloaded", () => post("reload", {}, patience)) }, "Reload"), told.node),
      result,
      el("section", { class: "panel" }, el("h3", null, "In force, with stars for secrets"), text)),
    close() {},
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
