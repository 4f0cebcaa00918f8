// The documentation of the API, drawn by Swagger UI from the description of it.
const place = document.querySelector("#docs");

window.SwaggerUIBundle({
  url: place.dataset.description,
  domNode: place,
  deepLinking: true,
  validatorUrl: null,
});
