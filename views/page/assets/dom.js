// Elements and how they are kept up to date. Text is always text: nothing on this page parses markup that came from outside.

const svgSpace = "http://www.w3.org/2000/svg";

// el makes an element. A property that is a function listens to the event of its name: {click: send}. true is an attribute without a
// value; false, null and undefined are none. Children are nodes or text.
export function el(tag, properties, ...children) {
  return fill(document.createElement(tag), properties, children);
}

// svg makes an element of a drawing.
export function svg(tag, properties, ...children) {
  return fill(document.createElementNS(svgSpace, tag), properties, children);
}

function fill(node, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (typeof value === "function") node.addEventListener(name, value);
    else set(node, name, value);
  }
  node.append(...children.filter((c) => (c ?? null) !== null));
  return node;
}

// set gives a node an attribute, or takes it away.
export function set(node, name, value) {
  if ((value ?? false) === false) node.removeAttribute(name);
  else {
    const text = value === true ? "" : String(value);
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
}

// say gives a node a text. A text that it has already costs nothing, and isn't announced again.
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// badge shows a state by its colour and its word.
export function badge() {
  const word = el("span");
  const node = el("span", { class: "state" }, word);
  return {
    node,
    show(state, text = state) {
      say(word, text);
      set(node, "data-state", state);
    },
  };
}

// sync makes the children of a node those of the items, in their order. An item keeps its child as long as it has the same key, so
// that focus and what somebody has typed stay. make returns a child {node, show(item)}.
export function sync(parent, items, key, make) {
  const had = parent.parts ?? new Map();
  const have = new Map();
  let before = parent.firstChild;
  for (const item of items) {
    const k = key(item);
    if (have.has(k)) continue;
    const part = had.get(k) ?? make(item);
    have.set(k, part);
    part.show(item);
    if (part.node === before) before = before.nextSibling;
    else parent.insertBefore(part.node, before);
  }
  for (const [k, part] of had) if (!have.has(k)) part.node.remove();
  parent.parts = have;
}
