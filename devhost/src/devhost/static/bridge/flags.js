/* AP.flag, and AP.messages in the same place. */
import { button, dismissButton, element, provide } from "./elements.js";

const TYPES = ["info", "success", "warning", "error"];
const AUTO_CLOSE_MS = 5000;

function show({ type, title, body, actions = [], onClose, closes = true }) {
  const known = TYPES.includes(type) ? type : "info";
  const flag = element("div", `flag flag-${known}`);
  flag.setAttribute("role", known === "error" ? "alert" : "status");
  flag.append(element("strong", "", title), element("div", "", body));
  for (const action of actions) {
    flag.append(button(action.actionText, action.executeAction));
  }
  function close() {
    if (!flag.isConnected) return;
    flag.remove();
    onClose();
  }
  if (closes) flag.append(dismissButton(close));
  document.getElementById("flags").append(flag);
  return { close };
}

provide("flag", {
  create(options) {
    const onClose = () => options.onClose(options.id);
    const flag = show({ ...options, onClose });
    if (options.close === "auto") setTimeout(flag.close, AUTO_CLOSE_MS);
    return flag;
  },
});

const messages = new Map();

function message(type, title, body, options) {
  const shown = { onClose: () => {} };
  const onClose = () => {
    messages.delete(options.id);
    shown.onClose();
  };
  const closes = options.closeable !== false;
  Object.assign(shown, show({ type, title, body, onClose, closes }));
  messages.set(options.id, shown);
  if (options.fadeout) setTimeout(shown.close, options.delay || AUTO_CLOSE_MS);
}

const kinds = { generic: "info", hint: "info" };
for (const type of TYPES) kinds[type] = type;

provide("messages", {
  ...Object.fromEntries(
    Object.entries(kinds).map(([name, type]) => [
      name,
      (title, body, options) => message(type, title, body, options),
    ])
  ),
  clear: (id) => messages.get(id)?.close(),
  onClose(id, callback) {
    if (messages.has(id)) messages.get(id).onClose = callback;
  },
});
