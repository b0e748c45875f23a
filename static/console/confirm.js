// Asks before a form whose consequences deserve a second look: <form data-confirm="...">.
"use strict";

document.addEventListener("submit", (event) => {
  const question = event.target.dataset?.confirm;
  if (question && !confirm(question)) event.preventDefault();
});
