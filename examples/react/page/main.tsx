import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import "./page.css";

createRoot(document.querySelector("#root") as Element).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
