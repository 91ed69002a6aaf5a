/**
 * Which page stands at which address. Every page is a chunk of its own, loaded when it is first asked for; what it shows is in
 * its address, read by `validateSearch`.
 */

import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { parseApiSearch } from "../api-docs/search.ts";
import { parseCompareSearch } from "../compare/search.ts";
import { parseDesignerListSearch, parseDesignerSearch } from "../designer/search.ts";
import { parseExecutionsSearch } from "../executions/search.ts";
import { parseLettersSearch } from "../letters/search.ts";
import { parseOverviewSearch } from "../overview/search.ts";
import { parseRunSearch } from "../run/search.ts";
import { parseTemplatesSearch } from "../templates/search.ts";
import { parseWorkflowsSearch } from "../workflows/search.ts";
import { parseWorkflowSearch } from "../workflows/workflow-search.ts";
import { PageError, PageMissing } from "./page-states.tsx";
import { Shell } from "./shell.tsx";

const root = createRootRoute({ component: Shell, notFoundComponent: PageMissing, errorComponent: PageError });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  // The same document stands on both ports; whoever comes to the dashboard's begins there (the platform sends him).
  beforeLoad: () => {
    throw redirect({ to: "/workflows", replace: true });
  },
});

const overview = createRoute({
  getParentRoute: () => root,
  path: "/dashboard",
  validateSearch: parseOverviewSearch,
  component: lazyRouteComponent(() => import("../overview/overview-page.tsx"), "OverviewPage"),
});

const workflows = createRoute({
  getParentRoute: () => root,
  path: "/workflows",
  validateSearch: parseWorkflowsSearch,
  component: lazyRouteComponent(() => import("../workflows/list-page.tsx"), "WorkflowsPage"),
});

const workflow = createRoute({
  getParentRoute: () => root,
  path: "/workflows/$workflow",
  validateSearch: parseWorkflowSearch,
  component: lazyRouteComponent(() => import("../workflows/workflow-page.tsx"), "WorkflowPage"),
});

const executions = createRoute({
  getParentRoute: () => root,
  path: "/executions",
  validateSearch: parseExecutionsSearch,
  component: lazyRouteComponent(() => import("../executions/list-page.tsx"), "ExecutionsPage"),
});

const execution = createRoute({
  getParentRoute: () => root,
  path: "/executions/$id",
  validateSearch: parseRunSearch,
  component: lazyRouteComponent(() => import("../run/run-page.tsx"), "RunPage"),
});

const compare = createRoute({
  getParentRoute: () => root,
  path: "/compare/executions",
  validateSearch: parseCompareSearch,
  component: lazyRouteComponent(() => import("../compare/compare-page.tsx"), "ComparePage"),
});

const letters = createRoute({
  getParentRoute: () => root,
  path: "/dead-letters",
  validateSearch: parseLettersSearch,
  component: lazyRouteComponent(() => import("../letters/letters-page.tsx"), "LettersPage"),
});

const executors = createRoute({
  getParentRoute: () => root,
  path: "/executors",
  component: lazyRouteComponent(() => import("../executors/executors-page.tsx"), "ExecutorsPage"),
});

const breakers = createRoute({
  getParentRoute: () => root,
  path: "/circuit-breakers",
  component: lazyRouteComponent(() => import("../executors/breakers-page.tsx"), "BreakersPage"),
});

const api = createRoute({
  getParentRoute: () => root,
  path: "/api/docs",
  validateSearch: parseApiSearch,
  component: lazyRouteComponent(() => import("../api-docs/api-page.tsx"), "ApiPage"),
});

const templates = createRoute({
  getParentRoute: () => root,
  path: "/templates",
  validateSearch: parseTemplatesSearch,
  component: lazyRouteComponent(() => import("../templates/templates-page.tsx"), "TemplatesPage"),
});

const designer = createRoute({
  getParentRoute: () => root,
  path: "/designer",
  validateSearch: parseDesignerListSearch,
  component: lazyRouteComponent(() => import("../designer/list-page.tsx"), "DesignerListPage"),
});

const designerWorkflow = createRoute({
  getParentRoute: () => root,
  path: "/designer/$workflow",
  validateSearch: parseDesignerSearch,
  component: lazyRouteComponent(() => import("../designer/designer-page.tsx"), "DesignerPage"),
});

const routeTree = root.addChildren([
  overview,
  home,
  designer,
  designerWorkflow,
  templates,
  workflows,
  workflow,
  executions,
  execution,
  compare,
  letters,
  executors,
  breakers,
  api,
]);

export const router = createRouter({
  routeTree,
  defaultPreload: "intent",
  defaultErrorComponent: PageError,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
