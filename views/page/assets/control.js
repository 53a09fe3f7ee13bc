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
        show("yes", await what());
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
  let busy = null; // what is under way
  let last = null; // what was asked for last: it is under way, or waits
  const waits = (is) => made.button && set(made.button, "aria-disabled", is && "true");
  // send sets the entity once what is under way is answered, and returns whether it is set. Of what waits only the latest is sent, unless
  // the control is gone from the page. What is under way already is not sent again.
  const send = (value, doing) => {
    const mine = last = [last, busy].find((one) => one?.value === value) ?? { value, doing };
    waits(true);
    mine.said ??= sent(mine);
    return told.ask(mine.doing, () => mine.said);
  };
  async function sent(mine) {
    try {
      if (Number.isNaN(mine.value)) throw new Error("want a number");
      await busy?.said.catch(() => {});
      if (mine !== last || !made.node.isConnected) throw new Error("something else was asked for meanwhile");
      busy = mine;
      const said = await post(`${path("devices", device)}/set`, { [entity.id]: mine.value });
      return `${[said.response, said.reason].filter(Boolean).join(": ")} at ${clock()}`;
    } finally {
      if (busy === mine) busy = null;
      if (last === mine) {
        last = null;
        waits(false);
      }
      changed();
    }
  }
  send.back = () => busy && send(busy.value, busy.doing); // what waits is not sent
  const made = (kinds[entity.kind] ?? kinds.text)(entity, label, send);
  made.node.append(told.node);
  made.node.classList.add("changes");
  return made;
}

const kinds = { bool, number, enum: choice, text, button };

// once is what a button does: nothing while it waits for an answer.
const once = (act) => (e) => e.currentTarget.getAttribute("aria-disabled") || act();

function bool(entity, label, send) {
  let on = null; // unknown
  const button = el("button", {
    type: "button", class: "switch", role: "switch", "aria-checked": "mixed",
    click: once(() => send(!on, on ? "switching off …" : "switching on …")),
  });
  return {
    node: el("div", { class: "control" }, button),
    button,
    show(value) {
      on = value ?? null;
      set(button, "aria-checked", String(on ?? "mixed"));
      set(button, "aria-label", on === null ? `${label}, unknown` : label); // "mixed" is not spoken
    },
  };
}

// field makes a form of one input and a button. What somebody has typed stays until it is set, or given up by Escape.
function field(label, input, read, send) {
  const button = el("button", { type: "submit", "aria-label": `Set ${label}` }, "Set");
  let touched = false;
  let shown = "";
  const form = el("form", {
    class: "control", novalidate: true,
    input: () => { touched = true; },
    keydown: (e) => {
      if (e.key !== "Escape") return;
      touched = false;
      input.value = shown;
      send.back();
    },
    submit: async (e) => {
      e.preventDefault();
      touched = true;
      const value = read();
      if (await send(value, `setting ${value} …`) && read() === value) touched = false;
    },
  }, input, button);
  return {
    node: form,
    show(value) {
      shown = String(value ?? "");
      if (touched || input.value === shown) return;
      const whole = document.activeElement === input && String(getSelection()) === input.value;
      input.value = shown;
      if (whole) input.select?.(); // as before: what is typed replaces it
    },
  };
}

function number(entity, label, send) {
  const input = el("input", { type: "number", "aria-label": label, min: entity.min, max: entity.max, step: entity.step ?? "any" });
  // The gateway alone judges which number fits: its answer says what would have.
  const made = field(label, input, () => input.valueAsNumber, send);
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
  const press = el("button", { type: "button", "aria-label": `Press ${label}`, click: once(() => send(null, "pressing …")) }, "Press");
  return { node: el("div", { class: "control" }, press), button: press, show() {} };
}
