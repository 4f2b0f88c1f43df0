import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./page.css";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/app.tsx";
import { chooseLanguage, readPreferences } from "./app/preferences.ts";
import { readNonce, readSettings } from "./app/settings.ts";
import { loadMessages } from "./messages/messages.ts";

// A part of the page that the server does not have any more: it has been upgraded under this tab.
window.addEventListener("vite:preloadError", (event) => {
  event.preventDefault();
  window.location.reload();
});

const nonce = readNonce(document);
// For the styles that lock scrolling behind a dialogue.
setNonce(nonce);
const language = readPreferences(document.cookie).language ?? chooseLanguage(navigator.languages);
const messages = await loadMessages(language);
createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <App settings={readSettings(document)} nonce={nonce} messages={messages} />
  </StrictMode>,
);
