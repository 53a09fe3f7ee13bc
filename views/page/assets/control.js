// What can be set, by its kind. The answer stands beside what was asked.

import { path, post } from "./api.js";
import { el, say, set } from "./dom.js";
import { clock } from "./time.js";

// answer is where an answer is shown. ask(what) shows what a promise turns into: a text, or why not.
export function answer() {
  const node = el("output", { class: "answer" });
  let asked = 0;
  return {
    node,
    async ask(doing, what) {
      const mine = ++asked;
      const show = (ok, text) => {
        if (mine !== asked) return;
        set(node, "data-ok", ok);
        say(node, text);
      };
      show("wait", doing);
      try {
        const text = await what();
        show("yes", text);
        return true;
      } catch (e) {
        show("no", [e.details?.response, e.message].filter(Boolean).join(": "));
        return false;
      }
    },
  };
}

// control makes the control of an entity of a device: {node, show(value)}; null if the entity can't be set.
export function control(device, entity, changed) {
  if (!entity.write && entity.kind !== "button") return null;
  const told = answer();
  const label = entity.name || entity.id;
  let busy = false;
  const send = async (value, doing) => {
    if (busy) return;
    busy = true;
    set(made.button, "aria-disabled", "true");
    await told.ask(doing, async () => {
      const said = await post(`${path("devices", device)}/set`, { [entity.id]: value });
      return `${[said.response, said.reason].filter(Boolean).join(": ")} at ${clock()}`;
    });
    busy = false;
    set(made.button, "aria-disabled", null);
    changed();
  };
  const made = (kinds[entity.kind] ?? kinds.text)(entity, label, send);
  made.node.append(told.node);
  made.node.classList.add("changes");
  return made;
}

const kinds = { bool, number, enum: choice, text, button };

function bool(entity, label, send) {
  let on = null;
  const button = el("button", {
    type: "button", class: "switch", role: "switch", "aria-label": label, "aria-checked": "false",
    click: () => send(!on, on ? "switching off …" : "switching on …"),
  });
  return {
    node: el("div", { class: "control" }, button),
    button,
    show(value) {
      on = value === true;
      set(button, "aria-checked", String(on));
    },
  };
}

// field makes a form of one input and a button.
function field(label, input, read, send) {
  const button = el("button", { type: "submit", "aria-label": `Set ${label}` }, "Set");
  let touched = false;
  const form = el("form", {
    class: "control", novalidate: true,
    input: () => { touched = true; },
    submit: (e) => {
      e.preventDefault();
      touched = false;
      const value = read();
      send(value, `setting ${value} …`);
    },
  }, input, button);
  return {
    node: form,
    button,
    show(value) {
      // What somebody is about to set stays.
      if (!touched && document.activeElement !== input && value !== null && value !== undefined) input.value = value;
    },
  };
}

function number(entity, label, send) {
  const input = el("input", { type: "number", "aria-label": label, min: entity.min, max: entity.max, step: entity.step ?? "any" });
  // The gateway alone judges what fits: its answer says what would have.
  const made = field(label, input, () => (input.value === "" ? null : Number(input.value)), send);
  const { min, max } = entity;
  const bounds = min === undefined ? (max === undefined ? "" : `up to ${max}`) : max === undefined ? `from ${min}` : `${min} to ${max}`;
  if (bounds) {
    const id = `bounds-${entity.id}`;
    set(input, "aria-describedby", id);
    made.node.append(el("span", { class: "bounds quiet", id }, bounds));
  }
  return made;
}

function choice(entity, label, send) {
  const select = el("select", { "aria-label": label }, ...(entity.options ?? []).map((o) => el("option", { value: o }, o)));
  return field(label, select, () => select.value, send);
}

function text(entity, label, send) {
  const input = el("input", { type: "text", "aria-label": label });
  return field(label, input, () => input.value, send);
}

function button(entity, label, send) {
  const press = el("button", { type: "button", "aria-label": `Press ${label}`, click: () => send(null, "pressing …") }, "Press");
  return { node: el("div", { class: "control" }, press), button: press, show() {} };
}
