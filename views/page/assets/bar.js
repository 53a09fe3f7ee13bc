// What stands above all views: the gateway and its link, who the person is, and what is wrong with the page itself.

import { get, signOut } from "./api.js";
import { badge, el, say, set } from "./dom.js";
import { linkState } from "./model.js";
import { clock, now } from "./time.js";

const broker = document.getElementById("broker");
const state = badge();
broker.append("broker ", state.node);
let link = {};
let old = false; // nobody knows how the link is now
const showLink = () => state.show(...linkState(old ? {} : link));
setInterval(showLink, 1e3); // how long the broker has not answered

// showGateway shows whose page it is, and the state of its link.
export function showGateway(model) {
  say(document.getElementById("gateway"), model.gateway.name ?? "mqttgateway");
  set(document.getElementById("gateway"), "title", model.gateway.version ? `mqttgateway ${model.gateway.version}` : null);
  link = model.link;
  showLink();
}

// Who the person is, and what the person may not do: the style sheet hides what would be refused.
const account = document.getElementById("account");
const user = el("span");
const reads = el("span", { title: "http.read_only is set: nothing can be changed here" }, "read only");
const out = el("button", { type: "button", click: () => signOut().finally(() => location.reload()) }, "Sign out");
account.append(user, reads, out);

// introduce asks the gateway who the person is.
export async function introduce() {
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
  const again = () => {
    dispatchEvent(new Event("keep")); // what is typed and not sent yet
    location.reload();
  };
  news.replaceChildren(`${text} `, el("button", { type: "button", click: again }, label));
}

let version = null; // of the gateway that the page has come from

// compare tells if the gateway has become another since.
export function compare(now) {
  version ??= now;
  if (now !== version) tellNews(`The gateway is now mqttgateway ${now}, and this page is not.`, "Load the page again");
}

// signedOut tells that the gateway does not know any more who the person is, instead of why there is no connection.
export function signedOut() {
  found();
  tellNews(`The gateway wants to know who you are. What is shown is from ${clock(now())}.`, "Sign in");
  age(true);
}

// A connection that is lost is shown after a moment: most are there again at once.
const connection = document.getElementById("connection");
let missing = 0;
let lostAt = "";
let lostFor = "";
const age = (is) => {
  old = is;
  showLink();
};
const tellLost = () => say(connection, `${lostFor} since ${lostAt}. What is shown is from then. Trying again.`);

// lost shows why there is no connection since the time at which the clock stands, until found is called.
export function lost(why = "No connection to the gateway") {
  lostFor = why;
  if (missing) {
    if (!connection.hidden) tellLost();
    return;
  }
  lostAt = clock(now());
  missing = setTimeout(() => {
    connection.hidden = false;
    tellLost();
    age(true);
  }, 700);
}

// found hides what lost shows.
export function found() {
  clearTimeout(missing);
  missing = 0;
  connection.hidden = true;
  say(connection, "");
  age(false);
}
