import assert from "node:assert/strict";
import { parseReply, parseRequest, type Reply, type Request } from "./supervisor_protocol.ts";

Deno.test("parseRequest() and parseReply() read back what was written and refuse the rest", () => {
  const requests: Request[] = [
    {
      do: "run",
      plan: {
        folder: "/f",
        files: { a: "b" },
        certificateAuthority: "CA",
        stopGrace: 5,
        components: [{
          name: "etcd",
          command: "/etcd",
          args: ["-x"],
          probes: [{ url: "http://x" }, { url: "http://y", token: "t" }],
          ports: [1],
        }],
      },
    },
    { do: "start", component: "etcd" },
    { do: "stop", component: "etcd", kill: true },
    { do: "logs", component: "etcd", lines: 3 },
  ];
  for (const request of requests) assert.deepEqual(parseRequest(JSON.stringify(request)), request);
  const replies: Reply[] = [
    { ok: true, pids: { etcd: 7 }, lines: ["x"] },
    { ok: false, message: "no", lines: [] },
  ];
  for (const reply of replies) assert.deepEqual(parseReply(JSON.stringify(reply)), reply);
  for (const line of ['{"do":"dance"}', "[]", "null", '{"do":"start"}', '{"do":"run","plan":{"folder":1}}']) {
    assert.throws(() => parseRequest(line), TypeError, line);
  }
  for (const line of ['{"ok":true}', '{"ok":true,"lines":[],"pids":{"etcd":"7"}}', '{"ok":false,"lines":[]}']) {
    assert.throws(() => parseReply(line), TypeError, line);
  }
});
