/* The inspector: polls for new lines, and loads one message at a time.
   Secrets come only with a click on "Show secrets", for that message alone. */
import {
  button, client, complain, element, messageList, milliseconds, poll, pretty, time
} from "./message-list.js";

var KEPT = 1000;
var detail = document.getElementById("detail");
var direction = document.getElementById("direction");
var outcome = document.getElementById("outcome");
var pause = document.getElementById("pause");
var newest = 0;
var chosen = Number(location.hash.slice(1)) || null;
var api = client("/devhost/api/exchanges");
var list = messageList({
  fits: function (data) {
    return (!direction.value || data.direction === direction.value) &&
      (!outcome.value || data.bad === "true");
  },
  nothing: "No message fits the filter.",
  choose: choose
});
var lines = list.lines;

/* The list */

function isBad(line) {
  return Boolean(line.failure) || (line.status !== null && line.status >= 400);
}

function status(line) {
  if (line.status !== null) return String(line.status);
  return line.failure ? "none" : "\u2013";
}

function row(line) {
  var made = element("tr");
  made.tabIndex = -1;
  made.dataset.id = line.id;
  made.dataset.direction = line.direction;
  made.dataset.bad = isBad(line);
  made.dataset.text = [line.kind, line.method, line.path, line.query, line.appKey,
    line.user, status(line), line.reason].join(" ").toLowerCase();
  made.append(element("td", "", time(line.startedAt)));
  var toApp = line.direction === "to-app";
  var arrow = element("td", line.direction, toApp ? "\u2192" : "\u2190");
  arrow.title = toApp ? "Host to app" : "App to host";
  arrow.setAttribute("aria-label", arrow.title);
  made.append(arrow, element("td", "kind", line.kind));
  var request = element("td");
  var isToken = line.kind === "context-token";
  var words = isToken ? "handed to a page of " + line.appKey : line.method + " " + line.path;
  request.append(element(isToken ? "span" : "code", isToken ? "quiet" : "", words));
  request.title = line.method + " " + line.path + (line.query ? "?" + line.query : "");
  made.append(request);
  var answer = element("td");
  var good = line.status !== null && line.status < 400;
  var tone = isBad(line) ? " uninstalled" : good ? " enabled" : "";
  answer.append(element("span", "lozenge" + tone, status(line)));
  made.append(answer);
  made.append(element("td", "", milliseconds(line)));
  return made;
}

function add(answer) {
  if (answer.lastId < newest) {
    // The host was restarted.
    newest = 0;
    lines.replaceChildren();
    return;
  }
  newest = answer.lastId;
  answer.exchanges.forEach(function (line) {
    lines.prepend(row(line));
  });
  while (lines.rows.length > KEPT) lines.lastChild.remove();
  if (answer.exchanges.length) {
    list.applyFilter();
    list.mark(chosen);
  }
}

/* One message */

function section(title) {
  var made = element("section");
  made.append(element("h3", "", title));
  return made;
}

function message(title, first, headers, body) {
  var made = section(title);
  var head = [first].concat(
    headers.map(function (header) {
      return header[0] + ": " + header[1];
    })
  );
  made.append(element("pre", "", head.join("\n") + (body ? "\n\n" + pretty(body) : "")));
  return made;
}

function token(found) {
  var made = section("Token");
  if (!found.claims) {
    made.append(element("p", "quiet", "An access token: there is nothing in it to read."));
  } else {
    made.append(element("pre", "", JSON.stringify(found.header) + "\n" +
      JSON.stringify(found.claims, null, 2)));
    var list = element("dl", "claims");
    ["iat", "exp"].forEach(function (name) {
      if (typeof found.claims[name] !== "number") return;
      var away = Math.round(found.claims[name] - Date.now() / 1000);
      var words = away < 0 ? -away + " s ago" : "in " + away + " s";
      var date = new Date(found.claims[name] * 1000).toLocaleString();
      list.append(element("dt", "", name), element("dd", "", date + " (" + words + ")"));
    });
    made.append(list);
  }
  if (found.raw) made.append(element("pre", "raw", found.raw));
  return made;
}

