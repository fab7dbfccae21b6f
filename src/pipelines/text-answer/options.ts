import { z } from "zod";

const MAX_TEXT = 100_000;
export const MAX_MESSAGES = 200;

const message = z.strictObject({
  role: z.enum(["user", "assistant"]).meta({ title: "Role" }),
  content: z.string().trim().min(1).max(MAX_TEXT).meta({ title: "Text" }),
});

export const textAnswerOptions = z
  .strictObject({
    prompt: z.string().trim().min(1).max(MAX_TEXT).optional().meta({
      title: "Question",
      description: "The question to answer, from the files if there are any.",
    }),
    messages: z.array(message).min(1).max(MAX_MESSAGES).optional().meta({
      title: "Conversation",
      description:
        "A conversation instead of a question, oldest message first. The last message must be the user's.",
    }),
    system: z
      .string()
      .trim()
      .min(1)
      .max(20_000)
      .optional()
      .meta({ title: "Instructions", description: "Instructions for the model, such as its role and tone." }),
    model: z.string().min(1).max(60).optional().meta({
      title: "Model",
      description: "One of the server's models. Defaults to the server's model for answers.",
    }),
    maxOutputTokens: z
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .meta({ title: "Longest answer", description: "In tokens." }),
  })
  .refine(({ prompt, messages }) => (prompt === undefined) !== (messages === undefined), {
    error: "Set either prompt (a question) or messages (a conversation).",
  })
  .refine(({ messages }) => messages === undefined || messages.at(-1)?.role === "user", {
    error: "The last message of a conversation must be the user's.",
    path: ["messages"],
  });

export type TextAnswerOptions = z.output<typeof textAnswerOptions>;
