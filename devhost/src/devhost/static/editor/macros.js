/* The macro browser, the form of a macro's parameters, and the app's own editor. */
import { boot } from "../bridge/page.js";
import { button, element, labelled, openDialog } from "./elements.js";
import { fieldOf, valueOf } from "./fields.js";

function icon(definition) {
  if (!definition.icon) return element("span", "macro-icon", definition.title[0]);
  const image = element("img", "macro-icon");
  image.src = definition.icon.url;
  image.alt = "";
  return image;
}

function card(definition, choose) {
  const made = button("", () => choose(definition), "macro-card");
  const words = element("span", "macro-words");
  words.append(
    element("strong", "", definition.title),
    element("span", "", definition.description),
    element("span", "quiet", definition.appName)
  );
  made.append(icon(definition), words);
  return made;
}

function filters(offered) {
  const search = element("input");
  search.type = "search";
  search.placeholder = "Search";
  search.setAttribute("aria-label", "Search macros");
  const category = element("select");
  category.setAttribute("aria-label", "Category");
  const names = [...new Set(offered.flatMap((each) => each.categories))].sort();
  category.append(new Option("All categories", ""));
  names.forEach((name) => category.append(new Option(name, name)));
  return { search, category };
}

function choose() {
  const offered = boot.macros.filter((each) => !each.isHidden);
  return openDialog("Insert macro", (box, close) => {
    const { search, category } = filters(offered);
    const bar = element("div", "row browser-bar");
    bar.append(search, category);
    const cards = element("div", "macro-cards");
    const show = () => {
      const word = search.value.trim().toLowerCase();
      const found = offered.filter((each) => {
        const words = `${each.title} ${each.description} ${each.appName}`.toLowerCase();
        const fits = !category.value || each.categories.includes(category.value);
        return fits && words.includes(word);
      });
      cards.replaceChildren(...found.map((each) => card(each, close)));
      if (!found.length) cards.append(element("p", "quiet", "No app brings such a macro."));
    };
    search.addEventListener("input", show);
    category.addEventListener("change", show);
    const footer = element("footer");
    footer.append(element("span", "hint"), button("Cancel", () => close(null)));
    box.append(bar, cards, footer);
    show();
  }, "macro-browser");
}

function addBody(form, definition, body) {
  if (definition.bodyType === "none") return () => "";
  const field = element("textarea");
  field.rows = 5;
  field.value = body;
  const isRich = definition.bodyType === "rich-text";
  form.append(labelled("Body", field, isRich ? "In storage format" : ""));
  return () => field.value;
}

function askForm(definition, macro, isNew) {
  const title = `${isNew ? "Insert" : "Edit"} ${definition.title}`;
  return openDialog(title, (box, close) => {
    const form = element("form", "macro-form");
    if (definition.description) form.append(element("p", "quiet", definition.description));
    const shown = definition.parameters.filter((each) => !each.isHidden);
    const fields = shown.map((each) => [each, fieldOf(each, macro.parameters)]);
    fields.forEach(([each, field]) => {
      const name = each.isRequired ? `${each.name} *` : each.name;
      form.append(labelled(name, field, each.description || field.dataset.hint));
    });
    const body = addBody(form, definition, macro.body);
    if (!shown.length && definition.bodyType === "none") {
      form.append(element("p", "", "This macro has no parameters."));
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const given = fields.map(([each, field]) => [each.identifier, valueOf(each, field)]);
      const parameters = { ...macro.parameters, ...Object.fromEntries(given) };
      close({ parameters, body: body() });
    });
    const footer = element("footer");
    const submit = element("button", "button primary", isNew ? "Insert" : "Save");
    footer.append(element("span", "hint"), submit, button("Cancel", () => close(null)));
    form.append(footer);
    box.append(form);
  });
}

/* The app's editor in a dialog of the bridge; see bridge/confluence.js. */
function askApp(definition, macro, isNew) {
  return new Promise((resolve) => {
    let saved = null;
    const onSave = (event) => {
      saved = event.detail;
    };
    const onClose = () => {
      document.removeEventListener("macro-editor-save", onSave);
      resolve(saved && { parameters: saved.parameters, body: saved.body ?? macro.body });
    };
    document.addEventListener("macro-editor-save", onSave);
    document.addEventListener("app-dialog-closed", onClose, { once: true });
    const { editor } = definition;
    window.connectHost.dialog.create(
      {
        addon_key: definition.appKey,
        key: definition.name,
        options: { macroEditor: { macro } },
      },
      {
        chrome: true,
        header: isNew ? editor.insertTitle : editor.editTitle,
        submitText: isNew ? "Insert" : "Save",
        size: editor.width || editor.height ? undefined : "large",
        width: editor.width || undefined,
        height: editor.height || undefined,
      }
    );
  });
}

function blank(definition) {
  const defaults = definition.parameters
    .filter((each) => each.default)
    .map((each) => [each.identifier, each.default]);
  return { name: definition.name, parameters: Object.fromEntries(defaults), body: "" };
}

/* Resolve to {name, parameters, body} of the edited macro; null if canceled. */
export async function editMacro(definition, macro) {
  const isNew = !macro;
  const { name, id, parameters, body } = macro || blank(definition);
  const isBridged = definition.editor && window.connectHost && !boot.missing;
  const ask = isBridged ? askApp : askForm;
  const given = await ask(definition, { name, id, parameters, body }, isNew);
  return given && { name: definition.name, ...given };
}

/* Resolve to the chosen and completed macro; null if there is none. */
export async function browseMacros() {
  const definition = await choose();
  return definition && editMacro(definition);
}