function hash(check) {
  var made = section(check.matches ? "Canonical request" : "Canonical request: the hash differs");
  made.classList.add("hash");
  var host = element("pre", check.matches ? "" : "differs");
  host.textContent = check.canonical + "\n" + check.expected;
  if (!check.matches) made.append(element("p", "quiet", "What the host computes:"));
  made.append(host);
  if (check.matches) return made;
  made.append(element("p", "quiet", "What the token was signed for" +
    (check.mistake ? ": " + check.mistake : "") + ":"));
  made.append(element("pre", "differs",
    (check.fitting || "none of the usual mistakes has this hash") + "\n" + check.claimed));
  return made;
}

function notes(found) {
  var list = element("dl", "facts");
  var facts = Object.assign(
    { App: found.appKey || "unknown", "As user": found.user || "" },
    found.notes
  );
  var labels = { scope: "Required scope", "access rule": "Access rule" };
  Object.keys(facts).forEach(function (name) {
    if (!facts[name]) return;
    var fact = element("dd");
    if (name === "delivery") {
      var link = element("a", "", facts[name]);
      link.href = "/devhost/webhooks" + facts[name];
      fact.append(link);
    } else {
      fact.textContent = facts[name];
    }
    list.append(element("dt", "", labels[name] || name), fact);
  });
  return list;
}

function buttons(found) {
  var made = element("div", "row");
  if (found.curl) {
    made.append(button("Copy as curl", function (self) {
      navigator.clipboard.writeText(found.curl).then(function () {
        self.textContent = found.isPlain ? "Copied" : "Copied, masked";
      });
    }));
    made.append(button("Replay", function () {
      api("/" + found.id + "/replay", "POST").then(function (answer) {
        if (answer.error) return complain(detail, answer.error);
        choose(answer.id);
      });
    }));
  }
  made.append(found.isPlain
    ? button("Hide secrets", function () { choose(found.id); })
    : button("Show secrets", function () { api("/" + found.id + "/plain", "POST").then(show); }));
  return made;
}

function outcomeLine(found) {
  if (found.status !== null) return String(found.status);
  if (found.failure) return "No answer: " + found.failure;
  return found.kind === "iframe"
    ? "The browser loads it; its status is not known to the host."
    : "Handed to the app's page.";
}

function show(found) {
  detail.replaceChildren();
  if (found.error) return complain(detail, found.error);
  detail.append(element("h2", "", "#" + found.id + " " +
    (found.kind === "context-token" ? "Context token" : found.method + " " + found.path)));
  detail.append(notes(found));
  if (found.reason) detail.append(element("p", "notice error reason", "Refused: " + found.reason));
  detail.append(buttons(found));
  if (found.hash) detail.append(hash(found.hash));
  if (found.token) detail.append(token(found.token));
  if (found.kind !== "context-token") {
    var line = found.method + " " + found.url;
    detail.append(message("Request", line, found.requestHeaders, found.requestBody));
  }
  detail.append(message("Answer", outcomeLine(found), found.responseHeaders, found.responseBody));
  if (found.curl) {
    var command = section("curl");
    command.append(element("pre", "", found.curl));
    detail.append(command);
  }
  detail.scrollTop = 0;
  document.getElementById("shown").textContent = "Shown: message " + found.id;
}

function choose(id) {
  chosen = id;
  history.replaceState(null, "", "#" + id);
  list.mark(chosen);
  return api("/" + id).then(show);
}

[direction, outcome].forEach(function (each) {
  each.addEventListener("input", list.applyFilter);
});
pause.addEventListener("click", function () {
  var paused = pause.getAttribute("aria-pressed") === "true";
  pause.setAttribute("aria-pressed", !paused);
});
document.getElementById("clear").addEventListener("click", function () {
  api("", "DELETE").then(function () {
    lines.replaceChildren();
    list.applyFilter();
    detail.replaceChildren(element("p", "quiet", "Choose a message."));
  });
});
if (chosen) choose(chosen);
poll(function () {
  var idle = document.hidden || pause.getAttribute("aria-pressed") === "true";
  return idle ? Promise.resolve() : api("?after=" + newest).then(add);
});
