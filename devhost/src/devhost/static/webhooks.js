/* The webhooks page: polls for deliveries that changed, shows one at a time,
   and fires an event with the body in the form. */
(function () {
  "use strict";
  var POLL_MILLISECONDS = 1000;
  var ROOT = "/devhost/api/webhooks";
  var TONES = { delivered: " enabled", waiting: "", refused: " uninstalled",
    failed: " uninstalled", "not-sent": " uninstalled" };
  var lines = document.getElementById("lines");
  var detail = document.getElementById("detail");
  var desk = document.getElementById("desk");
  var body = document.getElementById("body");
  var problem = document.getElementById("problem");
  var form = document.getElementById("fire");
  var filters = ["filter", "app", "outcome"].map(function (id) {
    return document.getElementById(id);
  });
  var revision = 0;
  var chosen = Number(location.hash.slice(1)) || null;

  function element(name, className, text) {
    var made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined && text !== null) made.textContent = text;
    return made;
  }

  function api(path, method, content) {
    var options = { method: method || "GET" };
    if (content !== undefined) {
      options.headers = { "Content-Type": "application/json" };
      options.body = JSON.stringify(content);
    }
    return fetch(ROOT + path, options).then(function (response) {
      return response.status === 204 ? {} : response.json();
    });
  }

  /* The list */

  function answer(line) {
    if (line.status !== null) return String(line.status);
    return { waiting: "waiting", failed: "none", "not-sent": "not sent" }[line.outcome];
  }

  function milliseconds(line) {
    var ms = line.milliseconds;
    if (ms === null) return "";
    return ms < 10 ? ms.toFixed(1) : String(Math.round(ms));
  }

  function row(line) {
    var made = element("tr");
    made.tabIndex = -1;
    made.dataset.id = line.id;
    made.dataset.app = line.appKey;
    made.dataset.outcome = line.outcome;
    made.dataset.text = [line.event, line.appKey, answer(line), line.failure, line.note,
      line.url].join(" ").toLowerCase();
    made.append(element("td", "", new Date(line.at * 1000).toTimeString().slice(0, 8)));
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

  function applyFilter() {
    var words = filters[0].value.toLowerCase().split(/\s+/).filter(Boolean);
    var shown = 0;
    Array.from(lines.rows).forEach(function (each) {
      var fits =
        (!filters[1].value || each.dataset.app === filters[1].value) &&
        (!filters[2].value || each.dataset.outcome === filters[2].value) &&
        words.every(function (word) {
          return each.dataset.text.includes(word);
        });
      each.hidden = !fits;
      if (fits) shown += 1;
    });
    var empty = document.getElementById("empty");
    empty.hidden = shown > 0;
    if (lines.rows.length) empty.textContent = "No delivery fits the filter.";
    keepOneTabStop();
  }

  function visibleRows() {
    return Array.from(lines.rows).filter(function (each) {
      return !each.hidden;
    });
  }

  /* The list is one stop of the Tab key: the focused row, else the chosen, else the
     first. The arrow keys move within it. */
  function keepOneTabStop(wanted) {
    var visible = visibleRows();
    var stop = [wanted, document.activeElement, lines.querySelector("[aria-selected=true]"),
      visible[0]].find(function (each) {
      return visible.includes(each);
    });
    Array.from(lines.rows).forEach(function (each) {
      each.tabIndex = each === stop ? 0 : -1;
    });
  }

  function mark() {
    Array.from(lines.rows).forEach(function (each) {
      each.setAttribute("aria-selected", Number(each.dataset.id) === chosen);
    });
    keepOneTabStop();
  }

  function update(found) {
    if (found.revision < revision) {
      // The host was started anew.
      revision = 0;
      lines.replaceChildren();
      return refresh();
    }
    revision = found.revision;
    if (!found.deliveries.length) return;
    found.deliveries.forEach(put);
    applyFilter();
    mark();
    var changed = found.deliveries.some(function (line) {
      return line.id === chosen;
    });
    if (changed) choose(chosen);
  }

  function refresh() {
    return api("/deliveries?since=" + revision).then(update);
  }

  function poll() {
    var asked = document.hidden ? Promise.resolve() : refresh();
    // The host may be restarting; it is asked again.
    asked.catch(function () {}).then(function () {
      setTimeout(poll, POLL_MILLISECONDS);
    });
  }

  /* One delivery */

  function button(text, onClick) {
    var made = element("button", "button", text);
    made.type = "button";
    made.addEventListener("click", onClick);
    return made;
  }

  function pretty(text) {
    try {
      return JSON.stringify(JSON.parse(text), null, 2);
    } catch (error) {
      return text;
    }
  }

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

  function complain(where, text) {
    var notice = element("p", "notice error", text);
    notice.setAttribute("role", "alert");
    where.prepend(notice);
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
    mark();
    return api("/deliveries/" + id).then(function (found) {
      if (chosen === id) show(found);
    });
  }

  function openDesk() {
    chosen = null;
    history.replaceState(null, "", location.pathname);
    detail.hidden = true;
    desk.hidden = false;
    mark();
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
      tell(problem, "The body is no JSON: " + error.message + ". Nothing was sent.");
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

  lines.addEventListener("click", function (event) {
    var clicked = event.target.closest("tr");
    if (clicked) choose(Number(clicked.dataset.id));
  });
  lines.addEventListener("keydown", function (event) {
    var current = event.target.closest("tr");
    var visible = visibleRows();
    var steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key === "Enter" || event.key === " ") choose(Number(current.dataset.id));
    else if (steps[event.key]) {
      var next = visible[visible.indexOf(current) + steps[event.key]];
      if (next) {
        keepOneTabStop(next);
        next.focus();
      }
    } else return;
    event.preventDefault();
  });
  filters.forEach(function (each) {
    each.addEventListener("input", applyFilter);
  });
  document.getElementById("clear").addEventListener("click", function () {
    api("/deliveries", "DELETE").then(function () {
      lines.replaceChildren();
      revision = 0;
      openDesk();
      applyFilter();
      return refresh();
    });
  });

  example();
  if (chosen) choose(chosen);
  poll();
})();
