// The configuration: what is in force, what a reload would change, and the reload.

import { get, post } from "./api.js";
import { answer } from "./control.js";
import { el } from "./dom.js";
import { clock } from "./time.js";

export function configuration() {
  const text = el("pre", { class: "config", tabindex: "0", "aria-label": "Configuration in force" }, "asking the gateway …");
  const told = answer();
  const result = el("div", { class: "result", "aria-live": "polite" });

  async function inForce() {
    try {
      text.textContent = plain(await get("config"));
    } catch (e) {
      text.textContent = `The configuration can't be shown: ${e.message}.`;
    }
  }

  // carry does what is asked, and shows what the gateway says, all faults of the files among it.
  const carry = (doing, done, what) => async () => {
    result.replaceChildren();
    await told.ask(doing, async () => {
      try {
        const said = plain(await what());
        result.replaceChildren(el("pre", { class: "break" }, said || "Nothing would change."));
        return `${done} at ${clock(Date.now())}`;
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
        el("button", { type: "button", "data-do": "diff", click: carry("comparing …", "compared", () => get("diff")) }, "What would a reload change?"),
        el("button", { type: "button", "data-do": "reload", class: "primary", click: carry("reloading …", "reloaded", () => post("reload")) }, "Reload"), told.node),
      result,
      el("section", { class: "panel" }, el("h3", null, "In force, with stars for secrets"), text)),
    close() {},
  };
}

function faultList(faults) {
  return el("ol", { class: "faults" }, ...faults.map((f) => {
    const place = [f.file, f.line, f.column].filter(Boolean).join(":");
    return el("li", null, place ? el("span", { class: "mono" }, place, " ") : null, f.key ? el("strong", null, f.key, ": ") : null, f.text);
  }));
}

// plain is an answer as text.
function plain(said) {
  if (typeof said === "string") return said.trimEnd();
  if (typeof said?.text === "string") return said.text.trimEnd();
  return JSON.stringify(said, null, 2);
}
