/** A local model provider that answers at once and has no limits. */
import { startProvider } from "../../src/testing/ai-provider.ts";

const provider = await startProvider();
provider.reply = () => ({ text: "Yes.", usage: { input: 8, output: 5 } });
process.send!({ url: provider.openai.replace(/\/v1$/, "") });
process.on("SIGTERM", () => process.exit());
process.on("disconnect", () => process.exit());
