// The page: which view is shown, and what all of them share.

import { Events, signedOut } from "./api.js";
import * as bar from "./bar.js";
import { configuration } from "./configuration.js";
import { device } from "./device.js";
import { el, set } from "./dom.js";
import { log } from "./log.js";
import { messages } from "./messages.js";
import { Model } from "./model.js";
import { hold } from "./time.js";
import { tree } from "./tree.js";

const model = new Model();
const main = document.getElementById("main");

const views = { tree, device, messages, log, configuration };

const address = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;
const app = { model, go: (...parts) => { location.hash = address(...parts); } };

let view = null;

// show shows the view that the address names.
function show(first) {
  if (location.hash !== "" && !location.hash.startsWith("#/")) return;
  let [name, ...rest] = location.hash.slice(2).split("/");
  if (!Object.hasOwn(views, name) || (name === "device" && !rest[0])) name = "tree";
  view?.close();
  view = views[name](app, ...rest.map(decode));
  if (!view.node.querySelector("h2")) view.node.prepend(el("h2", { class: "hidden" }, view.title));
  main.replaceChildren(view.node);
  view.shown?.();
  title();
  for (const a of document.querySelectorAll("nav a")) {
    const is = a.getAttribute("href") === `#/${name}` || (name === "device" && a.getAttribute("href") === "#/tree");
    set(a, "aria-current", is ? "page" : null);
  }
  if (first !== true) (view.focus ?? (() => main.focus()))();
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function title() {
  document.title = `${view?.title ?? "Tree"} · ${model.gateway.name ?? "mqttgateway"}`;
}

addEventListener("hashchange", show);
document.querySelector(".skip").addEventListener("click", (e) => {
  e.preventDefault();
  main.focus();
});

function showBar() {
  bar.showGateway(model);
  title();
}
model.addEventListener("structure", showBar);
model.addEventListener("entries", (e) => {
  if (e.detail?.startsWith("link:")) showBar();
});

// away has what is shown grow no older than it is, and has nothing more be asked.
function away(since) {
  if (!model.away) hold(since);
  model.away = true;
}

signedOut.addEventListener("signedout", () => {
  away(Date.now());
  bar.signedOut();
}, { once: true }); // the button to sign in stays, whatever else is refused

new Events({ kinds: "record,counts" }, ["snapshot", "change", "counts"], {
  on(name, data) {
    if (name === "snapshot") {
      model.snapshot(data);
      bar.compare(model.gateway.version);
      bar.introduce();
    } else if (name === "change") model.change(data);
    else model.flowed(data.devices);
  },
  lost(why, since) {
    away(since);
    bar.lost(why);
  },
  found() {
    if (!model.away) return;
    model.away = false;
    hold(null);
    model.tell("entries");
    bar.found();
  },
});

show(true);
