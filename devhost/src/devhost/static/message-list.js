/* Shared by the inspector and the webhooks page: a list of messages that is
   filtered, walked with the arrow keys and polled, and small parts of the detail. */

const POLL_MILLISECONDS = 1000;

export function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined && text !== null) made.textContent = text;
  return made;
}

export function button(text, onClick) {
  const made = element("button", "button", text);
  made.type = "button";
  made.addEventListener("click", () => onClick(made));
  return made;
}

export function complain(where, text) {
  const notice = element("p", "notice error", text);
  notice.setAttribute("role", "alert");
  where.prepend(notice);
}

export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch (error) {
    return text;
  }
}

export function time(seconds) {
  return new Date(seconds * 1000).toTimeString().slice(0, 8);
}

export function milliseconds(line) {
  const ms = line.milliseconds;
  if (ms === null) return "";
  return ms < 10 ? ms.toFixed(1) : String(Math.round(ms));
}

/* Return a function that calls the JSON resources below *root*. */
export function client(root) {
  return (path, method, content) => {
    const options = { method: method || "GET" };
    if (content !== undefined) {
      options.headers = { "Content-Type": "application/json" };
      options.body = JSON.stringify(content);
    }
    return fetch(root + path, options).then((response) =>
      response.status === 204 ? {} : response.json()
    );
  };
}

/* Call *ask* again and again; it returns a promise. */
export function poll(ask) {
  // The host may be restarting; try again.
  ask().catch(() => {}).then(() => setTimeout(() => poll(ask), POLL_MILLISECONDS));
}

/* The rows of #lines. *fits* tests a row's data, in addition to the words in #filter,
   *nothing* is said if no row fits, and *choose* is called with the id of a row. */
export function messageList({ fits, nothing, choose }) {
  const lines = document.getElementById("lines");
  const filter = document.getElementById("filter");
  const empty = document.getElementById("empty");

  function visibleRows() {
    return Array.from(lines.rows).filter((each) => !each.hidden);
  }

  /* The list is one stop of the Tab key: the focused row, or else the chosen, or else
     the first. The arrow keys move within it. */
  function keepOneTabStop(wanted) {
    const visible = visibleRows();
    const chosen = lines.querySelector("[aria-selected=true]");
    const stop = [wanted, document.activeElement, chosen, visible[0]].find((each) =>
      visible.includes(each)
    );
    Array.from(lines.rows).forEach((each) => {
      each.tabIndex = each === stop ? 0 : -1;
    });
  }

  function applyFilter() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    Array.from(lines.rows).forEach((each) => {
      const hasWords = words.every((word) => each.dataset.text.includes(word));
      each.hidden = !(hasWords && fits(each.dataset));
    });
    empty.hidden = visibleRows().length > 0;
    if (lines.rows.length) empty.textContent = nothing;
    keepOneTabStop();
  }

  function mark(chosen) {
    Array.from(lines.rows).forEach((each) => {
      each.setAttribute("aria-selected", Number(each.dataset.id) === chosen);
    });
    keepOneTabStop();
  }

  function move(current, step) {
    const visible = visibleRows();
    const next = visible[visible.indexOf(current) + step];
    if (!next) return;
    keepOneTabStop(next);
    next.focus();
  }

  lines.addEventListener("click", (event) => {
    const clicked = event.target.closest("tr");
    if (clicked) choose(Number(clicked.dataset.id));
  });
  lines.addEventListener("keydown", (event) => {
    const current = event.target.closest("tr");
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key === "Enter" || event.key === " ") choose(Number(current.dataset.id));
    else if (steps[event.key]) move(current, steps[event.key]);
    else return;
    event.preventDefault();
  });
  filter.addEventListener("input", applyFilter);
  return { lines, applyFilter, mark };
}
