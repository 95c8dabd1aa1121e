/**
 * First and last port to choose from. They lie below the range from which operating systems take ports for outgoing
 * connections (Linux 32768-60999, macOS and Windows 49152-65535): from inside it, a stopped API server's port could
 * be taken by any client before the server is started again.
 */
const range = { first: 20_000, last: 32_000 } as const;

/** The loopback address everything listens on. */
export const loopback = "127.0.0.1";

/**
 * Picks different ports on loopback that nobody listens on now. Random, because several control planes start at
 * once; nothing reserves them, so a start that finds its port taken after all picks again.
 *
 * @throws {Error} when hardly any port is free
 */
export function freePorts(count: number): number[] {
  const ports = new Set<number>();
  for (let attempt = 0; attempt < 1000; attempt++) {
    if (ports.size === count) return [...ports];
    const port = range.first + Math.floor(Math.random() * (range.last - range.first + 1));
    if (isFree(port)) ports.add(port);
  }
  throw new Error(`Cannot find ${count} free ports between ${range.first} and ${range.last} on ${loopback}`);
}

/** Whether one could listen on this port right now. */
export function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: loopback, port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
