import type { Registry } from "prom-client";
import type { HttpHandler } from "../http_server.ts";

/** Where metrics are served, as everywhere. */
export const metricsPath = "/metrics";

/** Answers `GET /metrics` in Prometheus' text format. What cannot be read fails the scrape. */
export function metricsHandler(registry: Registry): HttpHandler {
  return async (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return new Response("method not allowed: use GET\n", { status: 405, headers: { allow: "GET, HEAD" } });
    }
    return new Response(await registry.metrics(), { headers: { "content-type": registry.contentType } });
  };
}
