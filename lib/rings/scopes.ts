import type { LabelSelector, PartialObjectMetadata } from "../k8s/types.ts";
import type { InformerEvent } from "../runtime/watch/mod.ts";
import type { ControllerRing } from "../sharding/ring_types.ts";
import type { Logger } from "../util/log.ts";
import { changeOf, type RingChange } from "./ring_change.ts";
import { matches, type RingSelector, selectorOfRing } from "./ring_snapshot.ts";

/** Which namespaces belong to which ring. */
export class Scopes {
  readonly #fallback: LabelSelector;
  readonly #logger: Logger;
  readonly #selectors = new Map<string, RingSelector>();
  /** The namespaces that were told about already, as they were then. */
  readonly #namespaces = new Map<string, PartialObjectMetadata>();

  /** @param fallback selects the namespaces of rings that do not do so themselves */
  constructor(fallback: LabelSelector, logger: Logger) {
    this.#fallback = fallback;
    this.#logger = logger;
  }

  /** Takes note of a ring whose spec is new. */
  follow(ring: ControllerRing): void {
    const { name } = ring.metadata;
    const selector = selectorOfRing(ring, this.#fallback);
    this.#selectors.set(name, selector);
    if (selector.type === "selector") return;
    const { problem } = selector;
    this.#logger.error("cannot use the ControllerRing's namespace selector", { ring: name, problem });
  }

  /** Forgets a ring. */
  forget(ring: string): void {
    this.#selectors.delete(ring);
  }

  /** What the ring selects. */
  selectorOf(ring: ControllerRing): RingSelector {
    return this.#selectors.get(ring.metadata.name) ?? selectorOfRing(ring, this.#fallback);
  }

  /** Takes note of the namespaces that there are, of which nobody need be told. */
  begin(namespaces: Iterable<PartialObjectMetadata>): void {
    for (const namespace of namespaces) this.#namespaces.set(namespace.metadata.name, namespace);
  }

  /** Takes note of what became of a namespace. Returns the changes of rings. */
  note({ type, object }: InformerEvent<PartialObjectMetadata>): readonly RingChange[] {
    const { name } = object.metadata;
    const previous = this.#namespaces.get(name);
    if (type === "deleted") this.#namespaces.delete(name);
    else this.#namespaces.set(name, object);
    return [...this.#selectors].flatMap(([ring, selector]) => {
      const before = previous !== undefined && matches(selector, previous) === true;
      const after = type !== "deleted" && matches(selector, object) === true;
      return before === after ? [] : [{ ...changeOf(ring, "scope"), namespace: name }];
    });
  }
}
