// Part of `npm run version-packages`: the chart runs the version of the command that this repository has.
import { readFileSync, writeFileSync } from "node:fs";

const chart = new URL("../deploy/helm/roomcast/Chart.yaml", import.meta.url);
const { version } = JSON.parse(readFileSync(new URL("../packages/cli/package.json", import.meta.url), "utf8"));
const text = readFileSync(chart, "utf8")
  .replace(/^version: .*$/m, `version: ${version}`)
  .replace(/^appVersion: .*$/m, `appVersion: "${version}"`);
writeFileSync(chart, text);
