import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import type { Deployment } from "kubernetes-types/apps/v1.d.ts";
import type { HorizontalPodAutoscaler } from "kubernetes-types/autoscaling/v2.d.ts";
import type { ConfigMap, Container, Secret, Service } from "kubernetes-types/core/v1.d.ts";
import type { Ingress } from "kubernetes-types/networking/v1.d.ts";
import type { PodDisruptionBudget } from "kubernetes-types/policy/v1.d.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RedisServer } from "../../packages/redis/test/redis-server.ts";
import { serve } from "../cli/program.ts";
import { chartManifest, defaultValues, over, readChart, renderChart, resources } from "./chart.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const SECRET = "a secret that is long enough for HS256";

/** The least that one has to say. */
const least = { secret: { jwtSecret: SECRET }, redis: { url: "redis://redis:6379" } };
const one = { secret: { jwtSecret: SECRET }, replicaCount: 1 };
const much = {
  ...over(least, { secret: { apiKey: "an API key of 24 characters" } }),
  nameOverride: "gateway",
  imagePullSecrets: [{ name: "registry" }],
  config: { cors: ["https://app.example.com"], channels: [{ match: "orders:{userId}", subscribe: "owner" }] },
  drainSeconds: 60,
  service: { annotations: { team: "realtime" } },
  ingress: { enabled: true, tlsSecret: "certificate" },
  autoscaling: { enabled: true },
  env: { NODE_OPTIONS: "--max-old-space-size=768" },
  podAnnotations: { "prometheus.io/scrape": "true" },
  podLabels: { team: "realtime" },
  nodeSelector: { disk: "ssd" },
  tolerations: [{ key: "realtime", operator: "Exists" }],
  affinity: {
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 1, podAffinityTerm: { topologyKey: "kubernetes.io/hostname", labelSelector: {} } },
      ],
    },
  },
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "ScheduleAnyway" },
  ],
};
const every = { least, one, much, existing: { secret: { existing: "mine" }, fullnameOverride: "rt" } };
const made = (values: Readonly<Record<string, unknown>>) => resources(renderChart(values));
const container = (deployment: Deployment): Container => deployment.spec?.template.spec?.containers[0] as Container;

