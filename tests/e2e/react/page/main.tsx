import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { Lonely } from "./lonely.tsx";

const root = createRoot(document.querySelector("#root") as Element);
root.render(<StrictMode>{location.pathname === "/lonely" ? <Lonely /> : <App />}</StrictMode>);
