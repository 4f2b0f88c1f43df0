import { createTheme, type CSSVariablesResolver } from "@mantine/core";
import type { FocusEvent } from "react";

/**
 * Mantine's focus trap gives a dialogue's focus to what has `data-autofocus`, and does so again a moment later, when
 * the keyboard may have moved on: Enter would then press another button than the one that was chosen.
 */
function keepFocus({ currentTarget, target }: FocusEvent<HTMLElement>): void {
  if (!currentTarget.contains(target)) return;
  for (const former of currentTarget.querySelectorAll("[data-autofocus]")) former.removeAttribute("data-autofocus");
  target.setAttribute("data-autofocus", "");
}

const DIALOGUE = {
  // A dialogue's header is none of the page.
  attributes: { header: { role: "presentation" } },
  onFocus: keepFocus,
} as const;

/** Colours with a contrast of at least 4.5 to 1 on both backgrounds. */
export const theme = createTheme({
  primaryColor: "indigo",
  primaryShade: { light: 7, dark: 8 },
  autoContrast: true,
  fontFamily: "system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, monospace",
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Modal: { defaultProps: DIALOGUE },
    Drawer: { defaultProps: DIALOGUE },
    // As what is dimmed elsewhere: Mantine has it too pale to be read.
    Notification: { styles: { description: { color: "var(--mantine-color-dimmed)" } } },
  },
});

/** Darker than Mantine has them: what is written in a colour on white, or on a tint of the same. */
const ON_LIGHT: Readonly<Record<string, string>> = {
  red: "#b02525",
  orange: "#a33a0b",
  yellow: "#805000",
  green: "#226b31",
  teal: "#076b4d",
  cyan: "#0a6173",
  blue: "#185c9c",
  indigo: "#2c41a8",
  gray: "#495057",
};

export const variables: CSSVariablesResolver = ({ colors }) => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": colors.gray[7],
    "--mantine-color-placeholder": colors.gray[7],
    "--mantine-color-error": "#b02525",
    "--mantine-color-red-filled": "#c92a2a",
    "--mantine-color-red-filled-hover": "#b02525",
    ...Object.fromEntries(
      Object.entries(ON_LIGHT).flatMap(([name, value]) =>
        ["text", "outline", "light-color"].map((use) => [`--mantine-color-${name}-${use}`, value]),
      ),
    ),
  },
  dark: {
    "--mantine-color-dimmed": colors.dark[1],
    "--mantine-color-placeholder": colors.dark[1],
    "--mantine-color-error": colors.red[4],
  },
});
