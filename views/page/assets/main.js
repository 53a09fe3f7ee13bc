// The page: which view is shown, and what all of them share.

import { Events, get, signedOut, signOut } from "./api.js";
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

// Who the person is, and what the person may not do: the style sheet hides what would be refused.
const account = document.getElementById("account");
const user = el("span");
const reads = el("span", { title: "http.read_only is set: nothing can be changed here" }, "read only");
const out = el("button", { type: "button", click: () => signOut().finally(() => location.reload()) }, "Sign out");
account.append(user, reads, out);
async function introduce() {
  try {
    const session = await get("session");
    say(user, session.user ?? "");
    user.hidden = !session.user;
    reads.hidden = !session.read_only;
    out.hidden = !session.sign_out;
    account.hidden = user.hidden && reads.hidden && out.hidden;
    document.body.classList.toggle("read-only", Boolean(session.read_only));
  } catch {
    // the events tell that the gateway is away
  }
}

// What only loading the page again can mend stands above the view until then.
const news = document.getElementById("news");
function tellNews(text, label) {
  news.hidden = false;
  news.replaceChildren(`${text} `, el("button", { type: "button", click: () => location.reload() }, label));
}
signedOut.addEventListener("signedout", () => {
  tellNews("The gateway wants to know who you are.", "Sign in");
  clearTimeout(missing);
  connection.hidden = true;
  model.away = true; // nothing more is asked
});

let version = null; // of the gateway that the page has come from
function compare() {
  version ??= model.gateway.version;
  if (model.gateway.version !== version) tellNews(`The gateway is now mqttgateway ${model.gateway.version}, and this page is not.`, "Load the page again");
}

// A connection that is lost is shown after a moment: most are there again at once.
const connection = document.getElementById("connection");
let missing = 0;
let lostAt = "";
let lostFor = "";
const tellLost = () => say(connection, `${lostFor} since ${lostAt}. What is shown is from then. Trying again.`);
function lost(why = "No connection to the gateway") {
  lostFor = why;
  if (missing) {
    if (!connection.hidden) tellLost();
    return;
  }
  model.away = true;
  lostAt = clock(Date.now());
  missing = setTimeout(() => {
    connection.hidden = false;
    tellLost();
  }, 700);
}
function found() {
  if (!missing) return;
  clearTimeout(missing);
  missing = 0;
  model.away = false;
  model.tell("entries");
  connection.hidden = true;
  say(connection, "");
}

new Events({ kinds: "record,counts" }, ["snapshot", "change", "counts"], {
  on(name, data) {
    if (name === "snapshot") {
      model.snapshot(data);
      compare();
      introduce();
    } else if (name === "change") model.change(data);
    else model.flowed(data.devices);
  },
  lost,
  found,
  rests: true,
});

show(true);
