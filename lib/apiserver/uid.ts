import type { Random } from "../util/random.ts";

/** A random UUID (RFC 9562, version 4). */
export function randomUid(random: Random): string {
  // Eight digits at a time: objects are made by the thousand.
  const part = (): string => Math.floor(random.next() * 2 ** 32).toString(16).padStart(8, "0");
  const [first, second, third, fourth] = [part(), part(), part(), part()];
  const variant = "89ab".charAt(Math.floor(random.next() * 4));
  return `${first}-${second.slice(0, 4)}-4${second.slice(5)}-${variant}${third.slice(0, 3)}-${third.slice(4)}${fourth}`;
}
