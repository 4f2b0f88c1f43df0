import "@mantine/core/styles/baseline.css";
import "@mantine/core/styles/default-css-variables.css";
import "@mantine/core/styles/global.css";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/app.tsx";
import { chooseLanguage, readPreferences } from "./app/preferences.ts";
import { readNonce, readSettings } from "./app/settings.ts";
import { reloadWhenStale } from "./app/stale.ts";
import { loadMessages } from "./messages/messages.ts";
import "./page.css";

reloadWhenStale(window);
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