describe("the Helm chart", () => {
  it("is of the version of the command", () => {
    const { version } = JSON.parse(readFileSync(here("../../packages/cli/package.json"), "utf8")) as {
      version: string;
    };
    expect(chartManifest()).toMatchObject({ apiVersion: "v2", name: "roomcast", version, appVersion: version });
  });

  it("makes what is asked for, and nothing else", () => {
    const kinds = (values: Readonly<Record<string, unknown>>): string[] =>
      [...made(values).keys()].toSorted((a, b) => a.localeCompare(b));
    expect(kinds(one)).toEqual(["ConfigMap", "Deployment", "Secret", "Service"]);
    expect(kinds(least)).toEqual(["ConfigMap", "Deployment", "PodDisruptionBudget", "Secret", "Service"]);
    expect(kinds(every.existing)).toEqual(["ConfigMap", "Deployment", "PodDisruptionBudget", "Service"]);
    expect(kinds(much)).toEqual([
      "ConfigMap",
      "Deployment",
      "HorizontalPodAutoscaler",
      "Ingress",
      "PodDisruptionBudget",
      "Secret",
      "Service",
    ]);
  });

  it("makes only what Kubernetes knows, with every field where it belongs", { timeout: 60_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), "roomcast-chart-"));
    try {
      const types = here("../../node_modules/kubernetes-types");
      const lines = Object.values(every).flatMap((values, n) =>
        [...made(values).values()].map((resource) => {
          const group = resource.apiVersion === "v1" ? "core/v1" : resource.apiVersion.replace(".k8s.io", "");
          const type = `import("${types}/${group}").${resource.kind}`;
          return `export const ${resource.kind}${n}: ${type} = ${JSON.stringify(resource)};`;
        }),
      );
      const check = (text: string): string => {
        writeFileSync(join(folder, "resources.ts"), text);
        const compilerOptions = {
          strict: true,
          noEmit: true,
          module: "esnext",
          moduleResolution: "bundler",
          types: [],
        };
        writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["."] }));
        const tsc = here("../../node_modules/typescript/bin/tsc");
        return spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" }).stdout;
      };
      expect(lines.length).toBeGreaterThan(15);
      expect(check(lines.join("\n"))).toBe("");
      expect(check(lines.join("\n").replace('"readOnly":', '"readonly":'))).toMatch(
        /"readonly"' does not exist in type 'VolumeMount'/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("selects its own pods", () => {
    for (const values of Object.values(every)) {
      const all = made(values);
      const { spec } = all.get("Deployment") as Deployment;
      const labels = spec?.template.metadata?.labels;
      const { spec: service } = all.get("Service") as Service;
      const { spec: budget } = (all.get("PodDisruptionBudget") ?? {}) as PodDisruptionBudget;
      for (const selector of [spec?.selector.matchLabels, service?.selector, budget?.selector?.matchLabels ?? {}])
        expect(labels).toMatchObject(selector as object);
      expect(Object.keys(service?.selector ?? {})).toHaveLength(2);
      const ports = container(all.get("Deployment") as Deployment).ports?.map(({ name }) => name);
      expect(ports).toContain(service?.ports?.[0]?.targetPort);
    }
  });

  it("ends a pod with time to drain, and has no rights that it does not need", () => {
    for (const [values, drain] of [
      [least, 20],
      [much, 60],
    ] as const) {
      const deployment = made(values).get("Deployment") as Deployment;
      const pod = deployment.spec?.template.spec;
      const { lifecycle, readinessProbe, livenessProbe, securityContext } = container(deployment);
      expect(lifecycle?.preStop?.exec?.command).toEqual(["sleep", "5"]);
      // The pause, the drain, and two seconds in which a node hands on what it has.
      expect(pod?.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(5 + drain + 2);
      expect(readinessProbe?.httpGet).toEqual({ path: "/ready", port: "http" });
      expect(livenessProbe?.httpGet).toEqual({ path: "/health", port: "http" });
      expect(pod?.securityContext?.runAsNonRoot).toBe(true);
      expect(pod?.automountServiceAccountToken).toBe(false);
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
    }
  });

  it("keeps polling clients with one pod, and scales as it is told", () => {
    const all = made(much);
    const ingress = all.get("Ingress") as Ingress;
    expect(ingress.metadata?.annotations).toMatchObject({
      "nginx.ingress.kubernetes.io/affinity": "cookie",
      "nginx.ingress.kubernetes.io/session-cookie-name": "roomcast",
      "nginx.ingress.kubernetes.io/proxy-buffering": "off",
    });
    expect(ingress.spec?.tls).toEqual([{ hosts: ["roomcast.example.com"], secretName: "certificate" }]);
    const { spec } = all.get("HorizontalPodAutoscaler") as HorizontalPodAutoscaler;
    expect(spec?.scaleTargetRef.name).toBe(all.get("Deployment")?.metadata.name);
    // Who scales says how many there are.
    expect((all.get("Deployment") as Deployment).spec?.replicas).toBeUndefined();
    expect((made(least).get("Deployment") as Deployment).spec?.replicas).toBe(2);
  });

  it("starts new pods when its settings change", () => {
    const annotations = (values: Readonly<Record<string, unknown>>) =>
      (made(values).get("Deployment") as Deployment).spec?.template.metadata?.annotations ?? {};
    const before = annotations(least);
    expect(annotations(over(least, { replicaCount: 3 }))).toEqual(before);
    for (const change of [{ drainSeconds: 21 }, { config: { cors: ["*"] } }, { secret: { apiKey: "k".repeat(24) } }])
      expect(annotations(over(least, change))).not.toEqual(before);
  });

  it("refuses what cannot run", () => {
    expect(() => renderChart({})).toThrow("secret.jwtSecret must have 32 bytes or more");
    expect(() => renderChart({ secret: { jwtSecret: SECRET } })).toThrow("more than one pod need redis.url");
    expect(() => renderChart({ ...one, autoscaling: { enabled: true } })).toThrow("more than one pod need redis.url");
  });

  it("takes what docs/deploy.md sets", () => {
    const guide = readFileSync(here("../../docs/deploy.md"), "utf8");
    const set = [...guide.matchAll(/--set ([\w.]+)=/g)].map(([, key = ""]) => key.split("."));
    expect(set.length).toBeGreaterThan(5);
    for (const path of set) {
      const value = path.reduce<unknown>(
        (at, key) => (at as Record<string, unknown> | undefined)?.[key],
        defaultValues(),
      );
      expect([path.join("."), value]).not.toEqual([path.join("."), undefined]);
    }
  });

  it("says in its notes how to reach it", () => {
    expect(renderChart(much).get("NOTES.txt")).toContain("Clients connect to https://roomcast.example.com\n");
    expect(renderChart(least).get("NOTES.txt")).toContain("port-forward service/live-roomcast 3000:80");
  });
});

