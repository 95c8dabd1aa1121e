import type { HttpHandler } from "../http_server.ts";
import { describeError } from "../../util/log.ts";
import { type Profiler, ProfilerError } from "./inspector_profiler.ts";

/** Where the profiles are, with the slash. */
export const profilesPath = "/debug/pprof/";

/** Go's default of a CPU profile, and the longest one that is taken, in seconds. */
const [usualSeconds, mostSeconds] = [30, 300];

/**
 * Answers `/debug/pprof/` as Go's net/http/pprof does, as far as there is something to answer: an index,
 * `profile?seconds=30` (processor time) and `heap` (memory in use), for `go tool pprof` and what collects from it.
 * @param profiler why there is none, as text, where the process may not profile itself.
 */
export function profileHandler(profiler: Profiler | string): HttpHandler {
  return async (request) => {
    const url = new URL(request.url);
    if (url.pathname === profilesPath.slice(0, -1)) {
      return new Response(null, { status: 302, headers: { location: profilesPath } });
    }
    if (request.method !== "GET" && request.method !== "HEAD") return text(405, "method not allowed: use GET\n");
    const name = url.pathname.slice(profilesPath.length);
    if (name === "") return html(index);
    if (name !== "profile" && name !== "heap") {
      return text(404, `unknown profile: there are "profile" and "heap", see ${profilesPath}\n`);
    }
    if (typeof profiler === "string") return text(501, `${profiler}\n`);
    const seconds = Number(url.searchParams.get("seconds") ?? usualSeconds);
    if (name === "profile" && !(seconds > 0 && seconds <= mostSeconds)) {
      return text(400, `seconds must be a number above 0, at most ${mostSeconds}\n`);
    }
    try {
      const profile = await (name === "heap" ? profiler.heap() : profiler.cpu(seconds * 1_000, request.signal));
      return binary(profile, name);
    } catch (error) {
      if (error instanceof ProfilerError) return text(500, `${describeError(error)}\n`);
      throw error;
    }
  };
}

const index = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${profilesPath}</title></head>
<body>
<h1>Profiles of this process</h1>
<ul>
<li><a href="profile?seconds=${usualSeconds}">profile</a>: where processor time goes, for ?seconds=${usualSeconds}</li>
<li><a href="heap">heap</a>: by whom the memory was allocated that is in use (sampled since the start)</li>
</ul>
<p>Read them with <code>go tool pprof</code>. Goroutines, threads, mutexes and blocking have no counterpart here.</p>
</body>
</html>
`;

function binary(profile: Uint8Array<ArrayBuffer>, name: string): Response {
  return new Response(profile, {
    headers: {
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename="${name}.pb.gz"`,
      "x-content-type-options": "nosniff",
    },
  });
}

function html(body: string): Response {
  return new Response(body, {
    headers: { "content-type": "text/html; charset=utf-8", "x-content-type-options": "nosniff" },
  });
}

function text(status: number, body: string): Response {
  return new Response(body, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
  });
}
