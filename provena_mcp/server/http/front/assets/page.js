
// Copies a snippet; where the browser does not let it, the snippet is selected for the keyboard.
const said = document.getElementById("said");

async function copy(button) {
  const source = document.getElementById(button.dataset.copies);
  try {
    await navigator.clipboard.writeText(source.textContent);
    say(button, "Copied");
  } catch {
    getSelection().selectAllChildren(source);
    source.focus();
    say(button, "Selected");
  }
}

function say(button, word) {
  said.textContent = word;
  button.textContent = word;
  setTimeout(() => { button.textContent = "Copy"; said.textContent = ""; }, 2000);
}

for (const button of document.querySelectorAll("[data-copies]")) button.addEventListener("click", () => copy(button));
