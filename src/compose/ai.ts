import { createAiService } from "../ai/create-service.ts";
import type { AiNotices } from "../ai/notices.ts";
import type { AiService } from "../ai/service.ts";
import type { ModelFigures } from "../ai/tally.ts";
import { aiRecords } from "../database/ai-records.ts";
import type { Tables } from "../database/tables.ts";
import type { Drops } from "../engine/messages/drops.ts";
import { MAX_MODELS, messageReader } from "../engine/messages/read.ts";
import { topics } from "../engine/messages/topics.ts";
import { processName } from "../engine/processes/meter.ts";
import type { Bus } from "../ports/bus.ts";
import type { Database } from "../ports/database.ts";
import { openLimiter, type Wiring } from "./adapters.ts";

const HOUR_MS = 3_600_000;

/** The AI service for steps; `null` if the settings name no models. */
export async function openAi(
  wiring: Wiring,
  { database, bus, drops }: { database: Database<Tables>; bus: Bus; drops: Drops },
): Promise<AiService | null> {
  const { config } = wiring;
  if (config.aiModels.length === 0) return null;
  const limiter = await openLimiter(wiring);
  try {
    return await createAiService({
      models: config.aiModels,
      pipelines: config.aiPipelines,
      limiter,
      notices: noticesOver(bus, drops),
      tell: (figures) => tellFigures(bus, figures),
      records: aiRecords(database),
      maxWaitMs: config.aiMaxWait * 1_000,
      answersMs: config.aiAnswersHours * HOUR_MS,
      sharesAnswers: config.auth === "off",
    });
  } catch (error) {
    await limiter.close();
    throw error;
  }
}

/** Sends figures to the API processes, for the metrics. A lost message is missing from their counts. */
function tellFigures(bus: Bus, models: readonly ModelFigures[]): void {
  for (let at = 0; at < models.length; at += MAX_MODELS) {
    const message = { process: processName(), models: models.slice(at, at + MAX_MODELS) };
    void bus.publish(topics.models, JSON.stringify(message)).catch(() => {});
  }
}

/** Best effort: a process that misses a notice learns it from the provider. */
function noticesOver(bus: Bus, drops: Drops): AiNotices {
  const read = messageReader(drops).ai;
  return {
    tell: (notice) => void bus.publish(topics.ai, JSON.stringify(notice)).catch(() => {}),
    async listen(hear) {
      const subscription = await bus.subscribe(topics.ai, (message) => {
        const notice = read(message);
        if (notice) hear(notice);
      });
      return () => subscription.close();
    },
  };
}
