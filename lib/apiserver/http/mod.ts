/**
 * The in-memory API server over HTTP, for kubectl.
 *
 * @module
 */
export { apiHandler, type ApiHandlerOptions, type RequestTarget } from "./api_handler.ts";
export { ApiListenError } from "./listen.ts";
export { type ApiListener, serveApi, type ServeApiOptions } from "./serve_api.ts";
export type { User, UserInfo } from "../authentication/user_info.ts";
export { NodeClient, type NodeClientOptions } from "./node_client.ts";
export {
  type ResolveService,
  type ServiceAddress,
  WebhookClient,
  type WebhookClientOptions,
} from "./webhook_client.ts";
export type { Authenticate, TokenUser } from "./users.ts";
