/* The field of each type of macro parameter. Every value is saved as text. */
import { element } from "./elements.js";

const HINTS = {
  spacekey: "A space key",
  username: "An account id",
  "confluence-content": "The title of a page, or KEY:title",
  attachment: "The name of a file that is attached to the page",
  label: "A label",
  url: "An address",
};
const LISTS = { spacekey: "spaces", username: "people" };
const NUMBERS = new Set(["int", "integer"]);

function options(parameter, value) {
  const field = element("select");
  field.multiple = parameter.isMultiple;
  if (!parameter.isRequired && !parameter.isMultiple) field.append(new Option("", ""));
  const chosen = parameter.isMultiple ? value.split(",") : [value];
  // A saved value stays available, even if the app no longer offers it.
  const offered = new Set([...parameter.values, ...chosen.filter(Boolean)]);
  offered.forEach((each) => {
    const isChosen = chosen.includes(each);
    field.append(new Option(each, each, isChosen, isChosen));
  });
  return field;
}

function checkbox(value) {
  const field = element("input");
  field.type = "checkbox";
  field.checked = value === "true";
  return field;
}

function line(parameter, value) {
  const field = element("input");
  const isNumber = NUMBERS.has(parameter.type) && !parameter.isMultiple;
  field.type = isNumber ? "number" : "text";
  if (LISTS[parameter.type]) field.setAttribute("list", LISTS[parameter.type]);
  const hint = HINTS[parameter.type] || "";
  const more = parameter.isMultiple ? "Several, with commas between them" : "";
  field.dataset.hint = [hint, more].filter(Boolean).join(". ");
  field.value = value;
  return field;
}

export function fieldOf(parameter, saved) {
  const value = saved[parameter.identifier] ?? "";
  if (parameter.type === "boolean") return checkbox(value);
  const isChoice = parameter.type === "enum" && parameter.values.length > 0;
  const field = isChoice ? options(parameter, value) : line(parameter, value);
  field.required = parameter.isRequired;
  return field;
}

export function valueOf(parameter, field) {
  if (field.type === "checkbox") return field.checked ? "true" : "false";
  if (!field.multiple) return field.value;
  return [...field.selectedOptions].map((each) => each.value).join(",");
}
