/** How each type of step looks, and under which heading it stands: the palette, the canvas and the outline read this table. */

import {
  type Icon,
  IconApi,
  IconArrowBackUp,
  IconArrowsSplit,
  IconArrowsSplit2,
  IconBell,
  IconBraces,
  IconChartBar,
  IconChecklist,
  IconClockPause,
  IconDatabase,
  IconFunction,
  IconHierarchy,
  IconHourglass,
  IconLifebuoy,
  IconMailbox,
  IconOctagon,
  IconPuzzle,
  IconRepeat,
  IconRouteAltLeft,
  IconSend,
  IconTransform,
  IconUser,
  IconVariable,
  IconWebhook,
} from "@tabler/icons-react";

export type Family = "calls" | "data" | "control" | "integrations" | "own";

export interface StepLook {
  readonly type: string;
  readonly label: string;
  readonly family: Family;
  readonly icon: Icon;
  /** More words by which the palette finds it. */
  readonly also: string;
}

export const FAMILIES: readonly { readonly family: Family; readonly label: string }[] = [
  { family: "calls", label: "Service calls" },
  { family: "data", label: "Data processing" },
  { family: "control", label: "Control flow" },
  { family: "integrations", label: "Integrations" },
];

const look = (family: Family, type: string, label: string, icon: Icon, also: string): StepLook => {
  return { type, label, family, icon, also };
};

export const STEP_LOOKS: readonly StepLook[] = [
  look("calls", "function", "Function", IconFunction, "executor call code"),
  look("calls", "http", "HTTP request", IconApi, "rest service call url api"),
  look("calls", "grpc", "gRPC call", IconBraces, "rpc protobuf"),
  look("calls", "database", "Database", IconDatabase, "sql query insert update mongo postgres"),
  look("calls", "message_queue", "Message queue", IconMailbox, "publish kafka rabbitmq redis nats topic"),
  look("data", "transform", "Transform", IconTransform, "script jsonata javascript map"),
  look("data", "validate", "Validate", IconChecklist, "schema rules check"),
  look("data", "aggregate", "Aggregate", IconChartBar, "group sum count percentile"),
  look("data", "set", "Set variables", IconVariable, "context assign"),
  look("control", "condition", "Condition", IconRouteAltLeft, "if then else branch"),
  look("control", "switch", "Switch", IconArrowsSplit2, "case default choose"),
  look("control", "parallel", "Parallel", IconArrowsSplit, "branches fork join"),
  look("control", "loop", "Loop", IconRepeat, "for each while times map iterate"),
  look("control", "try", "Try", IconLifebuoy, "catch finally error handler"),
  look("control", "workflow", "Sub-workflow", IconHierarchy, "child call workflow"),
  look("control", "wait", "Wait", IconClockPause, "delay pause sleep timer"),
  look("control", "wait_for_event", "Wait for event", IconHourglass, "signal event correlation"),
  look("control", "fail", "Fail", IconOctagon, "error raise stop"),
  look("control", "return", "Return", IconArrowBackUp, "end complete finish output"),
  look("integrations", "notification", "Notification", IconBell, "slack email pagerduty message"),
  look("integrations", "webhook", "Webhook", IconWebhook, "outgoing call signed"),
  look("integrations", "emit", "Emit event", IconSend, "publish event trigger"),
  look("integrations", "human_task", "Human task", IconUser, "approval form person"),
];

const BY_TYPE: ReadonlyMap<string, StepLook> = new Map(STEP_LOOKS.map((each) => [each.type, each]));

/** Types that we do not know are performed by built-in executors that somebody else has written. */
export function lookOfType(type: string): StepLook {
  return (
    BY_TYPE.get(type) ?? { type, label: type === "" ? "No type" : type, family: "own", icon: IconPuzzle, also: "" }
  );
}
