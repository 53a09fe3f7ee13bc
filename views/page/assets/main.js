// The page: which view is shown, and what all of them share.

import { Events } from "./api.js";
import { configuration } from "./configuration.js";
import { device } from "./device.js";
import { el, say, set } from "./dom.js";
import { log } from "./log.js";
import { messages } from "./messages.js";
import { Model } from "./model.js";
import { clock } from "./time.js";
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
  if (!Object.hasOwn(views, name)) name = "tree";
  view?.close();
  view = views[name](app, ...rest.map(decode));
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

// The state of the link stands in the bar of every view.
const broker = document.getElementById("broker");
const word = el("span", { class: "state" });
broker.append("broker ", word);
function bar() {
  say(document.getElementById("gateway"), model.gateway.name ?? "mqttgateway");
  set(document.getElementById("gateway"), "title", model.gateway.version ? `mqttgateway ${model.gateway.version}` : null);
  say(word, model.link.state ?? "unknown");
  set(word, "data-state", model.link.state);
  title();
}
model.addEventListener("structure", bar);
model.addEventListener("entries", (e) => {
  if (e.detail?.startsWith("link:")) bar();
});

// A connection that is lost is shown after a moment: most are there again at once.
const connection = document.getElementById("connection");
let missing = 0;
let lostAt = "";
function lost() {
  if (missing) return;
  lostAt = clock(Date.now());
  missing = setTimeout(() => {
    connection.hidden = false;
    say(connection, `No connection to the gateway since ${lostAt}. What is shown is from then. Trying again.`);
    document.body.classList.add("lost");
  }, 700);
}
function found() {
  if (!missing) return;
  clearTimeout(missing);
  missing = 0;
  connection.hidden = true;
  say(connection, "");
  document.body.classList.remove("lost");
}

new Events({ kinds: "record,counts" }, ["snapshot", "change", "counts"], {
  on(name, data) {
    if (name === "snapshot") model.snapshot(data);
    else if (name === "change") model.change(data);
    else model.flowed(data.devices);
  },
  lost,
  found,
});

show(true);
