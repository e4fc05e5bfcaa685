/* The page editor: the text, and the macros in it. */
// The bridge first: a dialog opened before it would stay empty.
import "../host.js";
import { ask } from "../bridge/page.js";
import { button, element } from "./elements.js";
import { browseMacros, editMacro } from "./macros.js";

const text = document.getElementById("body");
const list = document.getElementById("macros");
const problem = document.getElementById("body-problem");
let isSaved = true;
let asked = 0;

function changed() {
  isSaved = false;
  refresh();
}

/* Insert text at the cursor; the browser can undo it. */
function insert(markup) {
  text.focus();
  const done = document.execCommand && document.execCommand("insertText", false, markup);
  if (!done) text.setRangeText(markup, text.selectionStart, text.selectionEnd, "end");
  changed();
}

function replaceAll(storage) {
  text.focus();
  text.select();
  insert(storage);
}

function picture(definition, title) {
  const found = definition && (definition.placeholder || definition.icon);
  if (!found) return element("span", "macro-icon", title[0].toUpperCase());
  const image = element("img", "macro-icon");
  image.src = found.url;
  image.alt = "";
  return image;
}

function summary(macro) {
  return Object.entries(macro.parameters)
    .filter(([name]) => name)
    .map(([name, value]) => `${name}: ${value}`)
    .join(", ");
}

async function remove(macro) {
  const { storage } = await ask("/devhost/api/editor/remove-macro", {
    storage: text.value,
    index: macro.index,
  });
  replaceAll(storage);
}

async function edit(macro) {
  const given = await editMacro(macro.definition, macro);
  if (!given) return;
  const { storage } = await ask("/devhost/api/editor/macro", {
    ...given,
    storage: text.value,
    index: macro.index,
  });
  replaceAll(storage);
}

function line(macro) {
  const item = element("li", "macro-line");
  const title = macro.definition ? macro.definition.title : macro.name;
  const words = element("div", "macro-words");
  words.append(element("strong", "", title), element("span", "quiet", summary(macro)));
  item.append(picture(macro.definition, title), words);
  if (macro.definition) {
    const named = (made, verb) => {
      made.setAttribute("aria-label", `${verb} ${title}`);
      return made;
    };
    const actions = element("div", "row");
    actions.append(
      named(button("Edit", () => edit(macro).catch(tell)), "Edit"),
      named(button("Remove", () => remove(macro).catch(tell)), "Remove")
    );
    words.append(actions);
  }
  return item;
}

function tell(error) {
  problem.textContent = error.message;
  problem.hidden = false;
}

async function refresh() {
  const mine = ++asked;
  try {
    const { macros } = await ask("/devhost/api/editor/macros", { storage: text.value });
    if (mine !== asked) return;
    problem.hidden = true;
    list.replaceChildren(...macros.map(line));
    if (!macros.length) list.append(element("li", "quiet", "None yet."));
  } catch (error) {
    if (mine === asked) tell(error);
  }
}

let soon;
text.addEventListener("input", () => {
  isSaved = false;
  clearTimeout(soon);
  soon = setTimeout(refresh, 300);
});

/* A pasted URL that matches an app's pattern becomes its macro. */
text.addEventListener("paste", async (event) => {
  const url = event.clipboardData.getData("text/plain").trim();
  if (!/^https?:\/\/\S+$/.test(url)) return;
  event.preventDefault();
  const { macro } = await ask("/devhost/api/editor/convert-url", { url });
  insert(macro || url);
});

const opener = document.getElementById("insert-macro");
opener.addEventListener("click", async () => {
  const place = [text.selectionStart, text.selectionEnd];
  try {
    const given = await browseMacros();
    if (!given) return;
    const { macro } = await ask("/devhost/api/editor/macro", given);
    text.setSelectionRange(...place);
    insert(macro);
  } catch (error) {
    tell(error);
  }
});

opener.disabled = false;

text.form.addEventListener("submit", () => {
  isSaved = true;
});
addEventListener("beforeunload", (event) => {
  if (!isSaved) event.preventDefault();
});
refresh();
