// The page of an endpoint that takes rows or fields.

const page = await import(document.getElementById("file") ? "./send-rows.js" : "./send-fields.js");
page.begin();
