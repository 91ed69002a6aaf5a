/** Where one can go: the menu, the command palette and the list of keys are made from this table. */

import {
  type Icon,
  IconApi,
  IconGauge,
  IconHierarchy2,
  IconListDetails,
  IconMailExclamation,
  IconPencil,
  IconPlugConnected,
  IconPlugConnectedX,
  IconTemplate,
} from "@tabler/icons-react";

export interface Destination {
  readonly path: string;
  readonly label: string;
  readonly icon: Icon;
  /** More words by which the palette finds it. */
  readonly also: string;
  /** The key that follows `g`. */
  readonly key: string;
}

export interface DestinationGroup {
  readonly label: string;
  readonly items: readonly Destination[];
}

export const NAVIGATION: readonly DestinationGroup[] = [
  {
    label: "Watch",
    items: [{ path: "/dashboard", label: "Overview", icon: IconGauge, also: "dashboard figures health", key: "o" }],
  },
  {
    label: "Build",
    items: [
      { path: "/workflows", label: "Workflows", icon: IconHierarchy2, also: "versions definitions", key: "w" },
      { path: "/designer", label: "Designer", icon: IconPencil, also: "canvas draw draft edit yaml", key: "d" },
      { path: "/templates", label: "Templates", icon: IconTemplate, also: "gallery examples begin", key: "t" },
    ],
  },
  {
    label: "Operate",
    items: [
      { path: "/executions", label: "Executions", icon: IconListDetails, also: "runs history status", key: "e" },
      { path: "/dead-letters", label: "Dead letters", icon: IconMailExclamation, also: "failed replay drop", key: "l" },
      { path: "/executors", label: "Executors", icon: IconPlugConnected, also: "instances workers health", key: "x" },
      {
        path: "/circuit-breakers",
        label: "Circuit breakers",
        icon: IconPlugConnectedX,
        also: "failures open closed",
        key: "b",
      },
    ],
  },
  {
    label: "Platform",
    items: [
      { path: "/api/docs", label: "API", icon: IconApi, also: "openapi rest documentation operations", key: "a" },
    ],
  },
];

export const DESTINATIONS: readonly Destination[] = NAVIGATION.flatMap(({ items }) => items);
