/* The webhooks page: polls for deliveries that changed, shows one at a time,
   and fires an event with the body in the form. */
import {
  button, client, complain, element, messageList, milliseconds, poll, pretty, time
} from "./message-list.js";

var TONES = { delivered: " enabled", waiting: "", refused: " uninstalled",
  failed: " uninstalled", "not-sent": " uninstalled" };
var detail = document.getElementById("detail");
var desk = document.getElementById("desk");
var body = document.getElementById("body");
var problem = document.getElementById("problem");
var form = document.getElementById("fire");
var app = document.getElementById("app");
var outcome = document.getElementById("outcome");
var revision = 0;
var chosen = Number(location.hash.slice(1)) || null;
var api = client("/devhost/api/webhooks");
var list = messageList({
  fits: function (data) {
    return (!app.value || data.app === app.value) &&
      (!outcome.value || data.outcome === outcome.value);
  },
  nothing: "No delivery fits the filter.",
  choose: choose
});
var lines = list.lines;

/* The list */

function answer(line) {
  if (line.status !== null) return String(line.status);
  return { waiting: "waiting", failed: "none", "not-sent": "not sent" }[line.outcome];
}

function row(line) {
  var made = element("tr");
  made.tabIndex = -1;
  made.dataset.id = line.id;
  made.dataset.app = line.appKey;
  made.dataset.outcome = line.outcome;
  made.dataset.text = [line.event, line.appKey, answer(line), line.failure, line.note,
    line.url].join(" ").toLowerCase();
  made.append(element("td", "", time(line.at)));
  var event = element("td", "", line.event);
  if (line.repeats) event.append(" ", element("span", "quiet", "again"));
  if (line.note) event.append(" ", element("span", "quiet", line.note));
  event.title = event.textContent;
  made.append(event, element("td", "quiet", line.appKey));
  var said = element("td");
  said.append(element("span", "lozenge" + TONES[line.outcome], answer(line)));
  made.append(said, element("td", "", milliseconds(line)));
  return made;
}

function put(line) {
  var made = row(line);
  var known = lines.querySelector("tr[data-id='" + line.id + "']");
  if (!known) return lines.prepend(made);
  var hadFocus = known === document.activeElement;
  known.replaceWith(made);
  if (hadFocus) made.focus();
}

function update(found) {
  if (found.revision < revision) {
    // The host was restarted.
    revision = 0;
    lines.replaceChildren();
    return refresh();
  }
  revision = found.revision;
  if (!found.deliveries.length) return;
  found.deliveries.forEach(put);
  list.applyFilter();
  list.mark(chosen);
  var changed = found.deliveries.some(function (line) {
    return line.id === chosen;
  });
  if (changed) choose(chosen);
}

function refresh() {
  return api("/deliveries?since=" + revision).then(update);
}

/* One delivery */

function said(found) {
  if (found.status !== null) {
    return found.status + " after " + milliseconds(found) + " ms";
  }
  if (found.outcome === "waiting") return "waiting";
  var words = found.outcome === "failed" ? "no answer: " : "not sent: ";
  return words + found.failure;
}

function facts(found) {
  var list = element("dl", "facts");
  var values = {
    App: found.appKey,
    Answer: said(found),
    "Caused by": found.account || "nobody we know",
    Attempt: found.attempt > 1 ? String(found.attempt) : "",
    Repeats: found.repeats ? "#" + found.repeats : "",
    Fault: found.note,
    URL: found.url
  };
  Object.keys(values).forEach(function (name) {
    if (!values[name]) return;
    list.append(element("dt", "", name), element("dd", "", values[name]));
  });
  return list;
}

function redeliver(found) {
  api("/deliveries/" + found.id + "/redeliver", "POST").then(function (answer) {
    if (answer.error) return complain(detail, answer.error);
    return refresh().then(function () {
      choose(answer.id);
    });
  });
}

function edit(found) {
  openDesk();
  var event = document.getElementById("event");
  if (!Array.from(event.options).some(function (each) { return each.value === found.event; })) {
    event.append(element("option", "", found.event));
  }
  event.value = found.event;
  document.getElementById("to").value = found.appKey;
  document.getElementById("account").value = found.account || "";
  body.value = found.body === null ? "" : pretty(found.body);
  body.focus();
}