describe("the schema of its values", () => {
  const valid = new Ajv({ strict: true, allowUnionTypes: true }).compile(
    JSON.parse(readChart("values.schema.json")) as object,
  );

  it("has a property for every value, and takes what it should", () => {
    const { properties } = JSON.parse(readChart("values.schema.json")) as { properties: object };
    expect(
      Object.keys(properties)
        .filter((key) => key !== "global")
        .toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(Object.keys(defaultValues()).toSorted((a, b) => a.localeCompare(b)));
    for (const values of [{}, ...Object.values(every)]) {
      valid(over(defaultValues(), values));
      expect(valid.errors).toBeNull();
    }
  });

  it.each([
    { replicaCount: 0 },
    { replicas: 2 },
    { image: { repository: "" } },
    { secret: { apiKey: "short" } },
    { redis: { url: "http://redis" } },
    { drainSeconds: -1 },
    { config: { redis: { url: "redis://redis" } } },
    { logLevel: "loud" },
    { service: { port: 0 } },
    { ingress: { hosts: [] } },
    { podDisruptionBudget: { maxUnavailable: "half" } },
    { env: { "NO-DASHES": "" } },
  ])("refuses %j", (values) => {
    expect(valid(over(defaultValues(), values))).toBe(false);
  });
});

describe("a pod of the chart", () => {
  let redis: RedisServer;
  let folder: string;
  beforeAll(async () => {
    redis = await RedisServer.start();
    folder = mkdtempSync(join(tmpdir(), "roomcast-pod-"));
  });
  afterAll(async () => {
    await redis.stop();
    rmSync(folder, { recursive: true });
  });

  it("starts with its configuration and its secret, answers its probes, and drains", { timeout: 30_000 }, async () => {
    const all = made(over(much, { redis: { url: `redis://127.0.0.1:${redis.port}` }, env: { NODE_OPTIONS: "" } }));
    const files = (all.get("ConfigMap") as ConfigMap).data ?? {};
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const deployment = all.get("Deployment") as Deployment;
    const { env = [], readinessProbe, livenessProbe } = container(deployment);
    const secret = Object.entries((all.get("Secret") as Secret).data ?? {});
    const { program, url } = await serve([], {
      cwd: folder,
      env: {
        NODE_ENV: "production",
        ...Object.fromEntries(secret.map(([name, text]) => [name, Buffer.from(text, "base64").toString()])),
        ...Object.fromEntries(env.map(({ name, value = "" }) => [name, value])),
      },
    });
    for (const probe of [readinessProbe, livenessProbe])
      expect((await fetch(url + String(probe?.httpGet?.path))).status).toBe(200);
    program.kill("SIGTERM");
    expect(await program.end()).toEqual({ code: 0, signal: null });
    expect(program.stdout).toContain('"drainSeconds":60');
  });
});
