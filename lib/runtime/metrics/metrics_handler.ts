import type { Registry } from "./prom_client.ts";
import { inPieces } from "../../util/in_pieces.ts";
import type { HttpHandler } from "../http_server.ts";

/** Where metrics are served, as everywhere. */
export const metricsPath = "/metrics";

/**
 * Answers `GET /metrics` in Prometheus' text format, compressed for who takes it: 60 kB are 4 kB then, which also leave
 * a TLS connection at once. What cannot be read fails the scrape.
 */
export function metricsHandler(registry: Registry): HttpHandler {
  return async (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return new Response("method not allowed: use GET\n", { status: 405, headers: { allow: "GET, HEAD" } });
    }
    const headers = { "content-type": registry.contentType, vary: "accept-encoding" };
    const text = new Response(await registry.metrics(), { headers });
    return inPieces(acceptsGzip(request) ? await gzipped(text) : text);
  };
}

function acceptsGzip({ headers }: Request): boolean {
  const codings = headers.get("accept-encoding")?.split(",") ?? [];
  return codings.some((coding) => {
    const [name = "", ...parameters] = coding.split(";").map((part) => part.trim().toLowerCase());
    return name === "gzip" && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

async function gzipped(response: Response): Promise<Response> {
  const { body, headers } = response;
  if (body === null) return response;
  headers.set("content-encoding", "gzip");
  // All of it first: a compressed scrape is a few records, and a stream of it would leave in as many as it has chunks.
  const bytes = await new Response(body.pipeThrough(new CompressionStream("gzip"))).bytes();
  return new Response(bytes, { headers });
}
