import { withoutWebhook } from "../suite/without_webhook.ts";
import { showInMemory } from "./show_in_memory.ts";

showInMemory(withoutWebhook);