function section(title, text) {
  var made = element("section");
  made.append(element("h3", "", title), element("pre", "", text));
  return made;
}

function show(found) {
  detail.hidden = false;
  desk.hidden = true;
  detail.replaceChildren();
  if (found.error) return complain(detail, found.error);
  var actions = element("div", "row");
  actions.append(
    button("Redeliver", function () { redeliver(found); }),
    button("Edit and fire", function () { edit(found); })
  );
  if (found.exchange) {
    var link = element("a", "", "Inspect #" + found.exchange);
    link.href = "/devhost/inspector#" + found.exchange;
    actions.append(link);
  }
  detail.append(element("h2", "", "#" + found.id + " " + found.event), facts(found), actions);
  var headers = found.requestHeaders.map(function (header) {
    return header[0] + ": " + header[1];
  });
  if (headers.length) detail.append(section("Headers", headers.join("\n")));
  var text = found.body === null ? "(none: the webhook excludes it)" : pretty(found.body);
  detail.append(section("Body", text));
  document.getElementById("shown").textContent = "Shown: delivery " + found.id;
}

function choose(id) {
  chosen = id;
  history.replaceState(null, "", "#" + id);
  list.mark(chosen);
  return api("/deliveries/" + id).then(function (found) {
    if (chosen === id) show(found);
  });
}

function openDesk() {
  chosen = null;
  history.replaceState(null, "", location.pathname);
  detail.hidden = true;
  desk.hidden = false;
  list.mark(chosen);
}

/* Fire */

function tell(where, text) {
  where.textContent = text;
  where.hidden = !text;
}

function example() {
  var asked = "?content=" + encodeURIComponent(form.content.value) +
    "&account=" + encodeURIComponent(form.account.value);
  tell(problem, "");
  return api("/events/" + form.event.value + "/example" + asked).then(function (found) {
    if (found.error) return tell(problem, found.error);
    body.value = JSON.stringify(found.body, null, 2);
  });
}

function parsed() {
  try {
    return { body: JSON.parse(body.value) };
  } catch (error) {
    tell(problem, "The body is not JSON: " + error.message + ". Nothing was sent.");
    body.focus();
    return null;
  }
}

form.addEventListener("submit", function (event) {
  event.preventDefault();
  tell(problem, "");
  var content = parsed();
  if (!content) return;
  content.account = form.account.value;
  content.content = form.content.value;
  content.app = form.to.value;
  api("/events/" + form.event.value, "POST", content).then(function (answer) {
    if (answer.error) return tell(problem, answer.error);
    return refresh().then(function () {
      choose(answer.deliveries[0].id);
    });
  });
});
["event", "about", "account"].forEach(function (id) {
  document.getElementById(id).addEventListener("change", example);
});
document.getElementById("example").addEventListener("click", example);
document.getElementById("new").addEventListener("click", function () {
  openDesk();
  document.getElementById("event").focus();
});

var settings = document.getElementById("settings");
settings.addEventListener("submit", function (event) {
  event.preventDefault();
  var content = {
    retries: Number(settings.retries.value),
    retrySeconds: Number(settings.retrySeconds.value),
    numericIds: settings.numericIds.checked,
    eventInBody: settings.eventInBody.checked
  };
  var notice = document.getElementById("assumed");
  api("/settings", "PUT", content).then(function (answer) {
    notice.classList.toggle("error", Boolean(answer.error));
    tell(notice, answer.error || "Applied: it holds for what happens from now on.");
  });
});

[app, outcome].forEach(function (each) {
  each.addEventListener("input", list.applyFilter);
});
document.getElementById("clear").addEventListener("click", function () {
  api("/deliveries", "DELETE").then(function () {
    lines.replaceChildren();
    revision = 0;
    openDesk();
    list.applyFilter();
    return refresh();
  });
});

example();
if (chosen) choose(chosen);
poll(function () {
  return document.hidden ? Promise.resolve() : refresh();
});
