import assert from "node:assert/strict";
import { importsOf, shippedSources } from "./support/sources.ts";

/**
 * Who may import whom (architecture, section 6; not transitive). The longest folder that a file lies in is its layer;
 * a layer may always import itself.
 */
const layers: Readonly<Record<string, readonly string[]>> = {
  "lib/util": [],
  "lib/k8s": ["lib/util"],
  "lib/certificates": ["lib/k8s", "lib/util"],
  "lib/runtime": ["lib/k8s", "lib/util"],
  "lib/sharding": ["lib/k8s", "lib/util"],
  "lib/rings": ["lib/runtime", "lib/sharding", "lib/k8s", "lib/util"],
  "lib/shard": ["lib/runtime", "lib/sharding", "lib/k8s", "lib/util"],
  "lib/apiserver": ["lib/k8s", "lib/certificates", "lib/util"],
  "lib/testing": ["lib/apiserver", "lib/shard", "lib/sharding", "lib/runtime", "lib/k8s", "lib/util"],
  "lib/workloads": ["lib/runtime", "lib/k8s", "lib/util"],
  "webhook": ["lib/rings", "lib/sharding", "lib/certificates", "lib/runtime", "lib/k8s", "lib/util"],
  "controllers": ["lib/rings", "lib/sharding", "lib/runtime", "lib/certificates", "lib/k8s", "lib/util"],
  "controllers/examples": ["lib/shard", "lib/runtime", "lib/k8s", "lib/util"],
  "experiment": ["lib/runtime", "lib/k8s", "lib/util"],
  "commands": [
    "webhook",
    "controllers",
    "controllers/examples",
    "experiment",
    "lib/apiserver",
    "lib/certificates",
    "lib/k8s",
    "lib/rings",
    "lib/runtime",
    "lib/shard",
    "lib/sharding",
    "lib/util",
    "lib/workloads",
  ],
  "mod.ts": ["lib/k8s", "lib/runtime", "lib/shard", "lib/sharding", "lib/util"],
  // As main.ts does: it runs the sharder's command with parts of its own.
  "testing.ts": ["commands", "lib/testing", "lib/apiserver", "lib/certificates", "lib/sharding", "lib/k8s", "lib/util"],
  "main.ts": ["commands", "lib/util"],
};

/** lib/sharding is pure: of lib/k8s it may only know types and selectors. */
const shardingMayImport = /^lib\/k8s\/(types|selectors|errors|contract|api\/(resource|patch))\.ts$/;

function layerOf(path: string): string | undefined {
  return Object.keys(layers)
    .filter((layer) => path === layer || path.startsWith(`${layer}/`))
    .sort((a, b) => b.length - a.length)[0];
}

function resolve(from: string, specifier: string): string {
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

Deno.test("every shipped file lies in a known layer", async () => {
  const homeless = (await shippedSources()).filter((file) => layerOf(file.path) === undefined);
  assert.deepEqual(homeless.map((file) => file.path), []);
});

Deno.test("layers import only what the table allows", async () => {
  const violations: string[] = [];
  for (const file of await shippedSources()) {
    const layer = layerOf(file.path) ?? "";
    const allowed = new Set([layer, ...layers[layer] ?? []]);
    for (const specifier of importsOf(file.text).filter((specifier) => specifier.startsWith("."))) {
      const target = resolve(file.path, specifier);
      const targetLayer = layerOf(target);
      const pure = layer !== "lib/sharding" || !target.startsWith("lib/k8s/") || shardingMayImport.test(target);
      if (targetLayer === undefined || !allowed.has(targetLayer) || !pure) {
        violations.push(`${file.path} imports ${target}`);
      }
    }
  }
  assert.deepEqual(violations, []);
});

Deno.test("packages are imported through the import map, so that their versions stand in one place", async () => {
  const direct: string[] = [];
  for (const file of await shippedSources()) {
    for (const specifier of importsOf(file.text)) {
      if (/^(npm|jsr|https?):/.test(specifier)) direct.push(`${file.path} imports ${specifier}`);
    }
  }
  assert.deepEqual(direct, []);
});

Deno.test("no import cycles exist between files", async () => {
  const files = await shippedSources();
  const known = new Set(files.map((file) => file.path));
  const edges = new Map(files.map((file) => {
    const typeless = file.text.replaceAll(/^(import|export) type [\s\S]*?from "[^"]+";/gm, "");
    const targets = importsOf(typeless).filter((specifier) => specifier.startsWith("."))
      .map((specifier) => resolve(file.path, specifier)).filter((target) => known.has(target));
    return [file.path, targets];
  }));
  const done = new Set<string>();
  const cycles: string[] = [];
  function visit(path: string, trail: readonly string[]): void {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path].join(" -> "));
    if (start >= 0 || done.has(path)) return;
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  }
  for (const file of files) visit(file.path, []);
  assert.deepEqual(cycles, []);
});
