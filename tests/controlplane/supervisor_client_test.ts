import assert from "node:assert/strict";
import { permissionList, withoutProxies } from "./supervisor_client.ts";

Deno.test("permissionList() doubles commas inside of paths", () => {
  assert.equal(permissionList(["/a,b", "/c"]), "/a,,b,/c");
});

Deno.test("withoutProxies() drops proxies in either case and nothing else", () => {
  assert.deepEqual(withoutProxies({ HTTP_PROXY: "x", https_proxy: "x", No_Proxy: "x", PROXY: "kept" }), {
    PROXY: "kept",
  });
});
