import { StrictMode } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { App } from "./app.tsx";
import { Lonely } from "./lonely.tsx";

const container = document.querySelector("#root") as Element;
const page = <StrictMode>{location.pathname === "/lonely" ? <Lonely /> : <App />}</StrictMode>;
if (location.pathname === "/hydrated") {
  // As it comes from a server.
  container.innerHTML = renderToString(page);
  container.setAttribute("data-rendered", container.textContent ?? "");
  hydrateRoot(container, page);
} else createRoot(container).render(page);
