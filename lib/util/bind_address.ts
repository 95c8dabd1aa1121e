/** Where a server listens. */
export interface BindAddress {
  /** IP address or host name; "" means all addresses of the machine. */
  readonly hostname: string;
  /** Port; 0 lets the machine choose a free one. */
  readonly port: number;
}

/**
 * Reads a bind address as Go programs write it: ":8081" (all addresses), "127.0.0.1:0" (a free port), "[::1]:8081".
 * @returns undefined for "0" and "", which turn the server off.
 * @throws SyntaxError that quotes the text and shows the form that is understood.
 */
export function parseBindAddress(text: string): BindAddress | undefined {
  if (text === "" || text === "0") return undefined;
  const [, bracketed, plain, digits] = /^(?:\[([0-9A-Fa-f:.%]+)\]|([^:[\]/\s]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) {
    throw new SyntaxError(
      `"${text}" is no address to listen on: write ":8081", "127.0.0.1:8081", "[::1]:8081", or "0" for none`,
    );
  }
  return { hostname: bracketed ?? plain ?? "", port };
}

/** A bind address as people read it: ":8081", "127.0.0.1:8081", "[::1]:8081". */
export function formatBindAddress({ hostname, port }: BindAddress): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
