import assert from "node:assert/strict";
import { codeOnly, shippedSources, type SourceFile } from "./support/sources.ts";

/**
 * Time, timers, randomness and the network reach the code only through injected parts (architecture, section 8).
 * Each ambient facility is named with the only places that may use it.
 */
const ambient: readonly { readonly what: string; readonly pattern: RegExp; readonly allowed: readonly RegExp[] }[] = [
  { what: "setTimeout", pattern: /\bsetTimeout\s*\(/, allowed: [/^lib\/util\/clock\//] },
  { what: "setInterval", pattern: /\bsetInterval\s*\(/, allowed: [] },
  { what: "setImmediate", pattern: /\bsetImmediate\s*\(/, allowed: [/^lib\/util\/clock\//] },
  { what: "Date.now", pattern: /\bDate\.now\b/, allowed: [/^lib\/util\/clock\//] },
  { what: "new Date() without argument", pattern: /\bnew Date\s*(\(\s*\)|(?!\s*\())/, allowed: [] },
  { what: "Temporal.Now", pattern: /\bTemporal\.Now\b/, allowed: [] },
  { what: "performance.now", pattern: /\bperformance\.now\b/, allowed: [/^lib\/util\/clock\//] },
  { what: "AbortSignal.timeout", pattern: /\bAbortSignal\.timeout\b/, allowed: [] },
  { what: "Math.random", pattern: /\bMath\.random\b/, allowed: [/^lib\/util\/random\.ts$/] },
  { what: "crypto.getRandomValues", pattern: /\bgetRandomValues\b/, allowed: [/^lib\/certificates\//] },
  { what: "crypto.randomUUID", pattern: /\brandomUUID\b/, allowed: [] },
  { what: "crypto.subtle", pattern: /\bcrypto\.subtle\b|\bwebcrypto\b/, allowed: [/^lib\/certificates\//] },
  { what: "fetch", pattern: /(?<![.\w#])fetch\s*\(/, allowed: [/^lib\/k8s\/client\//] },
];

/** Where `Deno.*` may be used: the edges of the program. */
const edges = [
  /^main\.ts$/,
  /^commands\//,
  /^lib\/k8s\/(client|kubeconfig)\//,
  /^lib\/runtime\/http_server\.ts$/,
  // The in-memory API server listens for kubectl; it may not know lib/runtime.
  /^lib\/apiserver\/http\/listen\.ts$/,
  /^webhook\/server\.ts$/,
  /^lib\/certificates\//,
  /^lib\/workloads\//,
];

const codes = new Map<string, string>();

/** The code of a shipped file, without what its comments and texts say. */
function codeOf({ path, text }: SourceFile): string {
  const code = codes.get(path) ?? codeOnly(text);
  codes.set(path, code);
  return code;
}

for (const { what, pattern, allowed } of ambient) {
  Deno.test(`shipped code does not use the ambient ${what}`, async () => {
    const users = (await shippedSources())
      .filter((file) => pattern.test(codeOf(file)) && !allowed.some((place) => place.test(file.path)));
    assert.deepEqual(users.map((file) => file.path), []);
  });
}

Deno.test("shipped code uses Deno.* only at the edges", async () => {
  const users = (await shippedSources())
    .filter((file) => /\bDeno\.\w/.test(codeOf(file)) && !edges.some((place) => place.test(file.path)));
  assert.deepEqual(users.map((file) => file.path), []);
});

Deno.test("the search finds what it is meant to find", () => {
  const samples = [
    "setTimeout(f, 1)",
    "setInterval(f, 1)",
    "setImmediate(f)",
    "Date.now()",
    "new Date()",
    "Temporal.Now.instant()",
    "performance.now()",
    "AbortSignal.timeout(5)",
    "Math.random()",
    "crypto.getRandomValues(bytes)",
    "crypto.randomUUID()",
    "crypto.subtle.digest(a, b)",
    "await fetch(url)",
  ];
  samples.forEach((sample, index) => assert.match(codeOnly(sample), ambient[index]?.pattern ?? /never/));
  for (const harmless of ["new Date(0)", "// Date.now()", '"Math.random()"', "api.fetch(x)", "clock.now()"]) {
    for (const { pattern } of ambient) assert.doesNotMatch(codeOnly(harmless), pattern);
  }
});
