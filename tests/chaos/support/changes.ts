import type { KubeObject } from "../../../mod.ts";

/** Who holds a Lease; "" for nobody, undefined where there is none. */
export function holderOf(lease: KubeObject | undefined): string | undefined {
  const spec: unknown = lease !== undefined && "spec" in lease ? lease.spec : undefined;
  const holder: unknown = typeof spec === "object" && spec !== null && "holderIdentity" in spec
    ? spec.holderIdentity
    : undefined;
  if (lease === undefined) return undefined;
  return typeof holder === "string" ? holder : "";
}

/** Tells of a change of labels. */
export function traceLabels(
  trace: (line: string) => void,
  kind: string,
  previous: KubeObject | undefined,
  next: KubeObject | undefined,
): void {
  const [before, after] = [labelsOf(previous), labelsOf(next)];
  if (before !== after) trace(`    ${kind} ${(next ?? previous)?.metadata.name}: ${before} -> ${after}`);
}

function labelsOf(object: KubeObject | undefined): string {
  if (object === undefined) return "-";
  return Object.entries(object.metadata.labels ?? {}).map(([name, value]) => `${name.split(".")[0]}=${value}`).join(
    " ",
  );
}
