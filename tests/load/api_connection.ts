/** How to reach an API server with a token. */
export interface ApiServer {
  /** `https://host:port`. */
  readonly server: string;
  /** PEM. */
  readonly certificateAuthority: string;
  readonly token: string;
}

/** An answer. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const endOfHead = encoder.encode("\r\n\r\n");
const endOfChunks = encoder.encode("0\r\n\r\n");

/**
 * One connection to an API server that is kept alive, for one request at a time: the least of HTTP/1.1 that a load
 * generator needs. On a machine that is shared with the server, the CPU of a complete client would be measured too: this
 * one needs less than half of what `node:https` does.
 */
export class ApiConnection implements Disposable {
  readonly #connection: Deno.TlsConn;
  readonly #head: string;
  #buffer = new Uint8Array(65_536);

  private constructor(connection: Deno.TlsConn, host: string, token: string) {
    this.#connection = connection;
    this.#head = `Host: ${host}\r\nAuthorization: Bearer ${token}\r\nAccept: application/json\r\n`;
  }

  /** Connects. */
  static async open({ server, certificateAuthority, token }: ApiServer): Promise<ApiConnection> {
    const { hostname, port, host } = new URL(server);
    const connection = await Deno.connectTls({
      hostname,
      port: Number(port),
      caCerts: [certificateAuthority],
      alpnProtocols: ["http/1.1"],
    });
    return new ApiConnection(connection, host, token);
  }

  /** Sends a request and waits for its answer. `path` may have a query. */
  async request(method: string, path: string, body = "", contentType = "application/json"): Promise<Answer> {
    const bytes = encoder.encode(body).length;
    const content = body === "" ? "" : `Content-Type: ${contentType}\r\nContent-Length: ${bytes}\r\n`;
    const request = encoder.encode(`${method} ${path} HTTP/1.1\r\n${this.#head}${content}\r\n${body}`);
    for (let rest = request; rest.length > 0;) rest = rest.subarray(await this.#connection.write(rest));
    return await this.#answer(`${method} ${path}`);
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  async #answer(request: string): Promise<Answer> {
    let [length, total, bodyStart] = [0, Infinity, -1];
    let head = "";
    while (length < total) {
      if (length === this.#buffer.length) this.#grow();
      const read = await this.#connection.read(this.#buffer.subarray(length));
      if (read === null) throw new Error(`${request}: the API server closed the connection`);
      length += read;
      const received = this.#buffer.subarray(0, length);
      if (bodyStart < 0) {
        const end = indexOf(received, endOfHead);
        if (end < 0) continue;
        bodyStart = end + endOfHead.length;
        head = decoder.decode(received.subarray(0, end));
        const declared = /^content-length: *(\d+)/im.exec(head)?.[1];
        if (declared !== undefined) total = bodyStart + Number(declared);
      }
      // Without a length the body comes in chunks, of which the last is empty.
      if (total === Infinity && endsWith(received, endOfChunks)) total = length;
    }
    const body = decoder.decode(this.#buffer.subarray(bodyStart, length));
    return {
      status: Number(head.slice(9, 12)),
      body: /^transfer-encoding: *chunked/im.test(head) ? joined(body) : body,
    };
  }

  #grow(): void {
    const larger = new Uint8Array(this.#buffer.length * 2);
    larger.set(this.#buffer);
    this.#buffer = larger;
  }
}

/** The content of a chunked body. Its sizes count bytes; what we read that way is ASCII. */
function joined(body: string): string {
  let [text, at] = ["", 0];
  while (at < body.length) {
    const end = body.indexOf("\r\n", at);
    const size = parseInt(body.slice(at, end), 16);
    if (!(size > 0)) break;
    text += body.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
  }
  return text;
}

function indexOf(bytes: Uint8Array, searched: Uint8Array): number {
  for (let at = bytes.indexOf(searched[0] ?? 0); at >= 0; at = bytes.indexOf(searched[0] ?? 0, at + 1)) {
    if (searched.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}

function endsWith(bytes: Uint8Array, end: Uint8Array): boolean {
  return bytes.length >= end.length && end.every((byte, index) => bytes[bytes.length - end.length + index] === byte);
}
