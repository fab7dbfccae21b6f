import { z } from "zod";
import { modelSettings, pipelineModels } from "../../ai/settings.ts";
import { cdnSettings } from "../cdn-settings.ts";
import { key, number, parsedJson, type Setting, url } from "./setting.ts";

function isWebAddress(address: string): boolean {
  const url = /^https?:/.test(address) ? URL.parse(address) : null;
  return url !== null && url.search === "" && url.hash === "" && url.username === "";
}

const objectRoutes = z.array(
  z.strictObject({
    from: z.string().startsWith("s3://"),
    prefix: z.string().optional(),
    suffix: z.string().optional(),
    pipeline: z.string().min(1),
    options: z.record(z.string(), z.unknown()).optional(),
    owner: z.string().min(1).optional(),
    priority: z.int().min(0).max(9).optional(),
  }),
);

/** External services: a CDN, object events and AI models. */
export const integrationSettings = {
  cdnUrl: {
    schema: z.string().refine(isWebAddress),
    must: "an http: or https: address without a query, such as https://cdn.example",
    env: "MILLRACE_CDN_URL",
    about: "base of the public addresses of published files",
    usual: null,
    none: "nothing is published",
  },
  cdn: {
    schema: cdnSettings,
    must: 'an object such as {"network": "cloudflare", "zone": "…", "token": "…"}; networks are cloudfront, cloudflare, fastly and generic',
    fromText: parsedJson,
    env: "MILLRACE_CDN",
    about: "the content delivery network that cdn.purge clears",
    usual: null,
    none: "none",
    isSecret: true,
  },
  objectEvents: {
    schema: objectRoutes,
    must: 'a list such as [{"from": "s3://bucket", "prefix": "in/", "suffix": ".jpg", "pipeline": "image.convert"}]',
    fromText: parsedJson,
    env: "MILLRACE_OBJECT_EVENTS",
    about: "buckets whose objects become jobs, and their pipelines",
    usual: [],
    isSecret: true,
  },
  objectEventsQueue: {
    ...url,
    env: "MILLRACE_OBJECT_EVENTS_QUEUE",
    about: "SQS queue that receives bucket events: sqs://region/account?queue=NAME",
    usual: null,
    none: "none",
  },
  objectEventsSecret: {
    ...key,
    env: "MILLRACE_OBJECT_EVENTS_SECRET",
    about: "secret that stores send with events to /v1/object-events",
    usual: null,
    none: "none",
  },
  aiModels: {
    schema: modelSettings,
    must: 'a list such as [{"name": "fast", "provider": "openai", "url": "https://api.example/v1", "key": "…", "model": "small-1"}]',
    fromText: parsedJson,
    env: "MILLRACE_AI_MODELS",
    about: "models that steps can use, with addresses, keys, prices and limits",
    usual: [],
    isSecret: true,
  },
  aiPipelines: {
    schema: pipelineModels,
    must: 'names of models by pipeline, such as {"text.answer": "fast", "*": "large"}',
    fromText: parsedJson,
    env: "MILLRACE_AI_PIPELINES",
    about: "preferred model of each pipeline",
    usual: {},
  },
  aiMaxWait: {
    ...number(1, 30 * 86_400),
    env: "MILLRACE_AI_MAX_WAIT",
    about: "seconds after its creation that a job can wait for a model",
    usual: 86_400,
  },
  aiAnswersHours: {
    ...number(0, 8_760),
    env: "MILLRACE_AI_ANSWERS_HOURS",
    about: "hours that a model's answer is reused for identical requests; 0 turns reuse off",
    usual: 24,
  },
} as const satisfies Record<string, Setting>;
