import type { GroupResource } from "../k8s/api/resource.ts";
import { matchesSelector, type Selector, SelectorError, selectorOf } from "../k8s/selectors.ts";
import type { LabelSelector, PartialObjectMetadata } from "../k8s/types.ts";
import type { StoreReader } from "../runtime/watch/mod.ts";
import { admissionOf } from "../sharding/lease_namespaces.ts";
import { type ControllerRing, namespaceSelectorOf, type Role, roleOf } from "../sharding/ring_types.ts";
import type { RingView } from "../sharding/ring_view.ts";

/** The namespaces of a ring. */
export interface NamespaceScope {
  /** Names of the namespaces that are selected and exist, sorted. */
  readonly selected: readonly string[];
  /** Every namespace that exists is selected. */
  readonly all: boolean;
}

/** The namespace selector of a ring, understood or not. */
export type RingSelector =
  | { readonly type: "selector"; readonly selector: Selector }
  | { readonly type: "invalid"; readonly problem: string };

/**
 * A ring and its shards at one moment. Ring and view stay as they are, and a newer snapshot has newer ones; what
 * concerns namespaces, `mayJudgeUnknown`, `holds` and `isSettling` is answered as of the moment of the question.
 */
export class RingSnapshot {
  readonly ring: ControllerRing;
  readonly view: RingView;
  readonly #selector: RingSelector;
  readonly #namespaces: StoreReader<PartialObjectMetadata>;
  readonly #mayJudgeUnknown: () => boolean;
  readonly #holds: (shard: string) => boolean;
  readonly #isSettling: () => boolean;

  /** Made by `Rings`. */
  constructor(
    ring: ControllerRing,
    view: RingView,
    selector: RingSelector,
    namespaces: StoreReader<PartialObjectMetadata>,
    mayJudgeUnknown: () => boolean,
    holds: (shard: string) => boolean,
    isSettling: () => boolean = () => false,
  ) {
    this.ring = ring;
    this.view = view;
    this.#selector = selector;
    this.#namespaces = namespaces;
    this.#mayJudgeUnknown = mayJudgeUnknown;
    this.#holds = holds;
    this.#isSettling = isSettling;
  }

  /** What keeps the ring from working, for people; undefined when nothing does. */
  get problem(): string | undefined {
    return this.#selector.type === "invalid" ? this.#selector.problem : undefined;
  }

  /** Were Leases watched for long enough that a label which names no shard may be called bogus? */
  get mayJudgeUnknown(): boolean {
    return this.#mayJudgeUnknown();
  }

  /**
   * Do we hold this shard's Lease at this very moment? The view may be older than that: a process that was frozen, or
   * a machine that was suspended, goes on where it was before any timer makes a new view.
   */
  holds(shard: string): boolean {
    return this.#holds(shard);
  }

  /** Have shards joined that are not told of yet, as others may follow? Objects will have to come to them. */
  get isSettling(): boolean {
    return this.#isSettling();
  }

  /** May the ring's shards have their Leases in this namespace? */
  admits(namespace: string): boolean {
    return admissionOf(this.ring)?.(namespace) ?? true;
  }

  /** How the ring shards a resource; undefined when it does not. */
  roleOf(resource: GroupResource): Role | undefined {
    return roleOf(this.ring, resource);
  }

  /**
   * Does the ring select this namespace? Cluster-scoped objects, whose namespace is "", are always selected. Undefined
   * when that is not known: the namespace was not seen (yet), or the ring's selector is invalid.
   */
  selects(namespace: string): boolean | undefined {
    if (namespace === "") return true;
    const object = this.#namespaces.get({ namespace: "", name: namespace });
    return object === undefined ? undefined : matches(this.#selector, object);
  }

  /** Is it known that the ring selects this namespace? See {@link selects}; a function of its own, to hand on. */
  readonly selectsNamespace = (namespace: string): boolean => this.selects(namespace) === true;

  /** All namespaces that the ring selects. Goes over all namespaces. */
  get scope(): NamespaceScope {
    const selected: string[] = [];
    for (const object of this.#namespaces.list()) {
      if (matches(this.#selector, object) === true) selected.push(object.metadata.name);
    }
    return { selected: selected.sort(), all: selected.length === this.#namespaces.size };
  }

  /** Names of the namespaces that exist and are not selected, sorted; none where the selector is invalid. */
  get unselected(): readonly string[] {
    const names: string[] = [];
    for (const object of this.#namespaces.list()) {
      if (matches(this.#selector, object) === false) names.push(object.metadata.name);
    }
    return names.sort();
  }
}

/** Reads a ring's namespace selector, or the sharder's where the ring has none. */
export function selectorOfRing(ring: ControllerRing, fallback: LabelSelector): RingSelector {
  try {
    return { type: "selector", selector: selectorOf(namespaceSelectorOf(ring, fallback)) };
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    return { type: "invalid", problem: `spec.namespaceSelector is invalid: ${error.message}` };
  }
}

/** Does the selector select the namespace? Undefined when it is invalid. */
export function matches(selector: RingSelector, namespace: PartialObjectMetadata): boolean | undefined {
  return selector.type === "invalid" ? undefined : matchesSelector(selector.selector, namespace.metadata.labels);
}
