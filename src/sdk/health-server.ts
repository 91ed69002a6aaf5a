/** `GET /health` of an executor, for the probes of whoever runs it: 200 while healthy or degraded, 503 while not. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface HealthServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function openHealthServer(options: {
  host: string;
  port: number;
  read: () => Promise<{ readonly health: string } & object>;
}): Promise<HealthServer> {
  const server = createServer(async (request, response) => {
    const isHealth =
      (request.method === "GET" || request.method === "HEAD") && request.url?.split("?")[0] === "/health";
    const { health, ...facts } = await options.read();
    response.writeHead(isHealth ? (health === "unhealthy" ? 503 : 200) : 404, {
      "content-type": "application/json",
      "cache-control": "no-store",
    });
    response.end(
      request.method === "HEAD"
        ? undefined
        : JSON.stringify(isHealth ? { status: health, ...facts } : { status: 404, code: "ROUTE_NOT_FOUND" }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host}:${port}/health`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
