import { readdirSync, readFileSync } from "node:fs";
import { parse, parseAllDocuments } from "yaml";
import { renderTemplates } from "./go-template.ts";

const CHART = new URL("../../deploy/helm/roomcast/", import.meta.url);

type Values = Readonly<Record<string, unknown>>;

export interface ChartManifest {
  readonly name: string;
  readonly version: string;
  readonly appVersion: string;
}

/** A manifest as it would be sent to a cluster. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
}

export const readChart = (file: string): string => readFileSync(new URL(file, CHART), "utf8");
export const chartManifest = (): ChartManifest => parse(readChart("Chart.yaml")) as ChartManifest;
export const defaultValues = (): Values => parse(readChart("values.yaml")) as Values;

/** The chart's files for a release "live", with the defaults where `values` says nothing. */
export function renderChart(values: Values): ReadonlyMap<string, string> {
  const { name, version, appVersion } = chartManifest();
  const files = readdirSync(new URL("templates", CHART)).map((file) => [file, readChart(`templates/${file}`)] as const);
  return renderTemplates(new Map(files), {
    Values: over(defaultValues(), values),
    Chart: { Name: name, Version: version, AppVersion: appVersion },
    Release: { Name: "live", Namespace: "realtime", Service: "Helm" },
  });
}

/** What of it would be sent to a cluster, by its kind. */
export function resources(rendered: ReadonlyMap<string, string>): ReadonlyMap<string, Resource> {
  const found = new Map<string, Resource>();
  for (const [file, text] of rendered) {
    if (!file.endsWith(".yaml")) continue;
    // Kubernetes reads YAML 1.1, in which a bare `on` is true.
    for (const document of parseAllDocuments(text, { version: "1.1", strict: true })) {
      for (const error of document.errors) throw new Error(`${file}: ${error.message}`);
      const resource = document.toJS() as Resource | null;
      if (resource !== null) found.set(resource.kind, resource);
    }
  }
  return found;
}

export function over(base: Values, more: Values): Values {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(more)) {
    const before = base[key];
    merged[key] = isMap(before) && isMap(value) ? over(before, value) : value;
  }
  return merged;
}

function isMap(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
