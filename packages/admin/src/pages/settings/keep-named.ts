/** A part of a configuration, as JSON has it. */
export type ConfigValue = unknown;

export type Config = Readonly<Record<string, ConfigValue>>;

/** What has `text` in its name, upper or lower case, with all that is below it and the way that leads to it. */
export function keepNamed(config: Config, text: string): Config {
  const wanted = text.toLowerCase();
  const kept: Record<string, ConfigValue> = {};
  for (const [name, value] of Object.entries(config)) {
    if (name.toLowerCase().includes(wanted)) kept[name] = value;
    else if (typeof value === "object" && value !== null) {
      const below = keepNamed(value as Config, text);
      if (Object.keys(below).length > 0) kept[name] = below;
    }
  }
  return kept;
}
