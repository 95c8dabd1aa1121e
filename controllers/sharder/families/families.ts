import type { Parentage } from "./owner_lookup.ts";
import type { Target } from "../targets.ts";

/** A child that waits for its owner's move: enough to move it without reading it again. */
export interface Child {
  readonly target: Target;
  readonly namespace: string;
  readonly name: string;
  /** The shard that the child is labelled with, if it is. */
  readonly shard: string | undefined;
  /** Whether it has labels at all: a patch has to know. */
  readonly hasLabels: boolean;
}

/** An owner with the children that wait for it. */
export interface Family {
  readonly owner: Parentage;
  readonly children: readonly Child[];
}

/**
 * Children that a pass found on another shard than they should be on, kept aside under their owner's hash key until
 * the owner itself has moved. The number is capped: what does not fit is found again by another pass.
 */
export class Families {
  readonly #capacity: number;
  readonly #families = new Map<string, { readonly owner: Parentage; readonly children: Map<string, Child> }>();
  #size = 0;

  /** @param capacity the most children that are kept. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How many children are kept. */
  get size(): number {
    return this.#size;
  }

  /** Keeps a child until its owner has moved; it replaces what was kept of it before. False when there is no room. */
  add(owner: Parentage, child: Child): boolean {
    const family = this.#families.get(owner.key) ?? { owner, children: new Map<string, Child>() };
    const name = nameOf(child);
    const isKnown = family.children.has(name);
    if (!isKnown && this.#size >= this.#capacity) return false;
    family.children.set(name, child);
    this.#families.set(owner.key, family);
    if (!isKnown) this.#size++;
    return true;
  }

  /** Takes out the family of an owner, by its hash key; undefined when none is kept. */
  take(key: string): Family | undefined {
    const family = this.#families.get(key);
    if (family === undefined) return undefined;
    this.#families.delete(key);
    this.#size -= family.children.size;
    return { owner: family.owner, children: [...family.children.values()] };
  }

  /** Is a family of this owner kept? */
  has(key: string): boolean {
    return this.#families.has(key);
  }

  /** The owners, at this moment. */
  owners(): readonly Parentage[] {
    return [...this.#families.values()].map(({ owner }) => owner);
  }

  /** The hash keys of the owners, at this moment. */
  keys(): readonly string[] {
    return [...this.#families.keys()];
  }
}

function nameOf({ target: { resource: { group, plural } }, namespace, name }: Child): string {
  return `${group}/${plural}/${namespace}/${name}`;
}
