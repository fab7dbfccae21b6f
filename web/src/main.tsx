import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Problem } from "./api/problem.ts";
import { App } from "./app.tsx";
import { connection } from "./connection/connection.ts";
import { sessionStore, startSession } from "./session/session.ts";
import "./styles.css";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // Do not retry rejections. What failed for lack of a connection is queried again when the server is back.
      retry: (failures, error) => failures < 2 && error instanceof Problem && error.status >= 500,
      networkMode: "always",
      staleTime: 1_000,
    },
    mutations: { networkMode: "always" },
  },
});

void startSession();

let wasOffline = false;
connection.subscribe(() => {
  const offline = connection.state() === "offline";
  if (wasOffline && !offline) {
    if (sessionStore.get().phase === "unsure") void startSession();
    void client.invalidateQueries();
  }
  wasOffline = offline;
});

const root = document.getElementById("root");
if (!root) throw new Error("The page has no #root.");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
