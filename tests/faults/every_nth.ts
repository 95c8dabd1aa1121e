import type { Fault } from "../../lib/apiserver/mod.ts";
import type { RequestFilter, TestRequest, TestStage } from "../../testing.ts";

/** What goes wrong with every n-th request of each kind: of each verb on each resource. */
export interface NthFault {
  readonly n: number;
  readonly fault: Fault;
  /** Only with these. @default with all */
  readonly filter?: RequestFilter;
}

/** Lets it go wrong until it is disposed of. */
export function breakEveryNth(stage: TestStage, { n, fault, filter = {} }: NthFault): Disposable & { hits: number } {
  const seen = new Map<string, number>();
  return stage.inject(fault, {
    ...filter,
    where: (request) => {
      if (filter.where?.(request) === false) return false;
      const kind = kindOf(request);
      const count = (seen.get(kind) ?? 0) + 1;
      seen.set(kind, count);
      return count % n === 0;
    },
  });
}

function kindOf({ verb, group, resource, subresource }: TestRequest): string {
  return [verb, group, resource, subresource].join(" ");
}
