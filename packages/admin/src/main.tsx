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
const settings = readSettings(document);
const root = createRoot(document.getElementById("root") as HTMLElement);
const language = readPreferences(document.cookie).language ?? chooseLanguage(navigator.languages);
// Without `await`: parts that are loaded meanwhile may need this one.
void loadMessages(language).then((messages) =>
  root.render(
    <StrictMode>
      <App settings={settings} nonce={nonce} messages={messages} />
    </StrictMode>,
  ),
);
