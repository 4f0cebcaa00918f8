// A form's fields are its properties, whatever they are called: these two are always the browser's own.
const own = (prototype, name) => Object.getOwnPropertyDescriptor(prototype, name).get;
const data = own(HTMLElement.prototype, "dataset");
const elements = own(HTMLFormElement.prototype, "elements");

export const dataOf = (form) => data.call(form);
export const fieldsOf = (form) => elements.call(form);
